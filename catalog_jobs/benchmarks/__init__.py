"""The numbers that the design asks for, measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Measurement:
    """One number beside the one asked for. ``at_most`` says on which side of ``reach`` it has to be."""

    name: str
    value: float
    unit: str
    reach: float
    at_most: bool = True

    @property
    def reached(self) -> bool:
        """Whether the number is as good as asked."""
        return self.value <= self.reach if self.at_most else self.value >= self.reach


Note = Callable[[str], None]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of all stay under."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
