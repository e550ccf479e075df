"""From scored candidates to a list: each step takes what adds most to the list so far.

What an item is worth is how likely it fits, less what it repeats: its brand, its look, a colour that has had its
share of the palette; plus what its category still lacks of its share, which is worth less with every item of it
(calibration as in Steck 2018, variety as in Carbonell and Goldstein's MMR 1998). All of it is on the scale of a
probability, so a category whose best item hardly fits gives its place to one that has better.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoding import FloatArray

_NEVER = -math.inf


@dataclass(frozen=True)
class Composition:
    """How much the parts of a list's worth count beside how likely an item fits (1 when certain)."""

    calibration: float = 18.0
    """Of the mix: what the first item of a category is worth that has the whole share."""

    first: float = 0.5
    """How many items a category counts as having from the start: less makes sure of small categories sooner."""

    colour: float = 0.14
    """Of each item above a colour's share of the palette."""

    brand: float = 0.06
    """Of each item of the same brand."""

    look: float = 0.065
    """Of each item of the same look; of another look the fourth power of their cosine."""

    window: int = 20
    """Items back to which repetitions count: a page."""


@dataclass(frozen=True)
class Pool:
    """Scored candidates of all categories, a row each.

    ``worth (n,)`` is how likely each fits, ``category (n,)`` an ascending place in ``shares``, ``brands (n,)`` numbers,
    ``products (n,)`` what each is a variant of, ``vectors (n, d)`` embeddings, ``looks (n, b)`` what
    of them says how alike two garments look, of unit length, ``colours (n, labels)`` shares,
    ``palette (labels,)`` how the list's colours should be spread, empty where nobody knows.
    """

    worth: FloatArray
    category: NDArray[np.int64]
    shares: FloatArray
    brands: NDArray[np.int32]
    products: NDArray[np.uint64]
    vectors: FloatArray
    looks: FloatArray
    colours: FloatArray
    palette: FloatArray


def compose(pool: Pool, count: int, how: Composition, near_duplicate: float) -> list[int]:
    """Places in the pool, the list's order, as many as ``count`` or as there are.

    No product comes twice, nor anything whose embedding's cosine to a chosen one of its category is
    ``near_duplicate`` or more.
    """
    # In double precision: what is added for an item is taken off again once it is out of the window.
    worth = pool.worth.astype(np.float64)
    starts = np.searchsorted(pool.category, np.arange(len(pool.shares) + 1)).tolist()
    taken = [0] * len(pool.shares)
    for place, share in enumerate(pool.shares.tolist()):
        worth[starts[place] : starts[place + 1]] += share * _lacking(0, how)
    colours = np.zeros(len(pool.palette), np.float32)
    chosen: list[int] = []
    repeated: list[tuple[NDArray[np.bool_], slice, FloatArray]] = []
    while len(chosen) < count and len(worth):
        value = worth
        if len(colours):
            over = np.maximum(0, colours - pool.palette * np.float32(len(chosen) + 1))
            value = worth - pool.colours @ (over * np.float32(how.colour))
        best = int(value.argmax())
        if worth[best] == _NEVER:
            break
        chosen.append(best)
        place = int(pool.category[best])
        taken[place] += 1
        if len(colours):
            colours += pool.colours[best]
        # Only within a category do garments look the same, or are the same.
        of_it = slice(starts[place], starts[place + 1])
        same_brand = pool.brands == pool.brands[best]
        alike = np.float32(how.look) * np.maximum(pool.looks[of_it] @ pool.looks[best], 0) ** 4
        worth[same_brand] -= how.brand
        worth[of_it] -= alike
        worth[of_it] += float(pool.shares[place]) * (_lacking(taken[place], how) - _lacking(taken[place] - 1, how))
        worth[pool.products == pool.products[best]] = _NEVER
        worth[of_it][pool.vectors[of_it] @ pool.vectors[best] >= near_duplicate] = _NEVER
        worth[best] = _NEVER
        repeated.append((same_brand, of_it, alike))
        if len(chosen) > how.window:
            brand, of_other, look = repeated[-1 - how.window]
            worth[brand] += how.brand
            worth[of_other] += look
    return chosen


def _lacking(taken: int, how: Composition) -> float:
    """What one more item is worth to a category that has the whole share, of which so many are taken."""
    return how.calibration * math.log((taken + 1 + how.first) / (taken + how.first))
