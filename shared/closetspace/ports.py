"""The ports of the services: databases, object stores and downloads as protocols.

Each port has a real adapter and an in-memory twin. One test suite runs on both.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from closetspace.domain.person.account import AccountDeletion
from closetspace.domain.person.data_export import DataExport
from closetspace.domain.person.opinions import Opinion
from closetspace.domain.person.person import Person
from closetspace.domain.person.personal_data import PersonalCollection
from closetspace.domain.person.shown import ShownLists
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.item import Item
from closetspace.domain.wardrobe.state import ItemState, Status


@dataclass(frozen=True)
class ItemRecord:
    """An item, its state, and a token by which a later commit detects that the state has changed."""

    item_id: str
    item: Item | None
    state: ItemState | None
    state_version: object


@dataclass(frozen=True)
class Put:
    """Put this entry into the owner's closet and replace the item's earlier entries.

    ``keep_other_encoders`` keeps the entries of other encoders, which are of the same photo, name and brand.
    """

    entry: ClosetEntry
    keep_other_encoders: bool = False


@dataclass(frozen=True)
class Remove:
    """Remove the item from the closet that holds it, if any."""


@dataclass(frozen=True)
class Keep:
    """Leave the closet unchanged."""


ClosetChange = Put | Remove | Keep


@dataclass(frozen=True)
class DueItem:
    """An item that is due to be swept, how often it was, and a token by which a later change detects another.

    ``is_processing`` is False for an item that waits for its owner or for another day.
    """

    item_id: str
    sweeps: int
    state_version: object
    is_processing: bool


@dataclass(frozen=True)
class AuditPage:
    """A part of a collection. ``found`` has the ids and owners of what is wrong in it; the next part begins after the
    id ``last``, which is empty at the end of the collection."""

    found: Sequence[tuple[str, str]]
    last: str


class Wardrobe(Protocol):
    """Items, their states, and the entries of closets that change together with a state."""

    def read(self, item_id: str) -> ItemRecord: ...

    def commit(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> ItemRecord:
        """Write the state (None deletes it) and the closet's change in one commit, and return the new record.

        A commit reads and locks nothing that other items share. The adapter sets the state's ``shard``.

        Raises:
            Conflict: the item or its state is no longer as in ``record``.
            Transient: the database can't be reached.
        """
        ...

    def due(self, now: datetime) -> Iterator[DueItem]:
        """Yield the items that the sweeper has to look at by now, those that are due for longest first."""
        ...

    def postpone(self, due: DueItem, sweep_at: datetime) -> bool:
        """Count a sweep of the item and say when the next one is due; False if its state has changed meanwhile."""
        ...

    def items_without_state(self, after: str, limit: int) -> AuditPage:
        """Return which of the next items, in the order of their ids, have no state."""
        ...

    def stray_states(self, after: str, limit: int) -> AuditPage:
        """Return which of the next states, in the order of their ids, no event and no sweep will come back to.

        Their item does not exist, they are not settled and not due at any time, or they have no thumbnails.
        """
        ...

    def count_items_and_states(self, limit: int) -> tuple[int, int]:
        """Return the number of all items and that of all states, each counted up to a limit."""
        ...

    def items_with_other_encoder(self, encoder_id: str) -> Iterator[str]:
        """Yield the ids of items whose state names another encoder, page by page. Items that are settled during the
        iteration may or may not be included."""
        ...

    def count_items_with_other_encoder(self, encoder_id: str) -> int: ...


class Usage(Protocol):
    """How many items a person has, and what they use of their quotas."""

    def items(self, uid: str, limit: int) -> int:
        """Return the number of a person's items, counted up to one more than the limit."""
        ...

    def count_states(self, uid: str, *statuses: Status) -> int:
        """Return the number of a person's items whose state has one of these statuses."""
        ...

    def take_embedding(self, uid: str, day: date, limit: int) -> bool:
        """Count an embedding of that day; return False and count nothing if as many as the limit were counted."""
        ...


class Bookmarks(Protocol):
    """Where work that is done in small parts continues."""

    def bookmark(self, name: str) -> str:
        """Return the last bookmark of this name, an empty one at the beginning."""
        ...

    def set_bookmark(self, name: str, place: str) -> None: ...


class Closets(Protocol):
    """Whole closets and tastes."""

    def closet(self, uid: str) -> Closet:
        """Return the whole closet at one point in time, an empty one if there is none."""
        ...

    def versions_of(self, uid: str) -> tuple[int, int]:
        """Return the version of a closet and the one that its stored taste was derived from, 0 where there is none."""
        ...

    def save_taste(self, uid: str, taste: Taste) -> None:
        """Store a taste, unless one of the same or a later closet version is stored already."""
        ...

    def delete_taste(self, uid: str) -> None: ...

    def owners(self) -> Iterator[str]:
        """Yield the uids of all closets, page by page."""
        ...

    def count(self) -> int:
        """Return the number of closets."""
        ...

    def keep_only(self, uid: str, encoder_id: str) -> int:
        """Remove other encoders' entries of the items whose state names this encoder; return the number of items.

        An item that only another encoder has embedded keeps its entry.
        """
        ...


