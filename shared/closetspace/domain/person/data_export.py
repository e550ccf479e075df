"""A person's export of their data: when one is made, and how long it stays."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from closetspace.domain.person.personal_data import export_folder
from closetspace.settings import Settings

SUFFIX = ".closetspace.zip"
"""End of an export's name. Cloud Storage deletes old objects with it, so no photo should have it."""


class ExportStatus(StrEnum):
    """What has become of an export."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class DataExport:
    """An export: a file at ``path``, which is there from ``ready`` on until it expires.

    ``message`` says to the person why an export failed and what to do.
    """

    uid: str
    status: ExportStatus
    path: str
    requested_at: datetime
    expires_at: datetime
    message: str | None = None


def new_export(uid: str, now: datetime, settings: Settings) -> DataExport:
    """Return an export that is requested now."""
    path = f"{export_folder(uid)}{now:%Y-%m-%dT%H-%M-%S}{SUFFIX}"
    return DataExport(uid, ExportStatus.PREPARING, path, now, now + timedelta(days=settings.export_days))


def answers_request(export: DataExport | None, now: datetime, settings: Settings) -> bool:
    """Return whether a request gets the last export, instead of a new one."""
    return export is not None and now < export.requested_at + timedelta(hours=settings.export_interval_hours)
