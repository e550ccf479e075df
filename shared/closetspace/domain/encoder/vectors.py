"""Vectors: unit length, means, and the style residuals that an index searches by.

An embedding first shows what an item is, then how it looks. Subtracting the mean of its category leaves the second
part, the style residual. A candidate's score is half the cosine to the closet's mean of its category plus half the
cosine of the two residuals. With both halves in one vector that is one inner product, and because all stored vectors
have the same length, Annoy's angular order is the order of the scores.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def unit(vectors: FloatArray) -> FloatArray:
    """Scale rows, or one vector, to unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: FloatArray = (vectors / np.where(length > 0, length, 1)).astype(np.float32)
    return scaled


def mean_vector(vectors: FloatArray) -> FloatArray:
    """Return the mean over rows, ``(n, d) -> (d,) float32``, in double precision so that the order does not matter."""
    if not len(vectors):
        return np.zeros(0, np.float32)
    mean: FloatArray = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def residuals(vectors: FloatArray, categories: Sequence[str], means: Mapping[str, FloatArray]) -> FloatArray:
    """Return style residuals of unit length, ``(n, d) float32``; a category without a mean has the mean zero."""
    zero = np.zeros(vectors.shape[-1], np.float32)
    centres = np.array([means.get(category, zero) for category in categories], np.float32)
    return unit(vectors - centres.reshape(vectors.shape))


def spread_of(vectors: FloatArray, means: FloatArray) -> FloatArray:
    """Return each vector's distance from its category's mean, ``(n,)``, at least 1e-6.

    ``means`` is one mean for all, ``(d,)``, or one for each, ``(n, d)``.
    """
    spread: FloatArray = np.maximum(np.linalg.norm(vectors - means, axis=1), 1e-6).astype(np.float32)
    return spread


def search_vectors(embeddings: FloatArray, residual: FloatArray) -> FloatArray:
    """Join embeddings and residuals, ``(n, d)`` each, to the vectors of unit length that Annoy indexes, ``(n, 2d)``.

    A query is joined the same way: ``(d,)`` and ``(d,)`` to ``(2d,)``.
    """
    return np.concatenate([embeddings, residual], axis=-1) * np.float32(0.5**0.5)
