"""From scored candidates to a list: each step takes what adds most to the list so far.

What an item is worth is how likely it fits, less what it repeats: its brand, its look, a colour that has had its
share of the palette; plus what its category still lacks of its share, which is worth less with every item of it
(calibration as in Steck 2018, variety as in Carbonell and Goldstein's MMR 1998). All of it is on the scale of a
probability, so a category whose best item hardly fits gives its place to one that has better.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoding import FloatArray

_NEVER = np.float32(-1e9)


@dataclass(frozen=True)
class Composition:
    """How much the parts of a list's worth count beside how likely an item fits (1 when certain)."""

    calibration: float = 16.0
    """Of the mix: what the first item of a category is worth that has the whole share."""

    first: float = 0.3
    """How many items a category counts as having from the start: less makes sure of small categories sooner."""

    colour: float = 0.15
    """Of each item above a colour's share of the palette."""

    brand: float = 0.08
    """Of each item of the same brand."""

    look: float = 0.07
    """Of each item of the same look; of another look the fourth power of their cosine."""

    window: int = 20
    """Items back to which repetitions count: a page."""


@dataclass(frozen=True)
class Pool:
    """Scored candidates of all categories, a row each.

    ``worth (n,)`` is how likely each fits, ``category (n,)`` a place in ``shares``, ``brands (n,)`` numbers,
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

    No product comes twice, nor anything whose embedding's cosine to a chosen one is ``near_duplicate`` or more.
    """
    n = len(pool.worth)
    open_ = np.ones(n, np.bool_)
    taken = np.zeros(len(pool.shares))
    colours = np.zeros(len(pool.palette))
    brands = np.zeros(int(pool.brands.max(initial=-1)) + 1)
    looks = np.zeros(n, np.float32)
    alike: list[FloatArray] = []
    chosen: list[int] = []
    while len(chosen) < count and open_.any():
        lacking = pool.shares * np.log((taken + 1 + how.first) / (taken + how.first)) * how.calibration
        value = pool.worth + lacking[pool.category] - how.look * looks
        value -= how.brand * brands[pool.brands]
        if len(colours):
            value -= how.colour * (pool.colours @ np.maximum(0, colours - pool.palette * (len(chosen) + 1)))
        best = int(np.argmax(np.where(open_, value, _NEVER)))
        open_ &= pool.products != pool.products[best]
        open_ &= pool.vectors @ pool.vectors[best] < near_duplicate
        open_[best] = False
        chosen.append(best)
        taken[pool.category[best]] += 1
        brands[pool.brands[best]] += 1
        if len(colours):
            colours += pool.colours[best]
        alike.append(np.maximum(pool.looks @ pool.looks[best], 0) ** 4)
        looks += alike[-1]
        if len(chosen) > how.window:
            gone = chosen[-1 - how.window]
            looks -= alike[-1 - how.window]
            brands[pool.brands[gone]] -= 1
    return chosen
