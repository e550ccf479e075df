"""The ports in memory, for tests and for use without a cloud."""

import hashlib
import io
import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from closetspace.domain.person.account import AccountDeletion
from closetspace.domain.person.data_export import DataExport, ExportStatus
from closetspace.domain.person.opinions import Opinion, with_opinion
from closetspace.domain.person.person import Person
from closetspace.domain.person.personal_data import PersonalCollection
from closetspace.domain.person.preferences import parse_preferences
from closetspace.domain.person.shown import ShownLists
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, pack_vector, unpack_vector
from closetspace.domain.wardrobe.item import parse_item
from closetspace.domain.wardrobe.photo import PhotoSources
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.errors import Conflict, InvalidInput, NotFound
from closetspace.ports import AuditPage, ClosetChange, DueItem, ItemRecord, Keep, ObjectStat, Put


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _ids_after(collection: Collection[str], after: str, limit: int) -> list[str]:
    return sorted(document_id for document_id in collection if document_id > after)[:limit]


@dataclass
class MemoryAccounts:
    """`Accounts` in one process."""

    marks: dict[str, AccountDeletion] = field(default_factory=dict)

    def mark(self, uid: str, now: datetime) -> None:
        self.marks.setdefault(uid, AccountDeletion(uid, now))

    def deletion(self, uid: str) -> AccountDeletion | None:
        return self.marks.get(uid)

    def finish(self, uid: str, now: datetime) -> None:
        if uid in self.marks:
            self.marks[uid] = replace(self.marks[uid], finished_at=now)

    def forget(self, uid: str) -> None:
        self.marks.pop(uid, None)

    def deletions(self) -> Iterator[AccountDeletion]:
        return iter(sorted(self.marks.values(), key=lambda mark: mark.requested_at))


