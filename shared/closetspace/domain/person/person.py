"""A person as recommendations see them: what they own, and their own say.

What they think of single items, what they were shown lately, and what they have set for all lists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet
from closetspace.errors import ResourceExhausted

MOST_OPINIONS = 1_000
"""A person's: half a year of five a day, and a document of at most 0.3 MB, which every request reads."""

MOST_LISTS = 10
MOST_KEYS_A_LIST = 200
"""Ten pages, of which nobody looks at more; all lists together are 8 KB."""

MOST_BEFORE = 5
"""Lists that count for another: fewer than are kept, so that they are all still there when it is asked for again,
until five more have begun."""

MOST_NAMES = 100
LONGEST_NAME = 100
"""Of one preference, and in characters; the rules of ``preferences`` know the same bounds."""


class Kind(StrEnum):
    """What a person thinks of a catalog item."""

    LIKE = "like"
    DISMISS = "dismiss"
    OWN = "own"


@dataclass(frozen=True)
class Opinion:
    """``product`` is the key that all variants of the item share, so that its twins are known when it has left."""

    kind: Kind
    product: int


def with_opinion(opinions: Mapping[str, Opinion], item_id: str, opinion: Opinion | None) -> Mapping[str, Opinion]:
    """The opinions with this one in the place of an earlier one of the item; None removes it.

    Returns the same object where nothing changes, so that nothing need be written. Raises `ResourceExhausted` when
    there is no room for one more.
    """
    if opinions.get(item_id) == opinion:
        return opinions
    if opinion is None:
        return {other: kept for other, kept in opinions.items() if other != item_id}
    if item_id not in opinions and len(opinions) >= MOST_OPINIONS:
        raise ResourceExhausted(
            f"You have said of {MOST_OPINIONS:,} items what you think of them, and no more can be kept. Clear some of"
            " them first."
        )
    return {**opinions, item_id: opinion}


@dataclass(frozen=True)
class ShownList:
    """The items shown of one seed's list, as short keys (`closetspace.domain.ranking.paging.short`)."""

    seed: int
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """The latest lists of a person, the one that began first at the front."""

    lists: tuple[ShownList, ...] = ()

    def before(self, seed: int) -> tuple[ShownList, ...]:
        """The last lists that began before that of the seed, or of all where it is new; the latest first.

        So asking once more with the same seed is damped by the lists that it was damped by the first time.
        """
        seeds = [shown.seed for shown in self.lists]
        end = seeds.index(seed) if seed in seeds else len(seeds)
        return self.lists[:end][::-1][:MOST_BEFORE]

    def with_page(self, seed: int, keys: Iterable[int]) -> "Shown":
        """What was shown, with a page of the seed's list; a new list pushes out the oldest.

        Returns the same object where nothing changes, so that nothing need be written: the page was shown before,
        or the list holds all it can.
        """
        known = next((shown for shown in self.lists if shown.seed == seed), ShownList(seed, ()))
        grown = ShownList(seed, tuple(dict.fromkeys((*known.keys, *keys)))[:MOST_KEYS_A_LIST])
        if grown == known:
            return self
        if not known.keys:
            return Shown((*self.lists, grown)[-MOST_LISTS:])
        return Shown(tuple(grown if shown is known else shown for shown in self.lists))


@dataclass(frozen=True)
class Preferences:
    """What a person has set for all their lists; None is not set. The numbers are from 0 to 1."""

    gender: str | None = None
    usage: frozenset[str] | None = None
    colours: frozenset[str] | None = None
    brands_out: frozenset[str] | None = None
    explore: float | None = None
    serendipity: float | None = None
    mix: float | None = None


def parse_preferences(document: Mapping[str, Any] | None) -> Preferences:
    """Read a client's document; a field of the wrong type, empty or out of bounds counts as not set."""
    fields = document or {}
    return Preferences(
        gender=_name(fields.get("gender")),
        usage=_names(fields.get("usage")),
        colours=_names(fields.get("colours")),
        brands_out=_names(fields.get("brands_out")),
        explore=_share(fields.get("explore")),
        serendipity=_share(fields.get("serendipity")),
        mix=_share(fields.get("mix")),
    )


@dataclass(frozen=True)
class Person:
    """All that is known of a person, as of one read. ``taste`` is the last that was kept; opinions are by item id."""

    closet: Closet
    taste: Taste | None = None
    opinions: Mapping[str, Opinion] = field(default_factory=dict)
    shown: Shown = Shown()
    preferences: Preferences = Preferences()


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() and len(value) <= LONGEST_NAME else None


def _names(value: object) -> frozenset[str] | None:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_NAMES:
        return None
    names = [name for each in value if (name := _name(each)) is not None]
    return frozenset(names) if len(names) == len(value) else None


def _share(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= 1 else None
