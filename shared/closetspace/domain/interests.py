"""Interests: what a person owns of each category and style, and how near a candidate is to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.background import Background
from closetspace.domain.closet import Wearables
from closetspace.domain.encoding import FloatArray
from closetspace.domain.style import mean_of, residuals, unit

MOST_STYLES = 3
"""Styles that a closet is parted into; a casual, a formal and a sporty one are what few people exceed."""

LEAST_PARTED = 6
"""Items from which on a closet is parted into styles at all."""

_ROUNDS = 20


class Variant(StrEnum):
    """Of what a candidate's similarity is taken."""

    MEAN = "one mean"
    CATEGORY = "mean of the category"
    STYLE = "mean of the category and style"
    STYLES = "mean of the category and several styles"

    @property
    def by_style(self) -> bool:
        """Whether interests are parted by style too."""
        return self is Variant.STYLES


@dataclass(frozen=True)
class Choice:
    """The method for one closet: the variant, and the weight of similarity beside what is worn, in nats per cosine."""

    variant: Variant
    weight: float


DEFAULT = Choice(Variant.STYLE, 0.5)


@dataclass(frozen=True)
class Interest:
    """What a person owns of one category in one style: how many, and their mean ``(d,) float32``."""

    category: str
    count: int
    mean: FloatArray
    style: int = 0


@dataclass(frozen=True)
class Anchors:
    """What candidates of a category are compared with, ``(m, d)`` of unit length each: an embedding and a style.

    ``share`` of a similarity is the embedding's, the rest the style's. ``interests (m,)`` are the places of the
    interests that the rows stand for.
    """

    near: FloatArray
    style: FloatArray
    share: float
    interests: tuple[int, ...]


def styles_of(worn: Wearables, background: Background) -> NDArray[np.int64]:
    """Each item's style, ``(n,)``: the clusters of the items' style residuals (spherical k-means)."""
    if len(worn.ids) < LEAST_PARTED:
        return np.zeros(len(worn.ids), np.int64)
    return _clusters(residuals(worn.vectors, worn.categories, background.usual_means))


def interests_of(worn: Wearables, style: NDArray[np.int64] | None = None) -> tuple[Interest, ...]:
    """An interest a category, or a category and style."""
    style = np.zeros(len(worn.ids), np.int64) if style is None else style
    return tuple(
        Interest(name, len(both), mean_of(worn.vectors[both]), number)
        for name, rows in worn.rows_by_category.items()
        for number in np.unique(style[rows]).tolist()
        for both in [rows[style[rows] == number]]
    )


def without(interests: Sequence[Interest], category: str, style: int, vector: FloatArray) -> tuple[Interest, ...]:
    """The interests of a closet that lacks one item of a category and style."""
    left = []
    for interest in interests:
        if (interest.category, interest.style) != (category, style):
            left.append(interest)
        elif interest.count > 1:
            mean = (interest.mean * interest.count - vector) / np.float32(interest.count - 1)
            left.append(replace(interest, count=interest.count - 1, mean=mean))
    return tuple(left)


def _clusters(points: FloatArray) -> NDArray[np.int64]:
    """A cluster's number for each row; begins with rows far apart, so it needs no chance."""
    centres = [points[np.argmin(points @ points.mean(axis=0))]]
    while len(centres) < MOST_STYLES:
        centres.append(points[np.argmin((points @ np.array(centres).T).max(axis=1))])
    found = np.array(centres)
    for _ in range(_ROUNDS):
        nearest: NDArray[np.int64] = (points @ found.T).argmax(axis=1)
        sums = np.array([points[nearest == k].sum(axis=0) for k in range(len(found))])
        moved = np.where(np.abs(sums).sum(axis=1, keepdims=True) > 0, unit(sums), found)
        if np.array_equal(moved, found):
            break
        found = moved
    return nearest


def anchors(
    interests: Sequence[Interest],
    category: str,
    variant: Variant,
    usual: Mapping[str, FloatArray],
    styles: FloatArray | None = None,
) -> Anchors:
    """What candidates of a category are compared with; ``usual`` are the categories' mean embeddings.

    Where nothing is owned of the category, the mean of everything stands in. ``styles`` are what `styles_in` gives,
    the same for all categories, where it is known already.
    """
    everywhere = range(len(interests))
    own = [place for place in everywhere if interests[place].category == category] or list(everywhere)
    whole = unit(_joint(interests, everywhere if variant is Variant.MEAN else own))[None]
    if variant in (Variant.MEAN, Variant.CATEGORY):
        return Anchors(whole, np.zeros_like(whole), 1.0, (_largest(interests, own),))
    styles = styles_in(interests, variant, usual) if styles is None else styles
    if not variant.by_style:
        return Anchors(whole, styles, 0.5, (_largest(interests, own),))
    near, places = [], []
    for number in _numbers(interests):
        of_style = [place for place in everywhere if interests[place].style == number]
        both = [place for place in of_style if place in own]
        near.append(unit(_joint(interests, both)) if both else whole[0])
        places.append(_largest(interests, both or of_style))
    return Anchors(np.array(near), styles, 0.5, tuple(places))


def styles_in(interests: Sequence[Interest], variant: Variant, usual: Mapping[str, FloatArray]) -> FloatArray:
    """The directions of what a person's styles have beside the usual, ``(styles, d)``; one for all of them together
    unless the variant parts them."""
    everywhere = range(len(interests))
    if not variant.by_style:
        return unit(_style(interests, everywhere, usual))[None]
    of_style = ([p for p in everywhere if interests[p].style == number] for number in _numbers(interests))
    return np.array([unit(_style(interests, places, usual)) for places in of_style])


def _numbers(interests: Sequence[Interest]) -> list[int]:
    return sorted({interest.style for interest in interests})


def similarities(vectors: FloatArray, mean: FloatArray, spread: FloatArray, to: Anchors) -> FloatArray:
    """Of products of one category to each anchor, ``(n, m)``.

    ``vectors (n, d)`` are their embeddings, ``mean (d,)`` is their category's and ``spread (n,)`` how far from it each
    lies: with these an embedding tells its style residual's product with anything.
    """
    if to.share == 1:
        alone: FloatArray = vectors @ to.near.T
        return alone
    # Both in one pass over the embeddings, which are more than any cache holds.
    both = vectors @ np.concatenate([to.near, to.style]).T
    near, style = both[:, : len(to.near)], both[:, len(to.near) :] - to.style @ mean
    joint: FloatArray = np.float32(to.share) * near + np.float32(1 - to.share) * (style / spread[:, None])
    return joint


def _joint(interests: Sequence[Interest], places: Sequence[int]) -> FloatArray:
    counts = np.array([interests[place].count for place in places], np.float32)
    total: FloatArray = counts @ np.array([interests[place].mean for place in places])
    return total


def _style(interests: Sequence[Interest], places: Sequence[int], usual: Mapping[str, FloatArray]) -> FloatArray:
    counts = np.array([interests[place].count for place in places], np.float32)
    nothing = np.zeros_like(interests[0].mean)
    off = [interests[place].mean - usual.get(interests[place].category, nothing) for place in places]
    style: FloatArray = np.asarray(counts @ np.array(off), np.float32)
    return style


def _largest(interests: Sequence[Interest], places: Sequence[int]) -> int:
    return max(places, key=lambda place: (interests[place].count, -place))
