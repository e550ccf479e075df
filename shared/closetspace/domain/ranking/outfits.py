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
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import UNKNOWN, Heads, PackedAttributes, head_slices, likeliest_labels
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

    def only(self, rows: NDArray[np.int64] | slice) -> "Garments":
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
        # An unknown label is the last row of a table.
        unknown = np.full(len(categories), UNKNOWN)
        colour, usage, gender = (
            likeliest_labels(attributes[:, known[head]], MIN_SHARE) if head in known else unknown
            for head in (COLOUR, USAGE, GENDER)
        )
        roles, numbers = np.array([_numbers(name) for name in categories], np.int64).reshape(-1, 2).T
        return Garments(roles, numbers, colour, usage, gender)

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
        self._looks = np.unique(owned.looks)
        # In the order of their roles, with which the numbers of kinds begin.
        _, first, self._counts = np.unique(owned.kinds, return_index=True, return_counts=True)
        self._kinds = owned.only(first)
        ends = [0, *np.searchsorted(self._kinds.role, np.arange(len(Role)), "right").tolist()]
        self._of_role = {role: slice(start, end) for role, (start, end) in zip(Role, pairwise(ends), strict=True)}
        self._pairs: dict[tuple[Role, ...], NDArray[np.float64]] = {}

    def unlocked_by(self, offered: Garments) -> NDArray[np.int64]:
        """Return the number of new combinations with owned items that each garment makes possible, ``(n,)``.

        A combination has one owned item of each other role of an outfit (top, bottom, shoes; a dress is top and bottom
        in one) of which the person owns any, all compatible with each other. An extra counts with tops and bottoms.
        The number is 0 if an item of the same category, colour, usage and gender is owned: nothing becomes possible.
        """
        fits = (self._compatibility.matrix(offered, self._kinds) * self._counts).astype(np.float64)
        combinations = np.stack([self._combinations(fits, roles) for roles in _COMPLETED_BY])
        total = (combinations * _COMPLETES[:, offered.role]).sum(axis=0)
        is_owned = self._looks.searchsorted(offered.looks, "right") > self._looks.searchsorted(offered.looks)
        return np.where(is_owned, 0, np.rint(total)).astype(np.int64)

    def _combinations(self, fits: NDArray[np.float64], roles: Sequence[Role]) -> NDArray[np.float64]:
        """Return the number of combinations with owned items of these roles that fit each garment."""
        owned = tuple(role for role in roles if self._of_role[role].stop > self._of_role[role].start)
        if not owned:
            return np.zeros(len(fits))
        each: NDArray[np.float64] = fits[:, self._of_role[owned[0]]]
        if len(owned) == 2:
            each = (each @ self._compatible(owned)) * fits[:, self._of_role[owned[1]]]
        counts: NDArray[np.float64] = each.sum(axis=1)
        return counts

    def _compatible(self, roles: tuple[Role, ...]) -> NDArray[np.float64]:
        if roles not in self._pairs:
            some, others = (self._kinds.only(self._of_role[role]) for role in roles)
            self._pairs[roles] = self._compatibility.matrix(some, others).astype(np.float64)
        return self._pairs[roles]


_COMPLETED_BY: Mapping[tuple[Role, ...], frozenset[Role]] = {
    (Role.BOTTOM, Role.SHOES): frozenset({Role.TOP}),
    (Role.TOP, Role.SHOES): frozenset({Role.BOTTOM}),
    (Role.SHOES,): frozenset({Role.WHOLE}),
    (Role.TOP, Role.BOTTOM): frozenset({Role.SHOES, Role.EXTRA}),
    (Role.WHOLE,): frozenset({Role.SHOES, Role.EXTRA}),
}
"""The roles of owned items that make an outfit with a garment, and that garment's roles."""

_COMPLETES = np.array([[role in completing for role in Role] for completing in _COMPLETED_BY.values()])
"""Which roles complete each of them, ``(combinations, roles)``."""


@lru_cache(maxsize=1_000)
def _numbers(category: str) -> tuple[int, int]:
    """Return the position of a category's role, and the category's number."""
    return list(Role).index(role_of(category)), zlib.crc32(category.encode())


def _table(labels: Sequence[str], compatible: Callable[[str, str], bool]) -> NDArray[np.bool_]:
    """Return which labels are compatible: each with itself, and unknown, the last row, with all."""
    names = [label.casefold() for label in labels]
    table = np.ones((len(names) + 1, len(names) + 1), np.bool_)
    table[:-1, :-1] = [[one == other or compatible(one, other) for other in names] for one in names]
    return table
