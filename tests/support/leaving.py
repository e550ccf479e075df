"""People in memory who leave, and the services that remove and export their data."""

import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from closetspace.adapters.memory import MemoryAccounts, MemoryExports, MemoryPersonalDocuments, MemoryUsers
from closetspace.domain.person.opinions import Opinion, OpinionKind
from closetspace.domain.person.personal_data import COLLECTIONS, MARKS, object_folder
from closetspace.domain.person.shown import ShownList, ShownLists
from closetspace.ports import Accounts, PersonalDocuments, StreamedObjectStore, Users
from closetspace.services.delete_account import AccountRemover
from closetspace.services.export_data import DataExporter
from closetspace.services.personal_archive import PersonalArchive
from closetspace.services.reconcile import Reconciler
from tests.support.fakes import World

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class LeavingWorld(World):
    """Wardrobes in memory with the accounts of their people."""

    accounts: Accounts = field(default_factory=MemoryAccounts)
    users: Users = field(default_factory=MemoryUsers)
    exports: MemoryExports = field(default_factory=MemoryExports)
    page: int = 2

    @property
    def reconciler(self) -> Reconciler:
        return replace(super().reconciler, remove_if_leaving=self.remover.remove_arriving)

    def clock(self) -> float:
        return self.seconds

    @property
    def documents(self) -> MemoryPersonalDocuments:
        return MemoryPersonalDocuments(self.database, self.exports, self.page)

    @property
    def remover(self) -> AccountRemover:
        return self.remover_over(self.documents, self.photos, self.users, self.accounts)

    def remover_over(
        self, documents: PersonalDocuments, objects: StreamedObjectStore, users: Users, accounts: Accounts
    ) -> AccountRemover:
        return AccountRemover(accounts, documents, objects, users, self.settings, self.clock)

    @property
    def exporter(self) -> DataExporter:
        archive = PersonalArchive(self.documents, self.photos, lambda encoder_id: self.priors(encoder_id))
        return DataExporter(self.exports, self.photos, archive, self.settings, self.clock)

    def live(self, uid: str, items: int = 3) -> None:
        """Let a person do everything that leaves data."""
        if isinstance(self.users, MemoryUsers):
            self.users.uids.add(uid)
        for number in range(items):
            self.add(f"{uid}-{number}", f"photo {number}".encode(), uid, name=f"Shirt {number}")
        self.taste_keeper.refresh(uid)
        self.database.preferences[uid] = {"gender": "Women", "theme": "dark"}
        self.database.give_opinion(uid, "product", Opinion(OpinionKind.LIKE, 1))
        self.database.remember_shown(uid, ShownLists((ShownList(1, (2, 3)),)))
        self.exporter.request(uid, NOW)
        self.exporter.prepare(uid, NOW)

    def data_of(self, uid: str) -> dict[str, int]:
        """Return how much a person has where, without the mark of their deletion."""
        counts = {c.path: self.documents.count(c, uid) for c in COLLECTIONS if c is not MARKS}
        counts["objects"] = len(list(self.photos.list(object_folder(uid))))
        counts["account"] = uid in self.users.uids if isinstance(self.users, MemoryUsers) else 0
        return {where: count for where, count in counts.items() if count}


def unzip(data: bytes) -> dict[str, Any]:
    """Return the files of an archive by name, those in JSON as values."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert len(files) == len(archive.namelist())
    return {name: json.loads(content) if name.endswith(".json") else content for name, content in files.items()}
