"""What a comparison has to know of the people it is made for: how their lists are measured, and how to show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from catalog_jobs.evaluation.metrics.encoders import Estimate, Flags, Numbers, Rows
from catalog_jobs.evaluation.wardrobes.shop import Shopper


@dataclass(frozen=True)
class Belonging:
    """Something that a shopper owns: its picture, words on it, and what of it fits its owner, if that is measured."""

    picture: Path
    text: str
    fits: Mapping[str, bool] = field(default_factory=dict)


class Judge(Protocol):
    """Measures lists, which are rows of the shop, best first."""

    @property
    def metrics(self) -> Sequence[str]:
        """The names of what is measured of each list, in the order of a table; the first is the headline."""
        ...

    @property
    def legend(self) -> str:
        """Sentences that explain the metrics."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """How many shoppers there are, under the name for them."""
        ...

    def measure(self, shopper: Shopper, rows: Rows) -> Mapping[str, float]:
        """Return every metric of one shopper's list."""
        ...

    def fits(self, shopper: Shopper, rows: Rows) -> Mapping[str, Flags]:
        """Return for each trait which of ``(n,)`` products fit the shopper."""
        ...

    def mean(self, values: Numbers) -> Estimate:
        """Return the mean of a value for each shopper ``(n,)``, with its interval."""
        ...

    def overall(self, lists: Sequence[Rows]) -> Mapping[str, float]:
        """Return what is measured of all lists together."""
        ...

    def describe(self, shopper: Shopper) -> tuple[str, str]:
        """Return a title and a sentence on what fits the shopper."""
        ...

    def belongings(self, shopper: Shopper) -> Sequence[Belonging]:
        """Return what of the shopper's things the methods saw."""
        ...
