"""Count the outfits that a garment makes possible with owned items.

Two garments are compatible if their colours, their usages and their genders are:

- colours: a neutral goes with every colour; two other colours go together if their hues are
  neighbours (up to 30 degrees apart) or opposites (150 degrees and more), the oldest rules of colour harmony (Itten
  1961);
- usages: the same, or casual and sports;
- genders: the same, or one of them unisex.

An attribute that the heads leave open is compatible with all others.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Heads, PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, UNISEX, USAGE
from closetspace.domain.ranking.mix import Role, role_of

MIN_SHARE = 0.4
"""Share from which on a head's likeliest label counts."""

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
"""Degrees on the colour wheel. Other colours are neutral: black, white, navy, beige, denim."""

_MORE_THAN_LABELS = 1_000

NEIGHBOURS, OPPOSITES = 30, 150
"""Maximum distance of neighbouring hues and minimum distance of opposite ones, in degrees."""

TOGETHER = frozenset({frozenset({"casual", "sports"})})
"""Pairs of different usages that are compatible."""


@dataclass(frozen=True)
class Garments:
    """The attributes of ``n`` garments that decide what they go with.

    ``role (n,)`` is a position among the roles, ``category (n,)`` a number; the others are positions among the labels
    of their heads, -1 if unknown.
    """

    role: NDArray[np.int64]
    category: NDArray[np.int64]
    colour: NDArray[np.int64]
    usage: NDArray[np.int64]
    gender: NDArray[np.int64]

    @property
    def looks(self) -> NDArray[np.int64]:
        """A number per garment, equal for those of the same category, colour, usage and gender."""
        return self._number(self.category)

    @property
    def kinds(self) -> NDArray[np.int64]:
        """A number per garment, equal for those that are compatible with the same garments."""
        return self._number(self.role)

    def only(self, rows: NDArray[np.int64]) -> "Garments":
        """Return these rows."""
        return Garments(*(getattr(self, column.name)[rows] for column in fields(self)))

    def _number(self, first: NDArray[np.int64]) -> NDArray[np.int64]:
        number = first
        for column in (self.colour, self.usage, self.gender):
            number = number * _MORE_THAN_LABELS + column + 1
        return number


class Compatibility:
    """The compatibility of garments, over the labels of an encoder's heads."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        hues = np.array([HUES.get(label.casefold(), -1) for label in heads.get(COLOUR, ())] + [-1])
        apart = np.abs(hues[:, None] - hues[None])
        apart = np.minimum(apart, 360 - apart)
        neutral = (hues < 0)[:, None] | (hues < 0)[None]
        self._colours = neutral | (apart <= NEIGHBOURS) | (apart >= OPPOSITES)
        self._usages = _table(heads.get(USAGE, ()), lambda one, other: frozenset({one, other}) in TOGETHER)
        self._genders = _table(heads.get(GENDER, ()), lambda one, other: UNISEX.casefold() in (one, other))

    def garments(self, categories: Sequence[str], attributes: PackedAttributes) -> Garments:
        """Build garments from categories and packed attributes ``(n, labels)``, or ``(n, 0)`` if unknown."""
        known = head_slices(self._heads) if attributes.shape[1] else {}
        unknown = np.full(len(categories), -1)
        colour, usage, gender = (
            _likeliest(attributes[:, known[head]]) if head in known else unknown for head in (COLOUR, USAGE, GENDER)
        )
        order, names = list(Role), sorted(set(categories))
        places = {name: place for place, name in enumerate(names)}
        position = np.array([places[name] for name in categories], np.int64)
        roles = np.array([order.index(role_of(name)) for name in names], np.int64)
        numbers = np.array([zlib.crc32(name.encode()) for name in names], np.int64)
        return Garments(roles[position], numbers[position], colour, usage, gender)

    def matrix(self, some: Garments, others: Garments) -> NDArray[np.bool_]:
        """Return which of some garments are compatible with which of others, ``(n, m)``."""
        compatible: NDArray[np.bool_] = (
            self._colours[some.colour[:, None], others.colour]
            & self._usages[some.usage[:, None], others.usage]
            & self._genders[some.gender[:, None], others.gender]
        )
        return compatible


@cache
def compatibility(heads: tuple[tuple[str, tuple[str, ...]], ...]) -> Compatibility:
    """Return the compatibility over these heads' labels, built once."""
    return Compatibility(dict(heads))