class People(Protocol):
    """People: their closets, preferences, opinions and recently shown lists."""

    def person(self, uid: str) -> Person:
        """Return everything stored about a person, in one round trip if one document holds their closet."""
        ...

    def give_opinion(self, uid: str, item_id: str, opinion: Opinion | None) -> None:
        """Replace a person's opinion of a catalog item; None removes it. An unchanged opinion is not written.

        Raises `ResourceExhausted` above `MAX_OPINIONS` items.
        """
        ...

    def remember_shown(self, uid: str, shown: ShownLists) -> None:
        """Replace the lists shown to a person; of two concurrent calls, the later one wins."""
        ...


class Accounts(Protocol):
    """Marks of the accounts that are being deleted."""

    def mark(self, uid: str, now: datetime) -> None:
        """Mark an account; an account that is marked already keeps its mark."""
        ...

    def deletion(self, uid: str) -> AccountDeletion | None:
        """Return the account's mark; None if it stays, or if no account can have this uid."""
        ...

    def finish(self, uid: str, now: datetime) -> None:
        """Note in the account's mark, if there is one, that everything was removed."""
        ...

    def forget(self, uid: str) -> None:
        """Remove the mark."""
        ...

    def deletions(self) -> Iterator[AccountDeletion]:
        """Yield all marks, the oldest first, page by page."""
        ...


class Users(Protocol):
    """The accounts of Firebase Authentication."""

    def delete(self, uid: str) -> bool:
        """Delete an account; return whether there was one."""
        ...

    def existing(self, uids: Collection[str]) -> set[str]:
        """Return which of these uids have an account."""
        ...


class ItemDocuments(Protocol):
    """The documents of items, which otherwise only their owners write."""

    def create(self, item_id: str, uid: str, photo_path: str) -> bool:
        """Write an item without a name; return False and change nothing if there is a document of this id."""
        ...

    def name_photo(self, item_id: str, photo_path: str) -> None:
        """Name another photo in an item's document, if there is one."""
        ...

    def delete(self, item_id: str) -> None:
        """Delete an item's document, if there is one."""
        ...


class PersonalDocuments(Protocol):
    """A person's documents in the collections of `closetspace.domain.person.personal_data`."""

    def documents(self, collection: PersonalCollection, uid: str) -> Iterator[Mapping[str, Any]]:
        """Yield the documents as JSON has them, with their ids as ``id``; only a few are in memory at a time."""
        ...

    def count(self, collection: PersonalCollection, uid: str) -> int:
        """Return the number of documents."""
        ...

    def ids(self, collection: PersonalCollection, uid: str) -> Iterator[str]:
        """Yield the ids of the documents."""
        ...

    def owners(self, collection: PersonalCollection) -> Iterator[str]:
        """Yield the uid of each document of a collection that is not within another; one may come repeatedly."""
        ...

    def delete_page(self, collection: PersonalCollection, uid: str) -> int:
        """Delete some of the documents; return their number, which is 0 if there were none."""
        ...

    def derived(self, uid: str) -> Person:
        """Return the person's taste, opinions and lists, without reading their closet and preferences."""
        ...


class Exports(Protocol):
    """The last export of each person."""

    def export(self, uid: str) -> DataExport | None: ...

    def save(self, uid: str, export: DataExport | None, instead_of: DataExport | None) -> None:
        """Replace an export; None removes it. Raises `Conflict` if another has taken the place of ``instead_of``."""
        ...

    def preparing(self) -> Iterator[DataExport]:
        """Yield the exports that are being prepared."""
        ...

    def expired(self, now: datetime) -> Iterator[DataExport]:
        """Yield the exports that have expired."""
        ...


@dataclass(frozen=True)
class ObjectStat:
    """Metadata of an object. ``generation`` grows with every write; equal ``fingerprint`` means equal bytes."""

    name: str
    size: int
    fingerprint: str
    generation: int
    created: datetime


class ObjectStore(Protocol):
    """Named objects in Cloud Storage or a folder. Names are paths with ``/``."""

    def stat(self, name: str) -> ObjectStat | None: ...

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        """Return an object's bytes.

        Raises `NotFound`, or `Conflict` if ``if_generation`` is given and the object has another generation.
        """
        ...

    def download(self, stat: ObjectStat, path: Path) -> None:
        """Write an object's bytes into a file, without holding a large object in memory. Raises `NotFound`."""
        ...

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        """Write a whole object atomically.

        Raises `Conflict` if ``if_generation`` is given and the object has another generation; 0 is no object.
        """
        ...

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        """Delete an object, unless it has another generation than ``if_generation``. A missing object is no error."""
        ...

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        """Yield the objects whose names have the prefix, in the order of their names, those after a name only."""
        ...

    def url(self, name: str) -> str:
        """Return the address of an object for browsers; the bucket's rules decide who may read it."""
        ...


class StreamedObjectStore(ObjectStore, Protocol):
    """An object store that also takes objects that are larger than the memory."""

    def open_write(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Write an object piece by piece. It appears as a whole when the block ends without an exception."""
        ...


class PhotoFetcher(Protocol):
    """Downloads of photos."""

    def fetch(self, url: str) -> bytes:
        """Return a photo's bytes.

        Raises:
            InvalidInput: the address will not serve a photo.
            Transient: the host may serve it later.
        """
        ...
