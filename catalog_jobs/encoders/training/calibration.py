"""Probabilities that mean what they say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_COLDEST, _HOTTEST = 0.05, 20.0
_HALVINGS = 60  # of the span between them: past what a float tells apart


def fit_temperature(logits: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """Return what ``(n, k)`` logits are to be divided by, so that their softmax fits ``(n,)`` labels best.

    The logits are of garments that were not learnt from; without any it is 1. Source: Guo et al., "On Calibration
    of Modern Neural Networks" (2017).
    """
    if not len(labels):
        return 1.0
    scores = np.asarray(logits, np.float64)
    # As if one garment more had any label: few of them, all told right, are no reason to be certain.
    doubt = 1 / (len(labels) + 1)
    right = (1 - doubt) * scores[np.arange(len(labels)), labels].mean() + doubt * scores.mean()
    # The likelihood is concave in 1 / temperature, so its slope has one root.
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        expected = (softmax(scores / np.exp(middle)) * scores).sum(axis=1).mean()
        low, high = (middle, high) if expected > right else (low, middle)
    return float(np.exp((low + high) / 2))


def expected_calibration_error(probabilities: NDArray[Any], labels: NDArray[np.int64], bins: int = 15) -> float:
    """Return how far ``(n, k)`` probabilities of the likeliest labels are from how often these are right.

    Mean over ``bins`` of equal width, weighted by how many garments fall into each.
    """
    if not len(labels):
        return 0.0
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Turn ``(n, k)`` logits into probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
