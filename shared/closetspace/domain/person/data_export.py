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
    """An export; its record and its file are removed when it expires.

    ``message`` says to the person why an export failed and what to do.
    """

    uid: str
    status: ExportStatus
    requested_at: datetime
    expires_at: datetime
    message: str | None = None

    @property
    def file(self) -> str:
        """The object that the export is written to."""
        return f"{export_folder(self.uid)}{self.requested_at:%Y-%m-%dT%H-%M-%S}{SUFFIX}"

    @property
    def path(self) -> str | None:
        """Where the person finds the file, None if it is not there."""
        return self.file if self.status is ExportStatus.READY else None


def new_export(uid: str, now: datetime, settings: Settings) -> DataExport:
    """Return an export that is requested now."""
    return DataExport(uid, ExportStatus.PREPARING, now, now + timedelta(days=settings.export_days))


def answers_request(export: DataExport | None, now: datetime, settings: Settings) -> bool:
    """Return whether a request gets the last export, instead of a new one."""
    return export is not None and now < export.requested_at + timedelta(hours=settings.export_interval_hours)
