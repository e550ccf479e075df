"""``closetspace catalog status``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.cli.console import check_writable, exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.operations.run_history.report import report as page
from catalog_jobs.operations.run_history.series import history
from catalog_jobs.operations.run_history.telling import HEADER, lines
from closetspace.bootstrap import open_store
from closetspace.services.index_versions import IndexVersions

_WIDE = 190
"""Characters of the table where no terminal says how many there are."""

_NARROW = 150
"""Characters. In a narrower terminal runs go without their ids, which begin with the same time."""

_NARROWEST = 110
"""Characters that the table takes at least: a terminal may wrap its lines, but nothing is cut."""

_PLOT = 100
"""Characters of a plot at most."""

_COLOURS = {True: "green", False: "red", None: "yellow"}


def status(
    store: StoreOption,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many runs, the newest.")] = 30,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the same goes as a page, as HTML.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the runs of the refresh: what each found and what became of it, and items, changes and duration over time.

    A run is published, refused (by which guard, and by how much), failed, killed, or still running.
    """
    with exit_on_error():
        if report:
            check_writable(report)
        opened = open_store(store)
        records = RunRecords(opened).list(limit, _tell_left_out)
        current = IndexVersions(opened).current()
        in_use = current.version if current else None
        if report:
            report.write_text(page(records, in_use), encoding="utf-8", errors="replace")
            notes.print(f"The page is {escape(str(report))}", soft_wrap=True)
    if as_json:
        print_json({"current": in_use, "runs": [record.model_dump(mode="json") for record in records]})
    elif records:
        _print(records, in_use)
    else:
        notes.print(f"No run has left a record in {escape(store)}. Next: closetspace catalog refresh --store {store}")


def _tell_left_out(run: str, why: str) -> None:
    notes.print(f"[yellow]left out run {escape(run)}:[/yellow] {escape(why)}", soft_wrap=True)


def _print(records: Sequence[RunRecord], in_use: str | None) -> None:
    terminal = Console()
    width = max(terminal.width, _NARROWEST) if terminal.is_terminal else _WIDE
    Console(width=width).print(_table(records, with_ids=width >= _NARROW), soft_wrap=True)
    terminal.print(f"In use: {escape(in_use)}" if in_use else "No index is in use.", highlight=False, soft_wrap=True)
    plots = history(records)
    if plots:
        # It loads a drawing library, which the other commands can do without.
        from catalog_jobs.operations.run_history.terminal_plot import plotted

        typer.echo("\n" + plotted(plots, min(terminal.width, _PLOT), colour=terminal.is_terminal))


def _table(records: Sequence[RunRecord], *, with_ids: bool) -> Table:
    shown = slice(0 if with_ids else 1, None)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in HEADER[shown]:
        table.add_column(name, justify="left" if name in HEADER[:2] else "right", no_wrap=True)
    table.add_column("outcome", overflow="fold")
    for line in lines(records):
        table.add_row(*map(escape, line.cells[shown]), f"[{_COLOURS[line.ok]}]{escape(line.outcome)}[/]")
    return table
