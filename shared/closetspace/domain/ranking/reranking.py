"""From scored candidates to a list: each step takes what adds most to the list so far.

What an item is worth is how likely it fits, less what it repeats: its brand, its look, a colour that has had its
share of the palette; plus what its category still lacks of its share, which is worth less with every item of it
(calibration as in Steck 2018, variety as in Carbonell and Goldstein's MMR 1998). All of it is on the scale of a
probability, so a category whose best item hardly fits gives its place to one that has better.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.encoding import FloatArray

_NEVER = -math.inf
_LAST = 1e3  # more than anything that a category lacks is worth


@dataclass(frozen=True)
class Composition:
    """How much the parts of a list's worth count beside how likely an item fits (1 when certain).

    What repetition costs (``colour``, ``brand``, ``look``) is a share of what the best items of the list are worth.
    """

    calibration: float = 26.0
    """Of the mix: what the first item of a category is worth that has the whole share."""

    first: float = 0.5
    """How many items a category counts as having from the start: less makes sure of small categories sooner."""

    colour: float = 0.15
    """Of each item above a colour's share of the palette."""

    brand: float = 0.04
    """Of each item of the same brand."""

    look: float = 0.05
    """Of each item of the same look; of another look the fourth power of their cosine."""

    misfit: float = 0.08
    """An item that fits less likely than this share of the best of its category comes last, however much the category
    lacks: that women's dresses are few does not make those for girls fit a woman."""

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
    best = np.array([worth[start:end].max(initial=0.0) for start, end in pairwise(starts)])
    worth[worth < how.misfit * best[pool.category]] -= _LAST
    taken = [0] * len(pool.shares)
    for place, share in enumerate(pool.shares.tolist()):
        worth[starts[place] : starts[place + 1]] += share * _lacking(0, how)
    # Repetition costs a share of what the list's items are worth: less where nothing is certain to fit.
    typical = float(np.sort(np.maximum(pool.worth, 0))[-max(count, 1) :].mean()) if len(pool.worth) else 0.0
    colour, brand, look = (np.float32(typical * cost) for cost in (how.colour, how.brand, how.look))
    colours = np.zeros(len(pool.palette), np.float32)
    chosen: list[int] = []
    repeated: list[tuple[NDArray[np.bool_], slice, FloatArray]] = []
    while len(chosen) < count and len(worth):
        value = worth
        if len(colours):
            over = np.maximum(0, colours - pool.palette * np.float32(len(chosen) + 1))
            value = worth - pool.colours @ (over * colour)
        next_one = int(value.argmax())
        if worth[next_one] == _NEVER:
            break
        chosen.append(next_one)
        place = int(pool.category[next_one])
        taken[place] += 1
        if len(colours):
            colours += pool.colours[next_one]
        # Only within a category do garments look the same, or are the same.
        of_it = slice(starts[place], starts[place + 1])
        same_brand = pool.brands == pool.brands[next_one]
        alike = look * np.maximum(pool.looks[of_it] @ pool.looks[next_one], 0) ** 4
        worth[same_brand] -= brand
        worth[of_it] -= alike
        worth[of_it] += float(pool.shares[place]) * (_lacking(taken[place], how) - _lacking(taken[place] - 1, how))
        worth[pool.products == pool.products[next_one]] = _NEVER
        worth[of_it][pool.vectors[of_it] @ pool.vectors[next_one] >= near_duplicate] = _NEVER
        worth[next_one] = _NEVER
        repeated.append((same_brand, of_it, alike))
        if len(chosen) > how.window:
            same_brand, of_it, alike = repeated[-1 - how.window]
            worth[same_brand] += brand
            worth[of_it] += alike
    return chosen


def _lacking(taken: int, how: Composition) -> float:
    """What one more item is worth to a category that has the whole share, of which so many are taken."""
    return how.calibration * math.log((taken + 1 + how.first) / (taken + how.first))