class OutfitCounter:
    """Owned garments, grouped by what they go with, so that 5,000 items are hardly slower than 50."""

    def __init__(self, owned: Garments, compatibility: Compatibility) -> None:
        self._compatibility = compatibility
        self._looks = owned.looks
        _, first, self._counts = np.unique(owned.kinds, return_index=True, return_counts=True)
        self._kinds = owned.only(first)
        self._of_role = {role: np.flatnonzero(self._kinds.role == place) for place, role in enumerate(Role)}
        self._pairs: dict[tuple[Role, ...], NDArray[np.float64]] = {}

    def unlocked_by(self, offered: Garments) -> NDArray[np.int64]:
        """Return the number of new combinations with owned items that each garment makes possible, ``(n,)``.

        A combination has one owned item of each other role of an outfit (top, bottom, shoes; a dress is top and bottom
        in one) of which the person owns any, all compatible with each other. An extra counts with tops and bottoms.
        The number is 0 if an item of the same category, colour, usage and gender is owned: nothing becomes possible.
        """
        fits = (self._compatibility.matrix(offered, self._kinds) * self._counts).astype(np.float64)
        total = np.zeros(len(offered.role))
        for place, role in enumerate(Role):
            rows = np.flatnonzero(offered.role == place)
            if len(rows):
                total[rows] = sum(self._combinations(fits[rows], others) for others in _OUTFITS[role])
        return np.where(np.isin(offered.looks, self._looks), 0, np.rint(total)).astype(np.int64)

    def _combinations(self, fits: NDArray[np.float64], roles: Sequence[Role]) -> NDArray[np.float64]:
        owned = tuple(role for role in roles if len(self._of_role[role]))
        of_each = [fits[:, self._of_role[role]] for role in owned]
        if len(owned) < 2:
            return sum((of_role.sum(axis=1) for of_role in of_each), start=np.zeros(len(fits)))
        if owned not in self._pairs:
            pairs = self._compatibility.matrix(*(self._kinds.only(self._of_role[role]) for role in owned))
            self._pairs[owned] = pairs.astype(np.float64)
        both: NDArray[np.float64] = ((of_each[0] @ self._pairs[owned]) * of_each[1]).sum(axis=1)
        return both


_OUTFITS: Mapping[Role, Sequence[Sequence[Role]]] = {
    Role.TOP: ((Role.BOTTOM, Role.SHOES),),
    Role.BOTTOM: ((Role.TOP, Role.SHOES),),
    Role.WHOLE: ((Role.SHOES,),),
    Role.SHOES: ((Role.TOP, Role.BOTTOM), (Role.WHOLE,)),
    Role.EXTRA: ((Role.TOP, Role.BOTTOM), (Role.WHOLE,)),
}
"""The roles that complete an outfit with each role, one entry per kind of outfit."""


def _likeliest(shares: PackedAttributes) -> NDArray[np.int64]:
    """Return the position of the likeliest label, or -1 (the last row of a table) below `MIN_SHARE`."""
    best = shares.argmax(axis=1)
    return np.where(shares[np.arange(len(shares)), best] >= MIN_SHARE * 255, best, -1)


def _table(labels: Sequence[str], compatible: Callable[[str, str], bool]) -> NDArray[np.bool_]:
    """Return which labels are compatible: each with itself, and unknown, the last row, with all."""
    names = [label.casefold() for label in labels]
    table = np.ones((len(names) + 1, len(names) + 1), np.bool_)
    table[:-1, :-1] = [[one == other or compatible(one, other) for other in names] for one in names]
    return table
