"""What the services need from the world, in the services' own words.

Each port has a real adapter and an in-memory twin, and one suite of tests that both pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from closetspace.domain.person.opinions import Opinion
from closetspace.domain.person.person import Person
from closetspace.domain.person.shown import Shown
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.item import Item
from closetspace.domain.wardrobe.state import ItemState


@dataclass(frozen=True)
class ItemRecord:
    """An item, its state, and the token by which a later commit knows that the state has not changed."""

    item_id: str
    item: Item | None
    state: ItemState | None
    state_version: object


@dataclass(frozen=True)
class Put:
    """Put this entry in the owner's closet, in the place of the item's earlier ones.

    ``beside_others`` keeps those of other encoders: they are of the same photo, name and brand.
    """

    entry: ClosetEntry
    beside_others: bool = False


@dataclass(frozen=True)
class Remove:
    """Take the item out of the closet that holds it, if one does."""


@dataclass(frozen=True)
class Keep:
    """Leave the closet as it is."""


ClosetChange = Put | Remove | Keep


class Wardrobe(Protocol):
    """Items, their states, and the closets' entries that change together with a state."""

    def read(self, item_id: str) -> ItemRecord: ...

    def commit(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> ItemRecord:
        """Write the state (None deletes it) and the closet's change at once, or neither.

        Reads and locks nothing that other items share. The state's ``shard`` is the adapter's to set.
        Returns the record as it is now. Raises `Conflict` when item or state are no longer as in
        ``record``, `Transient` when the database can't be reached.
        """
        ...

    def unsettled(self, after: datetime, before: datetime) -> Iterator[str]:
        """Ids of items waiting or in progress whose state was last written between the two times."""
        ...

    def items_with_other_encoder(self, encoder_id: str) -> Iterator[str]:
        """Ids of items whose state names another encoder, a page at a time; what is settled meanwhile may or may
        not come."""
        ...

    def count_items_with_other_encoder(self, encoder_id: str) -> int: ...


class Closets(Protocol):
    """Closets and tastes, read as a whole."""

    def closet(self, uid: str) -> Closet:
        """The whole closet at one point in time; an empty one when there is none."""
        ...

    def save_taste(self, uid: str, taste: Taste) -> None:
        """Keep it, unless a taste of the same or a later closet version is there already."""
        ...

    def owners(self) -> Iterator[str]:
        """Whose closets there are, a page at a time."""
        ...

    def count(self) -> int:
        """How many closets there are."""
        ...

    def keep_only(self, uid: str, encoder_id: str) -> int:
        """Remove other encoders' entries of the items whose state names this one; returns of how many items.

        An item that only another encoder has embedded keeps its entry, whoever embeds it meanwhile.
        """
        ...


class People(Protocol):
    """Persons as recommendations see them, and what they said and were shown."""

    def person(self, uid: str) -> Person:
        """Everything that is kept of a person, in one round trip where one document holds their closet."""
        ...

    def give_opinion(self, uid: str, item_id: str, opinion: Opinion | None) -> None:
        """Keep it in the place of an earlier one of that catalog item; None removes that. Where it is so already,
        nothing is written. Raises `ResourceExhausted` for an item more than `MOST_OPINIONS`."""
        ...

    def remember_shown(self, uid: str, shown: Shown) -> None:
        """Keep it in the place of what was shown before: of two at once, the later one stays."""
        ...


@dataclass(frozen=True)
class ObjectStat:
    """An object's facts. ``generation`` grows with every write; equal ``fingerprint`` means equal bytes."""

    name: str
    size: int
    fingerprint: str
    generation: int
    created: datetime


class ObjectStore(Protocol):
    """Named bytes: Cloud Storage, or a folder. Names are paths with ``/``."""

    def stat(self, name: str) -> ObjectStat | None: ...

    def read(self, name: str) -> bytes:
        """Raises `NotFound`."""
        ...

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        """Write the whole object at once. With ``if_generation`` (0: it must not exist) raises `Conflict`
        when the object is at another generation."""
        ...

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        """Delete it; one that is not there, or is at another generation, is left as it is."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectStat]: ...

    def url(self, name: str) -> str:
        """Where a browser finds the object, where rules let it."""
        ...


class PhotoFetcher(Protocol):
    """Photos at addresses on the web."""

    def fetch(self, url: str) -> bytes:
        """Raises `InvalidInput` (never `NotFound`: the address stays as it is) when the photo can't be had,
        `Transient` when it may be had later."""
        ...
