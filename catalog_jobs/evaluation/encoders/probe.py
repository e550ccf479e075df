"""How much of a label vectors tell linearly: softmax regression, fitted to some of them and tried on others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.encoding import FloatArray

Labels = NDArray[np.int64]

PENALTIES = (1.0, 0.1, 0.01, 0.001)
"""Weights of the squared coefficients, strongest first: each fit starts where the one before ended."""

_STEPS = 60
_HELD_OUT = 5  # one example in so many chooses the penalty
_LEAST_SPREAD = 1e-6  # of the largest; directions with less are rounding


@dataclass(frozen=True)
class SoftmaxProbe:
    """A linear classifier: logits are ``(vectors - mean) @ weights + bias``, standardisation included."""

    mean: FloatArray
    weights: FloatArray
    bias: FloatArray

    def predict(self, vectors: FloatArray) -> Labels:
        """Return the likeliest class of each of ``(n, d)``."""
        labels: Labels = ((vectors - self.mean) @ self.weights + self.bias).argmax(axis=1)
        return labels


def fit_probe(vectors: FloatArray, labels: Labels, classes: int, seed: int = 0) -> SoftmaxProbe:
    """Fit ``(n, d)`` to ``(n,)``; a held-out fifth chooses the penalty, then all are fitted by it."""
    held_out = np.random.default_rng(seed).permutation(np.arange(len(labels)) % _HELD_OUT == 0)
    tried = fit_path(vectors[~held_out], labels[~held_out], classes, PENALTIES)
    right = [(probe.predict(vectors[held_out]) == labels[held_out]).mean() for probe in tried]
    return fit_path(vectors, labels, classes, PENALTIES[: int(np.argmax(right)) + 1])[-1]


def fit_path(
    vectors: FloatArray, labels: Labels, classes: int, penalties: tuple[float, ...], steps: int = _STEPS
) -> list[SoftmaxProbe]:
    """Fit one probe a penalty: mean cross-entropy plus half the penalty times the squared coefficients.

    Coefficients are of standardised features; the bias is free.
    """
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
    scale = np.where(spread > 0, spread, 1).astype(np.float32)
    inputs, axes, curvature = _principal((vectors - mean) / scale)
    targets = np.eye(classes, dtype=np.float32)[labels]
    weights: FloatArray = np.zeros((inputs.shape[1], classes), np.float32)
    probes = []
    for penalty in penalties:
        weights = _descend(inputs, targets, weights, curvature, penalty, steps)
        probes.append(SoftmaxProbe(mean, axes @ weights[:-1] / scale[:, None], weights[-1]))
    return probes


def _principal(features: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Turn centred ``(n, d)`` to its principal axes ``(d, r)``, a column of ones behind, and bound each curvature.

    The bound, half the second moment, holds for the cross-entropy in any direction: Böhning, "Multinomial logistic
    regression algorithm" (1992). Along the principal axes it is diagonal, and the penalty is the same.
    """
    moments, axes = np.linalg.eigh(features.T @ features / len(features))
    kept = moments > _LEAST_SPREAD * max(moments[-1], _LEAST_SPREAD)
    axes = axes[:, kept]
    inputs = np.concatenate([features @ axes, np.ones((len(features), 1), np.float32)], axis=1)
    return inputs, axes, np.append(moments[kept] / 2, 0.5).astype(np.float32)


def _descend(
    inputs: FloatArray, targets: FloatArray, weights: FloatArray, curvature: FloatArray, penalty: float, steps: int
) -> FloatArray:
    """Minimise by Nesterov's accelerated gradient, each coefficient at the step that its curvature allows."""
    decay = np.full((len(curvature), 1), penalty, np.float32)
    decay[-1] = 0
    step: FloatArray = np.reciprocal(curvature[:, None] + decay)
    ahead, momentum = weights, 1.0
    for _ in range(steps):
        gradient = inputs.T @ (_softmax(inputs @ ahead) - targets) / np.float32(len(inputs)) + decay * ahead
        following: FloatArray = ahead - step * gradient
        next_momentum = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = following + np.float32((momentum - 1) / next_momentum) * (following - weights)
        weights, momentum = following, next_momentum
    return weights


def _softmax(logits: FloatArray) -> FloatArray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: FloatArray = shares / shares.sum(axis=1, keepdims=True)
    return result
