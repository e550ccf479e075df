"""The history of runs as one HTML page that needs nothing from anywhere: plots, and a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from catalog_jobs.catalog.run_records import RunRecord
from catalog_jobs.operations.run_history.series import History, Series, history, number
from catalog_jobs.operations.run_history.telling import HEADER, lines

WIDTH, HEIGHT = 640.0, 130.0
"""Of a plot's field, in the SVG's own units."""


@dataclass(frozen=True)
class Dot:
    """One run in a plot; ``told`` is what the mouse over it shows."""

    x: float
    y: float
    told: str


@dataclass(frozen=True)
class Plot:
    """One number over time, placed in a field of `WIDTH` by `HEIGHT` from ``least``, below, to ``most``."""

    name: str
    dots: tuple[Dot, ...]
    most: str
    least: str

    @property
    def path(self) -> str:
        """The line through the dots, as an SVG polyline has it."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


def report(records: Sequence[RunRecord], in_use: str | None) -> str:
    """Return the page; ``records`` are the newest first, ``in_use`` is the index that answers."""
    shown = history(records)
    return _template().render(
        in_use=in_use,
        header=HEADER,
        lines=lines(records),
        plots=[plot(shown, series) for series in shown.series] if shown else [],
        ends=(shown.first, shown.last) if shown else None,
        width=WIDTH,
        height=HEIGHT,
    )


def _template() -> Template:
    environment = Environment(loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("report.html.j2")


def plot(history: History, series: Series) -> Plot:
    """Place a number over time: the first run at the left edge, the last at the right."""
    span = (history.last - history.first).total_seconds()
    extent = series.most - series.least
    dots = tuple(
        Dot(
            x=WIDTH * (time - history.first).total_seconds() / span if span else WIDTH / 2,
            y=HEIGHT * (series.most - value) / extent if extent else HEIGHT / 2,
            told=f"{time:%Y-%m-%d %H:%M}: {number(value)}",
        )
        for time, value in zip(series.times, series.values, strict=True)
    )
    return Plot(series.name, dots, number(series.most), number(series.least))
