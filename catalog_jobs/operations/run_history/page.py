"""The history of runs as one HTML page without scripts or external files: plots over time, and the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from catalog_jobs.catalog.run_records import RunRecord
from catalog_jobs.operations.run_history.table import HEADER, rows

WIDTH, HEIGHT = 640.0, 130.0
"""The size of a plot, in the SVG's units."""

_LEAST_RUNS = 2
"""Fewer runs make no line."""


@dataclass(frozen=True)
class Dot:
    """One run in a plot; ``label`` is its tooltip."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Plot:
    """A number over time, from ``least`` at the bottom to ``most`` at the top."""

    name: str
    dots: tuple[Dot, ...]
    most: str
    least: str

    @property
    def path(self) -> str:
        """The line through the dots, as the points of an SVG polyline."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


@dataclass(frozen=True)
class History:
    """Plots of the runs between ``first`` and ``last``, in UTC."""

    first: datetime
    last: datetime
    plots: tuple[Plot, ...]


def page(records: Sequence[RunRecord], in_use: str | None) -> str:
    """Return the page; ``records`` are the newest first, ``in_use`` is the version of the index in use."""
    return _template().render(
        in_use=in_use,
        header=HEADER,
        rows=rows(records),
        history=plot_history(records),
        width=WIDTH,
        height=HEIGHT,
    )


def plot_history(records: Sequence[RunRecord]) -> History | None:
    """Plot items of published runs, and changes and duration of all that ended; None if there are too few runs."""
    ended = sorted((record for record in records if record.finished), key=lambda record: record.started)
    published = [record for record in ended if record.report.published]
    if len(ended) < _LEAST_RUNS:
        return None
    first, last = (ended[end].started.astimezone(UTC) for end in (0, -1))

    def plot(name: str, plotted: Sequence[RunRecord], number: Callable[[RunRecord], float]) -> Plot:
        points = [(record.started.astimezone(UTC), float(number(record))) for record in plotted]
        return _plot(name, points, first, last)

    plots = [
        plot("items in the index", published, lambda record: record.items) if len(published) >= _LEAST_RUNS else None,
        plot("changed items", ended, lambda record: record.report.changed),
        plot("duration in seconds", ended, lambda record: record.report.seconds),
    ]
    return History(first, last, tuple(each for each in plots if each))


def _plot(name: str, points: Sequence[tuple[datetime, float]], first: datetime, last: datetime) -> Plot:
    span = (last - first).total_seconds()
    least, most = min(value for _, value in points), max(value for _, value in points)
    dots = tuple(
        Dot(
            x=WIDTH * (time - first).total_seconds() / span if span else WIDTH / 2,
            y=HEIGHT * (most - value) / (most - least) if most > least else HEIGHT / 2,
            label=f"{time:%Y-%m-%d %H:%M}: {_format(value)}",
        )
        for time, value in points
    )
    return Plot(name, dots, _format(most), _format(least))


def _format(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.1f}"


def _template() -> Template:
    environment = Environment(loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.j2")
