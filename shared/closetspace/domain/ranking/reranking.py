"""Re-rank scored candidates into a list: each step takes the item that adds most to the list so far.

The worth of an item is the probability that it fits, minus penalties for repeating a brand, a look, or a colour beyond
its share of the palette, plus a gain for its category, which shrinks with every item of that category (calibration as
in Steck 2018, variety as in Carbonell and Goldstein's MMR 1998). All are on the scale of a probability, so a category
whose best item hardly fits gives its place to another.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray

_NEVER = -math.inf
_LAST = 1e3  # larger than any gain of a category


@dataclass(frozen=True)
class RerankingWeights:
    """Weights beside the probability that an item fits, which is 1 for a certain fit.

    The penalties for repetition (``colour``, ``brand``, ``look``) are shares of the worth of the list's best items.
    """

    calibration: float = 26.0
    """Gain of the first item of a category whose share is 1."""

    first: float = 0.5
    """Items that each category counts as having at the start. A smaller number favours small categories."""

    colour: float = 0.15
    """Penalty per item above a colour's share of the palette."""

    brand: float = 0.04
    """Penalty per item of the same brand."""

    look: float = 0.05
    """Penalty per item of the same look, and times the fourth power of the cosine for another look."""

    misfit: float = 0.08
    """An item below this share of its category's best fit comes last, whatever the category lacks. Few dresses for
    women do not make dresses for girls fit a woman."""

    window: int = 20
    """Previous items that count as window: one page."""


@dataclass(frozen=True)
class Pool:
    """Scored candidates of all categories, a row each.

    ``worth (n,)`` is the probability that each fits, ``category (n,)`` an ascending position in ``shares``,
    ``brands (n,)`` are numbers, ``products (n,)`` the products that items are variants of, ``vectors (n, d)``
    embeddings, ``looks (n, b)`` their part for looks, of unit length, ``colours (n, labels)`` shares, and
    ``palette (labels,)`` the shares of colours in the list, empty if unknown.
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


def rerank(pool: Pool, count: int, weights: RerankingWeights, near_duplicate: float) -> list[int]:
    """Return up to ``count`` places in the pool, in the order of the list.

    Near-duplicates are collapsed: of a product, and of items of one category whose cosine reaches ``near_duplicate``,
    only the first is listed.
    """
    # Double precision, because penalties are added again when an item leaves the window.
    worth = pool.worth.astype(np.float64)
    starts = np.searchsorted(pool.category, np.arange(len(pool.shares) + 1)).tolist()
    best = np.array([worth[start:end].max(initial=0.0) for start, end in pairwise(starts)])
    worth[worth < weights.misfit * best[pool.category]] -= _LAST
    shares, taken = pool.shares.tolist(), [0] * len(pool.shares)
    # Garments of different categories neither look alike nor are duplicates: each category has its part of the columns.
    parts = [slice(start, end) for start, end in pairwise(starts)]
    worths, looks, vectors = ([column[part] for part in parts] for column in (worth, pool.looks, pool.vectors))
    for of_category, share in zip(worths, shares, strict=True):
        of_category += share * _gain(0, weights)
    # Penalties are smaller where no item is certain to fit.
    typical = float(np.sort(np.maximum(pool.worth, 0))[-max(count, 1) :].mean()) if len(pool.worth) else 0.0
    colour, brand, look = (np.float32(typical * cost) for cost in (weights.colour, weights.brand, weights.look))
    colours = np.zeros(len(pool.palette), np.float32)
    chosen: list[int] = []
    penalties: list[tuple[NDArray[np.bool_], FloatArray, FloatArray]] = []
    while len(chosen) < count and len(worth):
        value = worth
        if len(colours):
            over = np.maximum(0, colours - pool.palette * np.float32(len(chosen) + 1))
            value = worth - pool.colours @ (over * colour)
        next_place = int(value.argmax())
        if worth[next_place] == _NEVER:
            break
        chosen.append(next_place)
        place = int(pool.category[next_place])
        taken[place] += 1
        if len(colours):
            colours += pool.colours[next_place]
        of_category = worths[place]
        same_brand = pool.brands == pool.brands[next_place]
        alike = look * np.maximum(looks[place] @ pool.looks[next_place], 0) ** 4
        worth[same_brand] -= brand
        of_category -= alike
        of_category += shares[place] * (_gain(taken[place], weights) - _gain(taken[place] - 1, weights))
        worth[pool.products == pool.products[next_place]] = _NEVER
        of_category[vectors[place] @ pool.vectors[next_place] >= near_duplicate] = _NEVER
        worth[next_place] = _NEVER
        penalties.append((same_brand, of_category, alike))
        if len(chosen) > weights.window:
            same_brand, of_category, alike = penalties[-1 - weights.window]
            worth[same_brand] += brand
            of_category += alike
    return chosen


def _gain(taken: int, weights: RerankingWeights) -> float:
    """Return the gain of one more item for a category whose share is 1 and that has ``taken`` items."""
    return weights.calibration * math.log((taken + 1 + weights.first) / (taken + weights.first))
