"""Metrics of encoders: neighbours, and the quality of attribute heads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog_jobs.evaluation.metrics.estimates import Numbers
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Mask, Rows

BINS = 15
_CHUNK = 512  # queries compared at once: their cosines to 10,000 products take 20 MB


@dataclass(frozen=True)
class Bin:
    """Answers of similar confidence: their number, mean confidence and accuracy."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class HeadQuality:
    """The quality of a head's answers for ``n`` garments with known labels.

    An answer is given if its label is likelier than not. ``accuracy`` is the share of garments whose likeliest label is
    right, ``answered`` the share with an answer, ``accuracy_answered`` the accuracy of the answers (None without
    answers). ``calibration_error`` is the mean distance of confidence and accuracy over `BINS` bins of confidence,
    weighted by their counts (Guo et al., "On Calibration of Modern Neural Networks", 2017, eq. 3). ``reliability``
    contains the bins that are not empty.
    """

    n: int
    accuracy: float
    answered: float
    accuracy_answered: float | None
    calibration_error: float
    reliability: tuple[Bin, ...]


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix: ``counts[i][j]`` garments are ``labels[i]`` and were classified as ``labels[j]``.

    Labels are sorted by their frequency among the true labels.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def nearest(queries: FloatArray, vectors: FloatArray, k: int) -> Rows:
    """Return the rows of the ``k`` vectors ``(n, d)`` with the largest cosine to each query ``(m, d)``, best first.

    All rows have unit length. Ties go to the earlier row. With fewer than ``k`` vectors all rows are returned.
    """
    chunks = [
        np.argsort(-(queries[start : start + _CHUNK] @ vectors.T), axis=1, kind="stable")[:, :k]
        for start in range(0, len(queries), _CHUNK)
    ]
    return np.concatenate(chunks) if chunks else np.empty((0, min(k, len(vectors))), np.int64)


def nearest_others(vectors: FloatArray, k: int) -> Rows:
    """Return the rows nearest to each row, without the row itself: ``(n, min(k, n - 1))``. See `nearest`."""
    # A row with duplicates need not be its own nearest row.
    rows = nearest(vectors, vectors, k + 1)
    is_self = rows == np.arange(len(vectors))[:, None]
    is_self[~is_self.any(axis=1), -1] = True  # the row is not among its k + 1 nearest: drop the last one
    others: Rows = rows[~is_self].reshape(len(vectors), -1)
    return others


def neighbour_agreement(neighbours: Rows, labels: Sequence[str]) -> float | None:
    """Return the mean share of neighbours ``(n, k)`` that have the row's label, over the labelled rows.

    ``""`` is no label and never agrees. Return None if there is nothing to compare.
    """
    names = np.array(labels, object)
    labelled = names != ""
    if not labelled.any() or not neighbours.shape[1]:
        return None
    return float((names[neighbours] == names[:, None])[labelled].mean())


def head_quality(truth: Sequence[str], predicted: Sequence[str], confidence: Sequence[float]) -> HeadQuality | None:
    """Compare the likeliest labels and their probabilities with the true labels; return None if no true label is known.

    Rows with the truth ``""`` are skipped.
    """
    known = np.array([label != "" for label in truth], bool)
    if not known.any():
        return None
    right = (np.array(truth, object) == np.array(predicted, object))[known]
    known_confidence = np.array(confidence, float)[known]
    answered = known_confidence >= 0.5
    bins = reliability(known_confidence, right)
    return HeadQuality(
        n=len(right),
        accuracy=float(right.mean()),
        answered=float(answered.mean()),
        accuracy_answered=float(right[answered].mean()) if answered.any() else None,
        calibration_error=sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / len(right),
        reliability=bins,
    )


def reliability(confidence: Numbers, right: Mask) -> tuple[Bin, ...]:
    """Sort answers into `BINS` bins of equal width by their confidence ``(n,)`` from 0 to 1; leave out empty bins."""
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(int((bin_of == b).sum()), float(confidence[bin_of == b].mean()), float(right[bin_of == b].mean()))
        for b in np.unique(bin_of)
    )


def confusion(truth: Sequence[str], predicted: Sequence[str]) -> Confusion:
    """Count the classifications of each label. ``""`` is skipped as a truth and counted as a prediction."""
    pairs = Counter((label, answer) for label, answer in zip(truth, predicted, strict=True) if label)
    frequency = Counter(label for label, _ in pairs.elements())
    labels = tuple(sorted({label for pair in pairs for label in pair}, key=lambda label: (-frequency[label], label)))
    return Confusion(labels, tuple(tuple(pairs[label, answer] for answer in labels) for label in labels))
