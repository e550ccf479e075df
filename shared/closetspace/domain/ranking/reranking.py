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

    first: float = 0.7
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
    ranking = _Reranking(pool, count, weights)
    while len(ranking.chosen) < count and len(pool.worth):
        best = int(ranking.values().argmax())
        if ranking.worth[best] == _NEVER:
            break
        if not ranking.repeats(best, near_duplicate):
            ranking.add(best)
        ranking.worth[best] = _NEVER
    return ranking.chosen


class _Reranking:
    """A list so far, and what each candidate would add to it.

    ``worth (n,)`` is that without the penalty for colours, which each item of the list changes for all candidates.
    """

    def __init__(self, pool: Pool, count: int, weights: RerankingWeights) -> None:
        self._pool, self._weights = pool, weights
        self._category, self._products, self._shares = (
            column.tolist() for column in (pool.category, pool.products, pool.shares)
        )
        # Garments of different categories neither look alike nor are duplicates: each category has its part.
        ends = [0, *np.searchsorted(pool.category, np.arange(len(pool.shares)), "right").tolist()]
        self._parts = [slice(start, end) for start, end in pairwise(ends)]
        # Penalties are smaller where no item is certain to fit.
        typical = float(np.sort(np.maximum(pool.worth, 0))[-max(count, 1) :].mean()) if len(pool.worth) else 0.0
        self._colour, self._brand, self._look = (
            np.float32(typical * cost) for cost in (weights.colour, weights.brand, weights.look)
        )
        # Shares of the palette in a list of 1, 2, 3… items, and the list's own.
        self._due = pool.palette * np.arange(1, count + 1, dtype=np.float32)[:, None]
        self._colours = np.zeros(len(pool.palette), np.float32)
        self._of_category: list[list[int]] = [[] for _ in self._parts]
        self._listed_products: set[int] = set()
        self._penalties: list[tuple[NDArray[np.float64], NDArray[np.float64], FloatArray]] = []
        self.chosen: list[int] = []
        self.worth = self._worth_in_empty_list()

    def _worth_in_empty_list(self) -> NDArray[np.float64]:
        # Double precision, because penalties are added again when an item leaves the window.
        worth, category = self._pool.worth.astype(np.float64), self._pool.category
        best = np.zeros(len(self._shares))
        np.maximum.at(best, category, worth)
        worth[worth < self._weights.misfit * best[category]] -= _LAST
        worth += (self._pool.shares.astype(np.float64) * _gain(0, self._weights))[category]
        return worth

    def values(self) -> NDArray[np.float64]:
        """Return what each candidate adds, ``(n,)``."""
        if not self.chosen or not len(self._colours):
            return self.worth
        over = np.maximum(self._colours - self._due[len(self.chosen)], 0)
        values: NDArray[np.float64] = self.worth - self._pool.colours @ (over * self._colour)
        return values

    def repeats(self, place: int, near_duplicate: float) -> bool:
        """Return whether the list has a near-duplicate of a candidate."""
        if self._products[place] in self._listed_products:
            return True
        vectors, others = self._pool.vectors, self._of_category[self._category[place]]
        return bool(others) and bool((vectors[others] @ vectors[place]).max() >= near_duplicate)

    def add(self, place: int) -> None:
        """Add a candidate to the list."""
        pool, category = self._pool, self._category[place]
        others, part = self._of_category[category], self._parts[category]
        others.append(place)
        self.chosen.append(place)
        self._listed_products.add(self._products[place])
        if len(self._colours):
            self._colours += pool.colours[place]
        of_category = self.worth[part]
        same_brand = (pool.brands == pool.brands[place]) * float(self._brand)
        same_look = self._look * np.maximum(pool.looks[part] @ pool.looks[place], 0) ** 4
        self.worth -= same_brand
        of_category -= same_look
        of_category += self._shares[category] * (
            _gain(len(others), self._weights) - _gain(len(others) - 1, self._weights)
        )
        self._penalties.append((same_brand, of_category, same_look))
        if len(self.chosen) > self._weights.window:
            same_brand, of_category, same_look = self._penalties[-1 - self._weights.window]
            self.worth += same_brand
            of_category += same_look


def _gain(taken: int, weights: RerankingWeights) -> float:
    """Return the gain of one more item for a category whose share is 1 and that has ``taken`` items."""
    return weights.calibration * math.log((taken + 1 + weights.first) / (taken + weights.first))
