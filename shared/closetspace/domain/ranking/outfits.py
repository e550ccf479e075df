"""What a garment makes possible: outfits with what is owned, under a stated measure of what goes together.

Two garments go together when their colours, their usages and their genders do:

- colours: a neutral goes with everything; two others when their hues are neighbours (up to 30 degrees apart) or
  opposites (150 degrees and more), the oldest rules of colour harmony (Itten 1961);
- usages: the same, or casual and sports;
- genders: the same, or one of them unisex.

What the heads don't tell of a garment hinders nothing.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Heads, Packed, parts
from closetspace.domain.encoder.encoding import COLOUR, GENDER, UNISEX, USAGE
from closetspace.domain.ranking.mix import Role, role_of

LEAST_TOLD = 0.4
"""Share from which on a head's likeliest label counts as told."""

HUES: Mapping[str, int] = {
    "red": 0,
    "maroon": 350,
    "burgundy": 345,
    "rose": 340,
    "pink": 335,
    "magenta": 315,
    "mauve": 295,
    "purple": 285,
    "lavender": 270,
    "blue": 220,
    "turquoise blue": 190,
    "teal": 180,
    "sea green": 160,
    "green": 130,
    "lime green": 90,
    "fluorescent green": 90,
    "olive": 65,
    "yellow": 55,
    "mustard": 45,
    "gold": 45,
    "orange": 30,
    "rust": 20,
    "copper": 20,
}
"""Degrees on the colour wheel; a colour that is not here is neutral, as black, white, navy, beige and denim are."""

_MORE_THAN_LABELS = 1_000

NEIGHBOURS, OPPOSITES = 30, 150
"""Degrees apart, at most and at least."""

TOGETHER = frozenset({frozenset({"casual", "sports"})})
"""Different usages that go together."""


@dataclass(frozen=True)
class Garments:
    """``n`` garments by what decides what they go with: ``role (n,)`` is a place among the
    roles, ``category (n,)`` a number, the others are places among the heads' labels, -1 where that is not told."""

    role: NDArray[np.int64]
    category: NDArray[np.int64]
    colour: NDArray[np.int64]
    usage: NDArray[np.int64]
    gender: NDArray[np.int64]

    @property
    def looks(self) -> NDArray[np.int64]:
        """A number for each garment that those of the same category, colour, usage and gender share."""
        return self._number(self.category)

    @property
    def kinds(self) -> NDArray[np.int64]:
        """A number for each garment that those share which go with the same."""
        return self._number(self.role)

    def only(self, rows: NDArray[np.int64]) -> "Garments":
        """These of them."""
        return Garments(*(getattr(self, column.name)[rows] for column in fields(self)))

    def _number(self, first: NDArray[np.int64]) -> NDArray[np.int64]:
        number = first
        for column in (self.colour, self.usage, self.gender):
            number = number * _MORE_THAN_LABELS + column + 1
        return number


class Measure:
    """The compatibility measure, over the labels of an encoder's heads."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        hues = np.array([HUES.get(label.casefold(), -1) for label in heads.get(COLOUR, ())] + [-1])
        apart = np.abs(hues[:, None] - hues[None])
        apart = np.minimum(apart, 360 - apart)
        neutral = (hues < 0)[:, None] | (hues < 0)[None]
        self._colours = neutral | (apart <= NEIGHBOURS) | (apart >= OPPOSITES)
        self._usages = _table(heads.get(USAGE, ()), lambda one, other: frozenset({one, other}) in TOGETHER)
        self._genders = _table(heads.get(GENDER, ()), lambda one, other: UNISEX.casefold() in (one, other))

    def garments(self, categories: Sequence[str], attributes: Packed) -> Garments:
        """Garments by their categories and what heads say of them, ``(n, labels)``, or ``(n, 0)`` for nothing."""
        known = parts(self._heads) if attributes.shape[1] else {}
        unknown = np.full(len(categories), -1)
        colour, usage, gender = (
            _likeliest(attributes[:, known[head]]) if head in known else unknown for head in (COLOUR, USAGE, GENDER)
        )
        order, names = list(Role), sorted(set(categories))
        places = {name: place for place, name in enumerate(names)}
        which = np.array([places[name] for name in categories], np.int64)
        roles = np.array([order.index(role_of(name)) for name in names], np.int64)
        numbers = np.array([zlib.crc32(name.encode()) for name in names], np.int64)
        return Garments(roles[which], numbers[which], colour, usage, gender)

    def go_together(self, some: Garments, others: Garments) -> NDArray[np.bool_]:
        """Which of some garments go with which of others, ``(n, m)``."""
        go: NDArray[np.bool_] = (
            self._colours[some.colour[:, None], others.colour]
            & self._usages[some.usage[:, None], others.usage]
            & self._genders[some.gender[:, None], others.gender]
        )
        return go


@cache
def measure_of(heads: tuple[tuple[str, tuple[str, ...]], ...]) -> Measure:
    """The measure over these heads' labels, made once."""
    return Measure(dict(heads))