@dataclass
class MemoryDatabase:
    """`Wardrobe`, `Usage`, `Bookmarks`, `Closets` and `People` in one process; people whom ``accounts`` marks leave.

    Tests write ``documents`` and ``preferences`` directly, as clients do.
    """

    sources: PhotoSources = field(default_factory=PhotoSources)
    now: Callable[[], datetime] = _utc_now
    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    states: dict[str, tuple[ItemState, datetime, int]] = field(default_factory=dict)
    closets: dict[str, dict[str, dict[str, ClosetEntry]]] = field(default_factory=lambda: defaultdict(dict))
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tastes: dict[str, Taste] = field(default_factory=dict)
    preferences: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    opinions: dict[str, Mapping[str, Opinion]] = field(default_factory=dict)
    shown: dict[str, ShownLists] = field(default_factory=dict)
    embeddings: dict[str, dict[date, int]] = field(default_factory=dict)
    bookmarks: dict[str, str] = field(default_factory=dict)
    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _ticks: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def read(self, item_id: str) -> ItemRecord:
        with self._lock:
            document = self.documents.get(item_id)
            item = parse_item(item_id, document, self.sources) if document is not None else None
            state, _, version = self.states.get(item_id, (None, None, 0))
            return ItemRecord(item_id, item, state, version)

    def commit(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> ItemRecord:
        with self._lock:
            current = self.read(record.item_id)
            if (current.item, current.state_version) != (record.item, record.state_version):
                raise Conflict(f"item {record.item_id} changed")
            shard = self._change_closet(record, state, change)
            if state is None:
                self.states.pop(record.item_id, None)
            else:
                self.states[record.item_id] = (replace(state, shard=shard), self.now(), next(self._ticks))
            return self.read(record.item_id)

    def _change_closet(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> int | None:
        shard = record.state.shard if record.state else None
        if isinstance(change, Keep):
            return shard
        earlier: dict[str, ClosetEntry] = {}
        if record.state and shard is not None:
            earlier = self.closets[record.state.uid].pop(record.item_id)
            self.versions[record.state.uid] = next(self._ticks)
        if isinstance(change, Put) and state:
            stored = replace(change.entry, vector=unpack_vector(pack_vector(change.entry.vector)))
            kept = earlier if change.keep_other_encoders else {}
            self.closets[state.uid][record.item_id] = kept | {stored.encoder: stored}
            self.versions[state.uid] = next(self._ticks)
            return 0
        return None

    def due(self, now: datetime) -> Iterator[DueItem]:
        with self._lock:
            states = [(state.sweep_at, item_id, state, version) for item_id, (state, _, version) in self.states.items()]
        due = sorted((at, item_id, state, version) for at, item_id, state, version in states if at and at <= now)
        return (
            DueItem(item_id, state.sweeps, version, state.status is Status.PROCESSING)
            for _, item_id, state, version in due
        )

    def postpone(self, due: DueItem, sweep_at: datetime) -> bool:
        with self._lock:
            state, written, version = self.states.get(due.item_id, (None, None, 0))
            if state is None or written is None or version != due.state_version:
                return False
            postponed = replace(state, sweeps=due.sweeps + 1, sweep_at=sweep_at)
            self.states[due.item_id] = (postponed, written, next(self._ticks))
            return True

    def items_without_state(self, after: str, limit: int) -> AuditPage:
        with self._lock:
            ids = _ids_after(self.documents, after, limit)
            found = [(i, str(self.documents[i].get("uid") or "")) for i in ids if i not in self.states]
        return AuditPage(found, ids[-1] if len(ids) == limit else "")

    def stray_states(self, after: str, limit: int) -> AuditPage:
        with self._lock:
            ids = _ids_after(self.states, after, limit)
            found = [(i, self.states[i][0].uid) for i in ids if i not in self.documents or self._is_forgotten(i)]
        return AuditPage(found, ids[-1] if len(ids) == limit else "")

    def _is_forgotten(self, item_id: str) -> bool:
        state = self.states[item_id][0]
        if state.status is Status.READY:
            return state.thumbnails is None
        return state.status in (Status.PROCESSING, Status.WAITING_FOR_PHOTO) and state.sweep_at is None

    def count_items_and_states(self, limit: int) -> tuple[int, int]:
        with self._lock:
            return min(len(self.documents), limit), min(len(self.states), limit)

    def items(self, uid: str, limit: int) -> int:
        with self._lock:
            owned = [document for document in self.documents.values() if document.get("uid") == uid]
            return min(len(owned), limit + 1)

    def count_states(self, uid: str, *statuses: Status) -> int:
        with self._lock:
            return sum(state.uid == uid and state.status in statuses for state, _, _ in self.states.values())

    def take_embedding(self, uid: str, day: date, limit: int) -> bool:
        with self._lock:
            counts = {day: self.embeddings.get(uid, {}).get(day, 0)}
            if counts[day] >= limit:
                return False
            self.embeddings[uid] = {day: counts[day] + 1}
            return True

    def bookmark(self, name: str) -> str:
        return self.bookmarks.get(name, "")

    def set_bookmark(self, name: str, place: str) -> None:
        self.bookmarks[name] = place

    def items_with_other_encoder(self, encoder_id: str) -> Iterator[str]:
        with self._lock:
            states = [(item_id, state.encoder) for item_id, (state, _, _) in self.states.items()]
        return (item_id for item_id, encoder in states if encoder not in (None, encoder_id))

    def count_items_with_other_encoder(self, encoder_id: str) -> int:
        return len(list(self.items_with_other_encoder(encoder_id)))

    def closet(self, uid: str) -> Closet:
        with self._lock:
            entries = {item_id: dict(by_encoder) for item_id, by_encoder in self.closets.get(uid, {}).items()}
            return Closet(uid, entries, self.versions.get(uid, 0))

    def versions_of(self, uid: str) -> tuple[int, int]:
        with self._lock:
            taste = self.tastes.get(uid)
            return self.versions.get(uid, 0), taste.closet_version if taste else 0

    def save_taste(self, uid: str, taste: Taste) -> None:
        with self._lock:
            saved = self.tastes.get(uid)
            if saved is None or saved.closet_version < taste.closet_version:
                self.tastes[uid] = taste

    def delete_taste(self, uid: str) -> None:
        with self._lock:
            self.tastes.pop(uid, None)

    def owners(self) -> Iterator[str]:
        with self._lock:
            return iter(sorted(self.closets))

    def count(self) -> int:
        return len(self.closets)

    def keep_only(self, uid: str, encoder_id: str) -> int:
        with self._lock:
            settled = [i for i in self.closets.get(uid, {}) if self.states[i][0].encoder == encoder_id]
            surplus = [i for i in settled if set(self.closets[uid][i]) - {encoder_id}]
            for item_id in surplus:
                self.closets[uid][item_id] = {encoder_id: self.closets[uid][item_id][encoder_id]}
            if surplus:
                self.versions[uid] = next(self._ticks)
            return len(surplus)

    def person(self, uid: str) -> Person:
        with self._lock:
            return Person(
                self.closet(uid),
                self.tastes.get(uid),
                self.opinions.get(uid, {}),
                self.shown.get(uid, ShownLists()),
                parse_preferences(self.preferences.get(uid)),
                is_leaving=self.accounts.deletion(uid) is not None,
            )

    def give_opinion(self, uid: str, item_id: str, opinion: Opinion | None) -> None:
        with self._lock:
            self.opinions[uid] = with_opinion(self.opinions.get(uid, {}), item_id, opinion)

    def remember_shown(self, uid: str, shown: ShownLists) -> None:
        with self._lock:
            self.shown[uid] = shown


@dataclass
class MemoryUsers:
    """`Users` in one process."""

    uids: set[str] = field(default_factory=set)

    def delete(self, uid: str) -> bool:
        found = uid in self.uids
        self.uids.discard(uid)
        return found

    def existing(self, uids: Collection[str]) -> set[str]:
        return self.uids & set(uids)


@dataclass
class MemoryItemDocuments:
    """`ItemDocuments` over the twin of the database."""

    database: MemoryDatabase

    def create(self, item_id: str, uid: str, photo_path: str) -> bool:
        new = {"uid": uid, "name": "", "brand": "", "photo_path": photo_path}
        return self.database.documents.setdefault(item_id, new) is new

    def name_photo(self, item_id: str, photo_path: str) -> None:
        document = self.database.documents.get(item_id)
        if document is not None:
            self.database.documents[item_id] = {**document, "photo_path": photo_path}

    def delete(self, item_id: str) -> None:
        self.database.documents.pop(item_id, None)


@dataclass
class MemoryExports:
    """`Exports` in one process."""

    exports: dict[str, DataExport] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def export(self, uid: str) -> DataExport | None:
        return self.exports.get(uid)

    def save(self, uid: str, export: DataExport | None, instead_of: DataExport | None) -> None:
        with self._lock:
            if self.exports.get(uid) != instead_of:
                raise Conflict(f"the export of {uid} changed")
            if export:
                self.exports[uid] = export
            else:
                self.exports.pop(uid, None)

    def preparing(self) -> Iterator[DataExport]:
        return iter([export for export in self.exports.values() if export.status is ExportStatus.PREPARING])

    def expired(self, now: datetime) -> Iterator[DataExport]:
        return iter([export for export in self.exports.values() if export.expires_at < now])


@dataclass
class MemoryPersonalDocuments:
    """`PersonalDocuments` over the other twins, ``page`` documents at a time."""

    database: MemoryDatabase
    exports: MemoryExports = field(default_factory=MemoryExports)
    page: int = 2

    def documents(self, collection: PersonalCollection, uid: str) -> Iterator[Mapping[str, Any]]:
        table = self._table(collection)
        return ({"id": key, **_as_mapping(table[key])} for key in self._keys(collection, uid))

    def count(self, collection: PersonalCollection, uid: str) -> int:
        return len(self._keys(collection, uid))

    def ids(self, collection: PersonalCollection, uid: str) -> Iterator[str]:
        return iter(self._keys(collection, uid))

    def owners(self, collection: PersonalCollection) -> Iterator[str]:
        table = self._table(collection)
        if collection.is_owned_by_field:
            return (uid for stored in list(table.values()) if isinstance(uid := _as_mapping(stored).get("uid"), str))
        return iter(list(table))

    def delete_page(self, collection: PersonalCollection, uid: str) -> int:
        keys = self._keys(collection, uid)[: self.page]
        for key in keys:
            del self._table(collection)[key]
            if collection.parent == "closets":
                self.database.versions.pop(key, None)
        return len(keys)

    def derived(self, uid: str) -> Person:
        person = self.database.person(uid)
        return Person(Closet(uid, {}), person.taste, person.opinions, person.shown)

    def _table(self, collection: PersonalCollection) -> MutableMapping[str, Any]:
        tables: dict[str, MutableMapping[str, Any]] = {
            "wardrobe": self.database.documents,
            "item_state": self.database.states,
            "closets": self.database.closets,
            "taste": self.database.tastes,
            "feedback": self.database.opinions,
            "shown": self.database.shown,
            "preferences": self.database.preferences,
            "usage": self.database.embeddings,
            "exports": self.exports.exports,
        }
        return tables.get(collection.parent, {})

    def _keys(self, collection: PersonalCollection, uid: str) -> list[str]:
        table = self._table(collection)
        if collection.is_owned_by_field:
            return sorted(key for key, stored in table.items() if _as_mapping(stored).get("uid") == uid)
        return [uid] if uid in table else []


def _as_mapping(stored: Any) -> Mapping[str, Any]:
    value = stored[0] if isinstance(stored, tuple) else stored
    return {str(name): inner for name, inner in value.items()} if isinstance(value, Mapping) else asdict(value)


@dataclass
class MemoryObjects:
    """`StreamedObjectStore` in one process."""

    now: Callable[[], datetime] = _utc_now
    _objects: dict[str, tuple[ObjectStat, bytes]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _generations: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def stat(self, name: str) -> ObjectStat | None:
        stored = self._objects.get(name)
        return stored[0] if stored else None

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        try:
            stat, data = self._objects[name]
        except KeyError as exc:
            raise NotFound(f"There is no object {name}.") from exc
        if if_generation not in (None, stat.generation):
            raise Conflict(f"{name} does not have generation {if_generation}")
        return data

    def download(self, stat: ObjectStat, path: Path) -> None:
        path.write_bytes(self.read(stat.name))

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        content = data.read_bytes() if isinstance(data, Path) else data
        with self._lock:
            current = self.stat(name)
            if if_generation is not None and if_generation != (current.generation if current else 0):
                raise Conflict(f"{name} does not have generation {if_generation}")
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            stat = ObjectStat(name, len(content), digest, next(self._generations), self.now())
            self._objects[name] = (stat, content)
            return stat

    @contextmanager
    def open_write(self, name: str) -> Iterator[IO[bytes]]:
        stream = io.BytesIO()
        yield stream
        self.write(name, stream.getvalue())

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        with self._lock:
            current = self.stat(name)
            if current and if_generation in (None, current.generation):
                del self._objects[name]

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        with self._lock:
            names = sorted(name for name in self._objects if name.startswith(prefix) and name > after)
            stats = [self._objects[name][0] for name in names]
        return iter(stats)

    def url(self, name: str) -> str:
        return f"memory:{name}"


@dataclass
class MemoryPhotos:
    """`PhotoFetcher` over a mapping from URL to photo, or to the exception that `fetch` raises."""

    photos: dict[str, bytes | Exception] = field(default_factory=dict)

    def fetch(self, url: str) -> bytes:
        photo = self.photos.get(url, InvalidInput("photo_not_found", "There is no photo at that address."))
        if isinstance(photo, Exception):
            raise photo
        return photo
