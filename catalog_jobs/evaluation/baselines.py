"""Other methods of recommending, to measure ours by: pure functions of a closet and an inventory, best rows first.

None of them returns what is not `free`, so that what is owned is recommended by nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.evaluation.metrics.encoders import Flags
from closetspace.domain.encoder.vectors import FloatArray, mean_of, residuals, side_by_side, unit
from closetspace.domain.index.index import Rows
from closetspace.domain.ranking.noise import PROTOTYPE_SIGMA
from closetspace.domain.ranking.reranking import RerankingWeights
from closetspace.domain.wardrobe.closet import ClosetArrays


@dataclass(frozen=True)
class Inventory:
    """An inventory as arrays: ``vectors (n, d)`` of unit length, ``categories (n,)``, and each category's mean."""

    vectors: FloatArray
    categories: NDArray[np.object_]
    means: Mapping[str, FloatArray]


Baseline = Callable[[ClosetArrays, Inventory, Flags, int, int], Rows]
"""Called with what is worn, the inventory, which rows are free ``(n,)``, how many are wanted, and a seed."""


def at_random(_worn: ClosetArrays, _shelf: Inventory, free: Flags, count: int, seed: int) -> Rows:
    """Any rows."""
    return np.random.default_rng(seed).permutation(np.flatnonzero(free))[:count]


def prototype(worn: ClosetArrays, shelf: Inventory, free: Flags, count: int, seed: int) -> Rows:
    """What the prototype did, on this encoder's vectors in the place of its own.

    Noise of standard deviation `PROTOTYPE_SIGMA` on every coordinate of every vector, then the nearest to the mean of
    the closet, which is not scaled to unit length, by Euclidean distance.
    """
    noise = np.random.default_rng(seed).normal(0, PROTOTYPE_SIGMA, shelf.vectors.shape)
    distance = np.linalg.norm(shelf.vectors + noise - mean_of(worn.vectors), axis=1)
    return _best(-distance.astype(np.float32), free, count)


def one_mean(worn: ClosetArrays, shelf: Inventory, free: Flags, count: int, _seed: int) -> Rows:
    """The nearest to the mean of the closet, by cosine."""
    return _best(shelf.vectors @ unit(mean_of(worn.vectors)), free, count)


def first_method(worn: ClosetArrays, shelf: Inventory, free: Flags, count: int, _seed: int) -> Rows:
    """What we did first: quotas by category that follow the closet, twins and all.

    Inside a category half the cosine to the closet's mean of it and half that of the style residuals decide. Where the
    categories of the closet run out, the others share alike.
    """
    style = unit(residuals(worn.vectors, worn.categories, shelf.means).mean(axis=0))
    near = side_by_side(shelf.vectors, residuals(shelf.vectors, list(shelf.categories), shelf.means))
    by_category: dict[str, Rows] = {}
    for category in shelf.means:
        owned = worn.rows_by_category.get(category, np.arange(len(worn.ids)))
        query = side_by_side(unit(mean_of(worn.vectors[owned])), style)
        by_category[category] = _best(near @ query, free & (shelf.categories == category), count)
    mix = {c: float(len(rows)) for c, rows in worn.rows_by_category.items() if c in shelf.means}
    first = _interleaved(mix, by_category, count)
    others = {category: 1.0 for category in shelf.means if category not in mix}
    return np.array([*first, *_interleaved(others, by_category, count - len(first))], np.int64)


def _interleaved(mix: Mapping[str, float], by_category: Mapping[str, Rows], count: int) -> list[int]:
    """Each step goes to the category furthest behind its share; one that runs out leaves its share to the others."""
    taken = dict.fromkeys(mix, 0)
    total = sum(mix.values())
    rows: list[int] = []
    while len(rows) < count and (left := [c for c in mix if taken[c] < len(by_category[c])]):
        step = len(rows) + 1
        category = max(left, key=lambda c: (mix[c] / total * step - taken[c], mix[c], c))
        rows.append(int(by_category[category][taken[category]]))
        taken[category] += 1
    return rows


def _best(scores: FloatArray, free: Flags, count: int) -> Rows:
    rows = np.flatnonzero(free)
    return rows[np.argsort(-scores[rows], kind="stable")[:count]]


@dataclass(frozen=True)
class Scored:
    """What our method scored, before it is composed: ``worth (n,)``, ``vectors (n, d)`` of unit length, and the mix.

    ``category (n,)`` are places in ``shares``, which sum to one.
    """

    worth: FloatArray
    vectors: FloatArray
    category: NDArray[np.int64]
    shares: FloatArray


@dataclass
class MarginalRelevance:
    """What repeats the list costs by its largest cosine to anything in it (Carbonell and Goldstein 1998)."""

    vectors: FloatArray
    weight: float
    nearest: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.nearest = np.zeros(len(self.vectors), np.float32)

    def costs(self) -> FloatArray:
        return np.float32(self.weight) * self.nearest

    def add(self, place: int) -> None:
        """Take note that this row was chosen."""
        self.nearest = np.maximum(self.nearest, self.vectors @ self.vectors[place])


@dataclass
class Determinant:
    """What repeats the list costs by how much less it adds to the logarithm of the determinant of the list's cosines.

    The greedy search for the likeliest set of a determinantal point process (Chen, Zhang, Zhou 2018, algorithm 1):
    ``left (n,)`` is the squared distance of each row from the span of those chosen, kept by a Cholesky row a step.
    """

    vectors: FloatArray
    weight: float
    left: FloatArray = field(init=False)
    factors: list[FloatArray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = np.ones(len(self.vectors), np.float32)

    def costs(self) -> FloatArray:
        cost: FloatArray = np.float32(-self.weight) * np.log(self.left)
        return cost

    def add(self, place: int) -> None:
        """Take note that this row was chosen."""
        factor: FloatArray = self.vectors @ self.vectors[place]
        for earlier in self.factors:
            factor -= earlier[place] * earlier
        factor /= np.sqrt(self.left[place])
        self.factors.append(factor)
        self.left = np.maximum(self.left - factor**2, np.float32(1e-6))


def composed_by(repeats: MarginalRelevance | Determinant, scored: Scored, count: int, how: RerankingWeights) -> list[int]:
    """Places in order: each step takes what is worth most, with what its category lacks and less what it repeats.

    The mix counts as in `closetspace.domain.ranking.reranking`; twins are the caller's to leave out.
    """
    free = np.ones(len(scored.worth), np.bool_)
    taken = np.zeros(len(scored.shares))
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        lacking = scored.shares * np.log((taken + 1 + how.first) / (taken + how.first)) * how.calibration
        value = scored.worth + lacking[scored.category] - repeats.costs()
        best = int(np.argmax(np.where(free, value, -np.inf)))
        free[best] = False
        taken[scored.category[best]] += 1
        repeats.add(best)
        chosen.append(best)
    return chosen