class Wardrobe:
    """What is owned, counted by what it goes with, so that 5,000 items are hardly slower than 50."""

    def __init__(self, owned: Garments, measure: Measure) -> None:
        self._measure = measure
        self._looks = owned.looks
        _, first, self._counts = np.unique(owned.kinds, return_index=True, return_counts=True)
        self._kinds = owned.only(first)
        self._of_role = {role: np.flatnonzero(self._kinds.role == place) for place, role in enumerate(Role)}
        self._pairs: dict[tuple[Role, ...], NDArray[np.float64]] = {}

    def unlocked_by(self, offered: Garments) -> NDArray[np.int64]:
        """How many combinations with owned items of other categories each garment newly makes possible, ``(n,)``.

        A combination has one item of each other role of an outfit (top, bottom, shoes; a dress is top and bottom in
        one) that is owned at all, any two of which go together; an extra is counted with outfits' tops and bottoms.
        Where something of the same category, colour, usage and gender is owned, all of them are possible already: 0.
        """
        fits = (self._measure.go_together(offered, self._kinds) * self._counts).astype(np.float64)
        total = np.zeros(len(offered.role))
        for place, role in enumerate(Role):
            these = np.flatnonzero(offered.role == place)
            if len(these):
                total[these] = sum(self._combinations(fits[these], others) for others in _OUTFITS[role])
        return np.where(np.isin(offered.looks, self._looks), 0, np.rint(total)).astype(np.int64)

    def _combinations(self, fits: NDArray[np.float64], roles: Sequence[Role]) -> NDArray[np.float64]:
        there = tuple(role for role in roles if len(self._of_role[role]))
        of_each = [fits[:, self._of_role[role]] for role in there]
        if len(there) < 2:
            return sum((of_role.sum(axis=1) for of_role in of_each), start=np.zeros(len(fits)))
        if there not in self._pairs:
            pairs = self._measure.go_together(*(self._kinds.only(self._of_role[role]) for role in there))
            self._pairs[there] = pairs.astype(np.float64)
        both: NDArray[np.float64] = ((of_each[0] @ self._pairs[there]) * of_each[1]).sum(axis=1)
        return both


_OUTFITS: Mapping[Role, Sequence[Sequence[Role]]] = {
    Role.TOP: ((Role.BOTTOM, Role.SHOES),),
    Role.BOTTOM: ((Role.TOP, Role.SHOES),),
    Role.WHOLE: ((Role.SHOES,),),
    Role.SHOES: ((Role.TOP, Role.BOTTOM), (Role.WHOLE,)),
    Role.EXTRA: ((Role.TOP, Role.BOTTOM), (Role.WHOLE,)),
}
"""With which roles each completes an outfit, every way of it on its own."""


def _likeliest(shares: Packed) -> NDArray[np.int64]:
    """The place of the likeliest label where it is told, else -1, which stands for the last row of a table."""
    best = shares.argmax(axis=1)
    return np.where(shares[np.arange(len(shares)), best] >= LEAST_TOLD * 255, best, -1)


def _table(labels: Sequence[str], go: Callable[[str, str], bool]) -> NDArray[np.bool_]:
    """Which labels go together: each with itself, and the unknown, which comes last, with everything."""
    names = [label.casefold() for label in labels]
    table = np.ones((len(names) + 1, len(names) + 1), np.bool_)
    table[:-1, :-1] = [[one == other or go(one, other) for other in names] for one in names]
    return table
