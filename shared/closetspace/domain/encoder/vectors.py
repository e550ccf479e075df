"""Style residuals: what makes an item different from others of its category.

An item's vector says first what it is, then how it looks. Taking its category's mean away leaves the second.
A candidate's score is half the cosine to the closet's mean of its category and half the cosine of the two
residuals; with both halves stored side by side that is one inner product, and since every stored vector has
the same length, Annoy's angular order is the order of the scores.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

def unit(vectors: FloatArray) -> FloatArray:
    """Rows (or one vector) scaled to unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: FloatArray = (vectors / np.where(length > 0, length, 1)).astype(np.float32)
    return scaled


def mean_of(vectors: FloatArray) -> FloatArray:
    """Mean over rows in double precision, ``(n, d) -> (d,) float32``; the order of rows does not show."""
    if not len(vectors):
        return np.zeros(0, np.float32)
    mean: FloatArray = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def residuals(vectors: FloatArray, categories: Sequence[str], means: Mapping[str, FloatArray]) -> FloatArray:
    """Unit residuals, ``(n, d) float32``; an item of a category without a mean is its own residual."""
    nothing = np.zeros(vectors.shape[-1], np.float32)
    centres = np.array([means.get(category, nothing) for category in categories], np.float32)
    return unit(vectors - centres.reshape(vectors.shape))


def spread_of(vectors: FloatArray, means: FloatArray) -> FloatArray:
    """How far each vector lies from its category's mean, ``(n,)``, never nothing; one mean for all, or one each."""
    spread: FloatArray = np.maximum(np.linalg.norm(vectors - means, axis=1), 1e-6).astype(np.float32)
    return spread


def side_by_side(vectors: FloatArray, residual: FloatArray) -> FloatArray:
    """``(n, d)`` and ``(n, d)`` to the indexed vectors ``(n, 2d)`` of unit length, or one query likewise."""
    return np.concatenate([vectors, residual], axis=-1) * np.float32(0.5**0.5)
