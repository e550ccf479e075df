"""Baselines for our method: pure functions from a closet and an inventory to rows, best first.

A baseline only returns rows that are not owned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray, mean_vector, residuals, search_vectors, unit
from closetspace.domain.index.index import Mask, Rows
from closetspace.domain.ranking.noise import PROTOTYPE_SIGMA
from closetspace.domain.ranking.reranking import RerankingWeights
from closetspace.domain.wardrobe.closet import ClosetArrays


@dataclass(frozen=True)
class Inventory:
    """Products as arrays: ``vectors (n, d)`` of unit length, ``categories (n,)``, and the mean of each category."""

    vectors: FloatArray
    categories: NDArray[np.object_]
    means: Mapping[str, FloatArray]


Baseline = Callable[[ClosetArrays, Inventory, Mask, int, int], Rows]
"""Takes a closet, the inventory, which rows ``(n,)`` are not owned, the length of the list, and a seed."""


def at_random(_closet: ClosetArrays, _inventory: Inventory, not_owned: Mask, count: int, seed: int) -> Rows:
    """Return random rows."""
    return np.random.default_rng(seed).permutation(np.flatnonzero(not_owned))[:count]


def prototype(closet: ClosetArrays, inventory: Inventory, not_owned: Mask, count: int, seed: int) -> Rows:
    """Return what the prototype recommends, on vectors of the encoder under evaluation.

    The prototype adds noise of standard deviation `PROTOTYPE_SIGMA` to every coordinate of every vector, and sorts by
    Euclidean distance to the closet's mean, which it does not normalise.
    """
    noise = np.random.default_rng(seed).normal(0, PROTOTYPE_SIGMA, inventory.vectors.shape)
    distance = np.linalg.norm(inventory.vectors + noise - mean_vector(closet.vectors), axis=1)
    return _best(-distance.astype(np.float32), not_owned, count)


def one_mean(closet: ClosetArrays, inventory: Inventory, not_owned: Mask, count: int, _seed: int) -> Rows:
    """Return the rows with the largest cosine to the closet's mean."""
    return _best(inventory.vectors @ unit(mean_vector(closet.vectors)), not_owned, count)


def first_method(closet: ClosetArrays, inventory: Inventory, not_owned: Mask, count: int, _seed: int) -> Rows:
    """Return what this project recommended at first: category quotas like the closet's, with duplicates.

    Within a category, the score is half the cosine to the closet's mean of the category plus half that of the style
    residuals. When the closet's categories are exhausted, all other categories get equal quotas.
    """
    style = unit(residuals(closet.vectors, closet.categories, inventory.means).mean(axis=0))
    pairs = search_vectors(inventory.vectors, residuals(inventory.vectors, list(inventory.categories), inventory.means))
    by_category: dict[str, Rows] = {}
    for category in inventory.means:
        owned = closet.rows_by_category.get(category, np.arange(len(closet.ids)))
        query = search_vectors(unit(mean_vector(closet.vectors[owned])), style)
        by_category[category] = _best(pairs @ query, not_owned & (inventory.categories == category), count)
    quotas = {c: float(len(rows)) for c, rows in closet.rows_by_category.items() if c in inventory.means}
    rows = _interleave(quotas, by_category, count)
    others = {category: 1.0 for category in inventory.means if category not in quotas}
    return np.array([*rows, *_interleave(others, by_category, count - len(rows))], np.int64)


def _interleave(quotas: Mapping[str, float], by_category: Mapping[str, Rows], count: int) -> list[int]:
    """Merge lists by quotas: each step takes from the category furthest behind its quota, exhausted ones excepted."""
    taken = dict.fromkeys(quotas, 0)
    total = sum(quotas.values())
    rows: list[int] = []
    while len(rows) < count and (left := [c for c in quotas if taken[c] < len(by_category[c])]):
        step = len(rows) + 1
        category = max(left, key=lambda c: (quotas[c] / total * step - taken[c], quotas[c], c))
        rows.append(int(by_category[category][taken[category]]))
        taken[category] += 1
    return rows


def _best(scores: FloatArray, allowed: Mask, count: int) -> Rows:
    rows = np.flatnonzero(allowed)
    return rows[np.argsort(-scores[rows], kind="stable")[:count]]


@dataclass(frozen=True)
class ScoredPool:
    """Candidates of our method before re-ranking: ``worth (n,)`` and ``vectors (n, d)`` of unit length.

    ``category (n,)`` are positions in ``shares``, the categories' shares of the list, which sum to 1.
    """

    worth: FloatArray
    vectors: FloatArray
    category: NDArray[np.int64]
    shares: FloatArray


@dataclass
class MarginalRelevance:
    """Penalises an item by its largest cosine to a chosen one (MMR, Carbonell and Goldstein 1998)."""

    vectors: FloatArray
    weight: float
    nearest: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.nearest = np.zeros(len(self.vectors), np.float32)

    def penalties(self) -> FloatArray:
        return np.float32(self.weight) * self.nearest

    def add(self, row: int) -> None:
        """Update the penalties for a chosen row."""
        self.nearest = np.maximum(self.nearest, self.vectors @ self.vectors[row])


@dataclass
class Determinant:
    """Penalises an item by how little it adds to the log-determinant of the chosen items' cosines.

    This is the greedy MAP inference of a determinantal point process (DPP, Chen, Zhang, Zhou 2018, algorithm 1).
    ``left (n,)`` is the squared distance of each row from the span of the chosen rows, by Cholesky factors.
    """

    vectors: FloatArray
    weight: float
    left: FloatArray = field(init=False)
    factors: list[FloatArray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = np.ones(len(self.vectors), np.float32)

    def penalties(self) -> FloatArray:
        penalties: FloatArray = np.float32(-self.weight) * np.log(self.left)
        return penalties

    def add(self, row: int) -> None:
        """Update the penalties for a chosen row."""
        factor: FloatArray = self.vectors @ self.vectors[row]
        for earlier in self.factors:
            factor -= earlier[row] * earlier
        factor /= np.sqrt(self.left[row])
        self.factors.append(factor)
        self.left = np.maximum(self.left - factor**2, np.float32(1e-6))


def rerank_pool(
    diversity: MarginalRelevance | Determinant, pool: ScoredPool, count: int, weights: RerankingWeights
) -> list[int]:
    """Return positions in the pool: each step takes the item with the largest worth plus category gain minus penalty.

    The category gain is that of `closetspace.domain.ranking.reranking`. The pool must not contain duplicates.
    """
    free = np.ones(len(pool.worth), np.bool_)
    taken = np.zeros(len(pool.shares))
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        gains = pool.shares * np.log((taken + 1 + weights.first) / (taken + weights.first)) * weights.calibration
        value = pool.worth + gains[pool.category] - diversity.penalties()
        best = int(np.argmax(np.where(free, value, -np.inf)))
        free[best] = False
        taken[pool.category[best]] += 1
        diversity.add(best)
        chosen.append(best)
    return chosen
