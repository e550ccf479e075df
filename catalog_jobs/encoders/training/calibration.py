"""Calibration of class probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOWEST, _HIGHEST = 0.05, 20.0
_HALVINGS = 60  # of the interval between them: beyond a float's precision


def fit_temperature(logits: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """Return the divisor of logits ``(n, k)`` that maximises the likelihood of labels ``(n,)``; 1 without labels.

    The logits must be of garments outside of the training data. Source: Guo et al., "On Calibration of Modern Neural
    Networks" (2017).
    """
    if not len(labels):
        return 1.0
    scores = np.asarray(logits, np.float64)
    # Add one garment with uniform labels, so that a few correct predictions do not count as certainty.
    uniform = 1 / (len(labels) + 1)
    observed = (1 - uniform) * scores[np.arange(len(labels)), labels].mean() + uniform * scores.mean()
    # The likelihood is concave in 1 / temperature, so its derivative has one root.
    low, high = np.log(_LOWEST), np.log(_HIGHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        expected = (softmax(scores / np.exp(middle)) * scores).sum(axis=1).mean()
        low, high = (middle, high) if expected > observed else (low, middle)
    return float(np.exp((low + high) / 2))


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probabilities of logits ``(n, k)``."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
