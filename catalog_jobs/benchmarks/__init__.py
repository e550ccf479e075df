"""Benchmarks: the measurements that the design has targets for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Measurement:
    """A measured value and its target ``reach``, which is an upper limit with ``at_most``, else a lower one."""

    name: str
    value: float
    unit: str
    reach: float
    at_most: bool = True

    @property
    def reached(self) -> bool:
        """Whether the value meets the target."""
        return self.value <= self.reach if self.at_most else self.value >= self.reach


Note = Callable[[str], None]
"""Prints what a benchmark is doing."""


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the percentile of the values."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
