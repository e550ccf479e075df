"""The first method: quotas that follow the closet, and inside each category the mean and the style residual.

Pure functions over arrays; the numbers behind the method are in ARCHITECTURE.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.catalog import Filters, Index
from closetspace.domain.closet import Taste, Wearables
from closetspace.domain.encoding import FloatArray
from closetspace.domain.noise import explored
from closetspace.domain.style import residuals, side_by_side, unit


@dataclass(frozen=True)
class Ranked:
    """One recommendation: its row in the index, its category, and its score (before exploration)."""

    row: int
    category: str
    score: float


@dataclass(frozen=True)
class Wish:
    """What a ranking is asked for: how many, from what, and how far from the beaten track.

    ``explore`` in 0..1 is the standard deviation, in tenths, of the noise that `closetspace.domain.noise`
    draws from ``seed``. ``shown`` are the keys, as `closetspace.domain.paging` keeps them, of items that must not come
    again.
    """

    count: int
    filters: Filters
    seed: int = 0
    explore: float = 0.0
    shown: frozenset[int] = frozenset()


def queries(worn: Wearables, taste: Taste, index: Index) -> dict[str, FloatArray]:
    """The query of each category of the index, ``(2d,)`` of unit length.

    The first half is what the person owns of the category (of everything, where they own none of it), the
    second their style over all categories.
    """
    style = unit(residuals(worn.vectors, worn.categories, index.category_means).mean(axis=0))
    owned = {interest.category: interest.mean for interest in taste.interests}
    return {category: side_by_side(unit(owned.get(category, taste.mean)), style) for category in index.category_means}


def shares(taste: Taste, index: Index, filters: Filters) -> dict[str, float]:
    """Each category's share of the answer: the closet's mix, narrowed to what the index and the filters have.

    Filtered to categories of which the person owns nothing, those share equally.
    """
    wanted = filters.categories or frozenset(index.category_means)
    mix = {i.category: float(i.count) for i in taste.interests if i.category in wanted & set(index.category_means)}
    mix = mix or {category: 1.0 for category in sorted(wanted) if category in index.category_means}
    total = sum(mix.values())
    return {category: weight / total for category, weight in mix.items()}


def rank(worn: Wearables, taste: Taste, index: Index, wish: Wish) -> list[Ranked]:
    """The best ``wish.count`` items in order, fewer where the index has no more that pass."""
    mask = index.matching(wish.filters)
    mix, query = shares(taste, index, wish.filters), queries(worn, taste, index)
    # Noise lifts items from further down; four times as many leave room for all it can lift in practice.
    asked = (wish.count + len(wish.shown)) * (4 if wish.explore else 1)
    found = [index.search(category, query[category], asked, mask) for category in mix]
    rows, scores = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    category = np.repeat(np.arange(len(mix)), [len(of_category) for of_category, _ in found])
    keys = index.keys(rows)
    noisy = explored(scores, keys, 2 * len(taste.mean), seed=wish.seed, explore=wish.explore)
    shown = np.isin(keys & np.uint64(0xFFFFFFFF), np.fromiter(wish.shown, np.uint64, len(wish.shown)))
    order = np.lexsort((rows, -noisy, category))
    order = order[~shown[order]]
    starts = np.searchsorted(category[order], np.arange(len(mix) + 1))
    start_of = dict(zip(mix, starts, strict=False))
    places = interleave(mix, dict(zip(mix, np.diff(starts).tolist(), strict=True)), wish.count)
    chosen = [(name, order[start_of[name] + place]) for name, place in places]
    return [Ranked(int(rows[i]), name, float(scores[i])) for name, i in chosen]


def interleave(mix: Mapping[str, float], available: Mapping[str, int], count: int) -> list[tuple[str, int]]:
    """``(category, place)`` in order: each step goes to the category furthest behind its share.

    A category that runs out leaves its share to the others.
    """
    taken = dict.fromkeys(mix, 0)
    order: list[tuple[str, int]] = []
    while len(order) < count:
        open_categories = [category for category in mix if taken[category] < available[category]]
        if not open_categories:
            break
        step = len(order) + 1
        category = max(open_categories, key=lambda c: (mix[c] * step - taken[c], mix[c], c))
        order.append((category, taken[category]))
        taken[category] += 1
    return order


def nearest_owned(worn: Wearables, embeddings: FloatArray, most: int = 3) -> list[list[tuple[str, float]]]:
    """For each recommendation the owned items most like it, ``(item id, cosine)``, the nearest first."""
    cosines: NDArray[np.float32] = unit(embeddings) @ unit(worn.vectors).T
    few = min(most, len(worn.ids))
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    return [
        sorted(((worn.ids[i], float(row[i])) for i in places), key=lambda owned: (-owned[1], owned[0]))
        for row, places in zip(cosines, nearest, strict=True)
    ]
