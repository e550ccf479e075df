"""``closetspace catalog status``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.catalog.run_records import RunRecord, RunRecords
from catalog_jobs.cli.console import check_writable, exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.operations.run_history.page import page
from catalog_jobs.operations.run_history.table import HEADER, rows
from closetspace.bootstrap import open_store
from closetspace.services.index_versions import IndexVersions

_WIDE = 190
"""Characters of the table if the output is not a terminal."""

_NARROW = 150
"""Characters. Narrower terminals show no ids; they begin with the time, which is a column of its own."""

_NARROWEST = 110
"""The least characters of the table. A narrower terminal wraps its lines."""

_COLOURS = {True: "green", False: "red", None: "yellow"}


def status(
    store: StoreOption,
    limit: Annotated[int, typer.Option(min=1, help="The number of runs to show, the newest first.")] = 30,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the runs as an HTML page, with plots over time.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the latest refreshes: what each found and how it ended.

    A run has published, was refused (by which guard, and by how much), has failed, was killed, or still runs.
    """
    with exit_on_error():
        if report:
            check_writable(report)
        objects = open_store(store)
        records = RunRecords(objects).newest(limit, _print_unreadable)
        current = IndexVersions(objects).current()
        in_use = current.version if current else None
        if report:
            report.write_text(page(records, in_use), encoding="utf-8", errors="replace")
            notes.print(f"Wrote {escape(str(report))}", soft_wrap=True)
    if as_json:
        print_json({"current": in_use, "runs": [record.model_dump(mode="json") for record in records]})
    elif records:
        _print(records, in_use)
    else:
        notes.print(f"{escape(store)} has no record of a run. Next: closetspace catalog refresh --store {store}")


def _print_unreadable(run: str, reason: str) -> None:
    notes.print(f"[yellow]left out run {escape(run)}:[/yellow] {escape(reason)}", soft_wrap=True)


def _print(records: Sequence[RunRecord], in_use: str | None) -> None:
    terminal = Console()
    width = max(terminal.width, _NARROWEST) if terminal.is_terminal else _WIDE
    Console(width=width).print(_table(records, with_ids=width >= _NARROW), soft_wrap=True)
    terminal.print(f"In use: {escape(in_use)}" if in_use else "No index is in use.", highlight=False, soft_wrap=True)


def _table(records: Sequence[RunRecord], *, with_ids: bool) -> Table:
    shown = slice(0 if with_ids else 1, None)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in HEADER[shown]:
        table.add_column(name, justify="left" if name in HEADER[:2] else "right", no_wrap=True)
    table.add_column("outcome", overflow="fold")
    for row in rows(records):
        table.add_row(*map(escape, row.cells[shown]), f"[{_COLOURS[row.ok]}]{escape(row.outcome)}[/]")
    return table
