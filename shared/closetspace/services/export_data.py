"""Export a person's data: note the request, write the file, and remove it when it expires."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from closetspace.domain.person.account import check_uid
from closetspace.domain.person.data_export import DataExport, ExportStatus, answers_request, new_export
from closetspace.domain.person.personal_data import export_folder
from closetspace.errors import Conflict
from closetspace.log_labels import log_labels
from closetspace.ports import Exports, ObjectStat, StreamedObjectStore
from closetspace.services.personal_archive import PersonalArchive
from closetspace.settings import Settings

log = logging.getLogger(__name__)

TOO_LARGE = (
    "You have more photos than one export can hold. Write to the operator of this app, who can send them to you."
)
NOT_MADE = "The export could not be made. Ask for another one."


class _TimeOver(Exception):
    """The export takes longer than a function may."""


@dataclass(frozen=True)
class DataExporter:
    """Exports data of one person at a time; a request while there is a recent export gets that one."""

    exports: Exports
    objects: StreamedObjectStore
    archive: PersonalArchive
    settings: Settings
    clock: Callable[[], float] = time.monotonic

    def request(self, uid: str, now: datetime) -> DataExport:
        """Return the export that answers a request: a recent one, or a new one, which begins to be prepared."""
        current = self.exports.export(check_uid(uid))
        if current and answers_request(current, now, self.settings):
            return current
        export = new_export(uid, now, self.settings)
        try:
            self.exports.save(uid, export, instead_of=current)
        except Conflict:
            # Another request came first, or the old export has just expired: what is there now decides.
            return self.exports.export(uid) or self.request(uid, now)
        return export

    def prepare(self, uid: str, now: datetime) -> None:
        """Write the file of an export that is being prepared; do nothing for any other, which events also report.

        An attempt that was cut off leaves nothing, and the next one begins anew. Raises `Transient` if it should.
        """
        export = self.exports.export(uid)
        if export is None or export.status is not ExportStatus.PREPARING:
            return
        try:
            self._write(export, now)
        except _TimeOver:
            self._replace(export, replace(export, status=ExportStatus.FAILED, message=TOO_LARGE))
            return
        if self._replace(export, replace(export, status=ExportStatus.READY)):
            self._delete_files(uid, lambda stat: stat.name != export.file)

    def sweep(self, now: datetime) -> int:
        """Remove expired exports and give up those whose retries have ended; return their number."""
        count = 0
        for export in list(self.exports.expired(now)):
            self._delete_files(export.uid, lambda stat: stat.created <= export.expires_at)  # noqa: B023
            count += self._replace(export, None)
        for export in list(self.exports.preparing()):
            if not answers_request(export, now, self.settings):
                count += self._replace(export, replace(export, status=ExportStatus.FAILED, message=NOT_MADE))
        return count

    def _write(self, export: DataExport, now: datetime) -> None:
        deadline = self.clock() + self.settings.export_seconds

        def check_time(_: str) -> None:
            if self.clock() > deadline:
                raise _TimeOver

        with self.objects.open_write(export.file) as stream:
            self.archive.write(stream, export.uid, now, check_time)

    def _replace(self, old: DataExport, new: DataExport | None) -> bool:
        """Replace an export; return False if something else has happened to it meanwhile."""
        try:
            self.exports.save(old.uid, new, instead_of=old)
        except Conflict:
            with log_labels(uid=old.uid):
                log.info("the export has changed meanwhile")
            return False
        return True

    def _delete_files(self, uid: str, is_old: Callable[[ObjectStat], bool]) -> None:
        for stat in list(self.objects.list(export_folder(uid))):
            if is_old(stat):
                self.objects.delete(stat.name, if_generation=stat.generation)
