"""Means with bootstrap intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % bootstrap interval over ``n`` independent values or clusters."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    def as_json(self) -> dict[str, float]:
        """Return the fields, rounded to four decimals."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def mean_estimate(values: Numbers) -> Estimate:
    """Estimate the mean of ``(n,)`` by resampling the values."""
    return group_mean_estimate({"": values})


def group_mean_estimate(groups: Mapping[str, Numbers]) -> Estimate:
    """Estimate the mean of the groups' means by resampling each group."""
    random = np.random.default_rng(0)
    means = np.mean([_resampled_means(values, random) for values in groups.values()], axis=0)
    low, high = np.percentile(means, (2.5, 97.5))
    value = np.mean([values.mean() for values in groups.values()])
    return Estimate(float(value), float(low), float(high), sum(len(values) for values in groups.values()))


def cluster_mean_estimate(values: Numbers, clusters: Sequence[str]) -> Estimate:
    """Estimate the mean of ``(n,)`` by resampling clusters, because values of one cluster depend on each other.

    ``clusters`` names each value's cluster. The estimate's ``n`` is the number of clusters.
    """
    numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    cluster_of = np.array([numbers[name] for name in clusters])
    sums, counts = np.bincount(cluster_of, values), np.bincount(cluster_of)
    random = np.random.default_rng(0)
    samples = [random.integers(0, len(numbers), len(numbers)) for _ in range(RESAMPLES)]
    means = [sums[sample].sum() / counts[sample].sum() for sample in samples]
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(values.mean()), float(low), float(high), len(numbers))


def _resampled_means(values: Numbers, random: np.random.Generator) -> Numbers:
    samples = (values[random.integers(0, len(values), len(values))] for _ in range(RESAMPLES))
    means: Numbers = np.array([sample.mean() for sample in samples])
    return means
