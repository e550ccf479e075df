"""What is measured of encoders, as pure functions of vectors, labels and probabilities."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.encoding import FloatArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

BINS = 15
DRAWS = 2000
_CHUNK = 512  # queries compared at once: their cosines to 10,000 products are 20 MB


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % bootstrap interval, of ``n`` independent things."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Bin:
    """Answers of similar confidence: how many, their mean confidence, and the share of them that is right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class HeadQuality:
    """How a head answers: ``n`` garments, all of whose true labels are known.

    ``accuracy`` is the share whose likeliest label is right; ``answered`` the share where that is likelier than not,
    ``accuracy_answered`` the share of those that is right, None where there are none; ``calibration_error`` the mean
    distance of confidence and accuracy over `BINS` bins of confidence, by their counts (Guo et al., "On Calibration
    of Modern Neural Networks", 2017, eq. 3); ``reliability`` the bins that are not empty.
    """

    n: int
    accuracy: float
    answered: float
    accuracy_answered: float | None
    calibration_error: float
    reliability: tuple[Bin, ...]


@dataclass(frozen=True)
class Confusion:
    """``counts[i][j]`` garments that are ``labels[i]`` were taken for ``labels[j]``; frequent labels come first."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def nearest(queries: FloatArray, vectors: FloatArray, k: int) -> Rows:
    """Return the rows of the ``k`` (or all, if fewer) of ``(n, d)`` with the largest cosine to each of ``(m, d)``.

    Rows have unit length. The best comes first; of equals, the earlier row.
    """
    found = [
        np.argsort(-(queries[start : start + _CHUNK] @ vectors.T), axis=1, kind="stable")[:, :k]
        for start in range(0, len(queries), _CHUNK)
    ]
    return np.concatenate(found) if found else np.empty((0, min(k, len(vectors))), np.int64)


def nearest_others(vectors: FloatArray, k: int) -> Rows:
    """As `nearest`, of each row among the others: ``(n, min(k, n - 1))``."""
    # A row need not be its own nearest: others may be equal to it.
    found = nearest(vectors, vectors, k + 1)
    rows = np.arange(len(vectors))[:, None]
    is_self = found == rows
    is_self[~is_self.any(axis=1), -1] = True  # it was not even among the k + 1: its last one is one too many
    others: Rows = found[~is_self].reshape(len(vectors), -1)
    return others


def neighbour_agreement(neighbours: Rows, labels: Sequence[str]) -> float | None:
    """Return the mean share of ``(n, k)`` neighbours whose label is the same, over rows with a label.

    ``""`` is no label, and agrees with none. None where nothing can be compared.
    """
    names = np.array(labels, object)
    known = names != ""
    if not known.any() or not neighbours.shape[1]:
        return None
    return float((names[neighbours] == names[:, None])[known].mean())


def mean_estimate(values: Numbers) -> Estimate:
    """Return the mean of ``(n,)`` with the interval over resampled values."""
    return group_mean_estimate({"": values})


def group_mean_estimate(groups: Mapping[str, Numbers]) -> Estimate:
    """Return the mean of groups' means, each group resampled by itself."""
    random = np.random.default_rng(0)
    draws = np.mean([_resampled_means(values, random) for values in groups.values()], axis=0)
    low, high = np.percentile(draws, (2.5, 97.5))
    value = np.mean([values.mean() for values in groups.values()])
    return Estimate(float(value), float(low), float(high), sum(len(values) for values in groups.values()))


def cluster_mean_estimate(values: Numbers, clusters: Sequence[str]) -> Estimate:
    """Return the mean of ``(n,)`` with the interval over resampled clusters, whose values depend on each other.

    ``clusters`` names each value's cluster; the estimate's ``n`` counts clusters.
    """
    place = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    rows = np.array([place[name] for name in clusters])
    sums, counts = np.bincount(rows, values), np.bincount(rows)
    random = np.random.default_rng(0)
    drawn = [random.integers(0, len(place), len(place)) for _ in range(DRAWS)]
    low, high = np.percentile([sums[draw].sum() / counts[draw].sum() for draw in drawn], (2.5, 97.5))
    return Estimate(float(values.mean()), float(low), float(high), len(place))


def _resampled_means(values: Numbers, random: np.random.Generator) -> Numbers:
    means: Numbers = np.array([values[random.integers(0, len(values), len(values))].mean() for _ in range(DRAWS)])
    return means


def head_quality(truth: Sequence[str], told: Sequence[str], confidence: Sequence[float]) -> HeadQuality | None:
    """Compare likeliest labels and their probabilities with the truth; ``""`` is unknown, and left out of it."""
    known = np.array([label != "" for label in truth], bool)
    if not known.any():
        return None
    right = (np.array(truth, object) == np.array(told, object))[known]
    sure = np.array(confidence, float)[known]
    answered = sure >= 0.5
    bins = reliability(sure, right)
    return HeadQuality(
        n=len(right),
        accuracy=float(right.mean()),
        answered=float(answered.mean()),
        accuracy_answered=float(right[answered].mean()) if answered.any() else None,
        calibration_error=sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / len(right),
        reliability=bins,
    )


def reliability(confidence: Numbers, right: Flags) -> tuple[Bin, ...]:
    """Sort answers into `BINS` bins of equal width by ``(n,)`` confidence from 0 to 1; empty bins are left out."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(int((place == b).sum()), float(confidence[place == b].mean()), float(right[place == b].mean()))
        for b in np.unique(place)
    )


def confusion(truth: Sequence[str], told: Sequence[str]) -> Confusion:
    """Count what each label was taken for; ``""`` in the truth is left out, as an answer it stays."""
    pairs = Counter((is_, said) for is_, said in zip(truth, told, strict=True) if is_)
    often = Counter(is_ for is_, _ in pairs.elements())
    labels = tuple(sorted({label for pair in pairs for label in pair}, key=lambda label: (-often[label], label)))
    return Confusion(labels, tuple(tuple(pairs[is_, said] for said in labels) for is_ in labels))
