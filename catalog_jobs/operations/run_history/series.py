"""What is plotted of runs: numbers over time. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog_jobs.catalog.run_records import RunRecord

FEWEST = 2
"""Runs. Of fewer there is no line to draw."""


@dataclass(frozen=True)
class Series:
    """One number of some runs, and when those began, the earliest first."""

    name: str
    times: tuple[datetime, ...]
    values: tuple[float, ...]

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class History:
    """When the first and the last run began, in UTC, and numbers in between."""

    first: datetime
    last: datetime
    series: tuple[Series, ...]


def history(records: Sequence[RunRecord]) -> History | None:
    """Items of the runs that were published, changes and duration of all that ended; None where they are too few."""
    ended = sorted((record for record in records if record.finished), key=lambda record: record.started)
    published = [record for record in ended if record.report.published]
    series = (
        _series("items in the index", published, lambda record: record.items),
        _series("changed items", ended, lambda record: record.report.changed),
        _series("duration in seconds", ended, lambda record: record.report.seconds),
    )
    drawn = tuple(one for one in series if len(one.values) >= FEWEST)
    return History(_when(ended[0]), _when(ended[-1]), drawn) if drawn else None


def _series(name: str, records: Sequence[RunRecord], value: Callable[[RunRecord], float]) -> Series:
    return Series(name, tuple(map(_when, records)), tuple(map(value, records)))


def _when(record: RunRecord) -> datetime:
    return record.started.astimezone(UTC)


def number(value: float) -> str:
    """A number as an axis shows it."""
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.1f}"
