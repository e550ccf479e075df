"""The history of runs as lines of characters."""

from typing import Any

import plotext

from catalog_jobs.operations.run_history.series import History, Series, number

_HEIGHT = 9  # lines of each plot, its title and times included
_NARROWEST = 40  # columns; below that the numbers leave no room for a line


def plotted(history: History, width: int, *, colour: bool) -> str:
    """One plot below the other, ``width`` columns wide (at least 40)."""
    plotext.terminal.limit(False, False)  # the width is the caller's to know: nothing is cut to a terminal's height
    figure = plotext.figure
    figure.clear()
    figure.theme("simple")  # has no background: fits dark and light terminals
    figure.plot_size(max(width, _NARROWEST), _HEIGHT * len(history.series))
    figure.subplots(len(history.series), 1)
    for row, series in enumerate(history.series, start=1):
        _draw(figure.subplot(row, 1), history, series)
    return str(figure.build().string(colorless=not colour))


def _draw(plot: Any, history: History, series: Series) -> None:
    plot.title(series.name)
    times = [time.timestamp() for time in series.times]
    plot.draw(plot.signal(times, list(series.values), marker="braille").lines(True))
    edges = sorted({series.least, series.most})
    plot.ruler("y").ticks(edges, [number(edge) for edge in edges])
    ends = (history.first, history.last)
    plot.ruler("x").lim(*(end.timestamp() for end in ends))
    plot.ruler("x").ticks([end.timestamp() for end in ends], [f"{end:%d %b %H:%M}" for end in ends])
