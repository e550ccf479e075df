"""Interests: what a person owns of each category, and how near a candidate is to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from closetspace.domain.encoder.vectors import FloatArray, mean_vector, unit
from closetspace.domain.wardrobe.closet import ClosetArrays

EMBEDDING_SHARE = 0.5
"""Of a similarity the share that is the embedding's; the rest is the style's."""


@dataclass(frozen=True)
class Interest:
    """What a person owns of one category: how many items, and their mean ``(d,) float32``."""

    category: str
    count: int
    mean: FloatArray


@dataclass(frozen=True)
class Anchor:
    """What candidates of a category are compared with: an embedding and a style, ``(d,)`` of unit length each.

    ``interest`` is the place of the interest that stands for it in an answer.
    """

    near: FloatArray
    style: FloatArray
    interest: int


def interests_of(worn: ClosetArrays) -> tuple[Interest, ...]:
    """An interest for each category, in the order of their names."""
    return tuple(
        Interest(name, len(rows), mean_vector(worn.vectors[rows])) for name, rows in worn.rows_by_category.items()
    )


def style_of(interests: Sequence[Interest], usual: Mapping[str, FloatArray]) -> FloatArray:
    """The direction of what a closet has beside the usual, ``(d,)``; ``usual`` are the categories' mean embeddings."""
    nothing = np.zeros_like(interests[0].mean)
    off = np.array([interest.mean - usual.get(interest.category, nothing) for interest in interests])
    return unit(_counts(interests) @ off)


def anchor(interests: Sequence[Interest], category: str, style: FloatArray) -> Anchor:
    """What candidates of a category are compared with; everything owned stands in for a category that is not owned."""
    places = [place for place, interest in enumerate(interests) if interest.category == category]
    places = places or list(range(len(interests)))
    of_them = [interests[place] for place in places]
    near = unit(_counts(of_them) @ np.array([interest.mean for interest in of_them]))
    return Anchor(near, style, max(places, key=lambda place: (interests[place].count, -place)))


def similarity(vectors: FloatArray, mean: FloatArray, spread: FloatArray, to: Anchor) -> FloatArray:
    """Of products of one category to its anchor, ``(n,)``.

    ``vectors (n, d)`` are their embeddings, ``mean (d,)`` is their category's and ``spread (n,)`` how far from it each
    lies: with these an embedding tells its style residual's product with anything.
    """
    near, style = vectors @ to.near, vectors @ to.style
    residual = (style - np.float32(to.style @ mean)) / spread
    joint: FloatArray = np.float32(EMBEDDING_SHARE) * near + np.float32(1 - EMBEDDING_SHARE) * residual
    return joint


def _counts(interests: Sequence[Interest]) -> FloatArray:
    return np.array([interest.count for interest in interests], np.float32)
