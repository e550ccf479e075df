"""Interests: what a person owns of each category, and the similarity of candidates to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from closetspace.domain.encoder.vectors import FloatArray, mean_vector, unit
from closetspace.domain.wardrobe.closet import ClosetArrays

EMBEDDING_SHARE = 0.5
"""Weight of the embedding's cosine in a similarity; the style residual's cosine has the rest."""


@dataclass(frozen=True)
class Interest:
    """What a person owns of one category: the number of items and their mean, ``(d,) float32``."""

    category: str
    count: int
    mean: FloatArray


@dataclass(frozen=True)
class Anchor:
    """What candidates of a category are compared with: an embedding and a style, ``(d,)`` of unit length each.

    ``interest`` is the position of the interest that an answer names for it.
    """

    embedding: FloatArray
    style: FloatArray
    interest: int


def derive_interests(closet: ClosetArrays) -> tuple[Interest, ...]:
    """Return an interest for each category, in alphabetical order."""
    return tuple(
        Interest(name, len(rows), mean_vector(closet.vectors[rows])) for name, rows in closet.rows_by_category.items()
    )


def style_direction(interests: Sequence[Interest], category_means: Mapping[str, FloatArray]) -> FloatArray:
    """Return the direction in which a closet differs from the catalog's categories, ``(d,)`` of unit length."""
    zero = np.zeros_like(interests[0].mean)
    offsets = np.array([interest.mean - category_means.get(interest.category, zero) for interest in interests])
    return unit(_counts(interests) @ offsets)


def build_anchor(interests: Sequence[Interest], category: str, style: FloatArray) -> Anchor:
    """Return the anchor of a category; for a category that is not owned, all owned items are the reference."""
    positions = [position for position, interest in enumerate(interests) if interest.category == category]
    positions = positions or list(range(len(interests)))
    chosen = [interests[position] for position in positions]
    embedding = unit(_counts(chosen) @ np.array([interest.mean for interest in chosen]))
    return Anchor(embedding, style, max(positions, key=lambda position: (interests[position].count, -position)))


def similarity(vectors: FloatArray, mean: FloatArray, spread: FloatArray, anchor: Anchor) -> FloatArray:
    """Return the similarity of one category's items to its anchor, ``(n,)``.

    ``vectors (n, d)`` are their embeddings, ``mean (d,)`` is the category's, and ``spread (n,)`` are the distances from
    it. The style residuals' products follow from these, so the residuals themselves are not needed.
    """
    return joint_similarity(vectors @ anchor.embedding, vectors @ anchor.style, mean, spread, anchor)


def joint_similarity(
    near: FloatArray, style: FloatArray, mean: FloatArray, spread: FloatArray, anchor: Anchor
) -> FloatArray:
    """Return the similarity of items whose embeddings' products with the anchor's vectors are known, ``(n,)`` each."""
    residual = (style - np.float32(anchor.style @ mean)) / spread
    joint: FloatArray = np.float32(EMBEDDING_SHARE) * near + np.float32(1 - EMBEDDING_SHARE) * residual
    return joint


def _counts(interests: Sequence[Interest]) -> FloatArray:
    return np.array([interest.count for interest in interests], np.float32)
