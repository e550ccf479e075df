"""What ``closetspace evaluate`` writes and prints."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import notes, print_json
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.evaluation.inventory import Lists
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, as_numbers, header, lines
from catalog_jobs.evaluation.wardrobes.report import report as page
from closetspace.bootstrap import photo_decoder

_TABLE_WIDTH = 150
"""Characters that the comparison takes: narrower, a terminal may wrap its lines, but nothing is cut."""


def write_lists(lists: Lists, out: Path) -> None:
    """Write the lists as JSON, and warn of those that are too short for a scorer."""
    out.write_text(json.dumps(lists.ids), encoding="utf-8")
    if lists.short:
        shortest = min(len(ids) for ids in lists.ids.values())
        notes.print(
            f"[yellow]too few products:[/yellow] {len(lists.short)} lists are shorter than the {lists.wanted} that a"
            f" scorer needs, the shortest has {shortest}. --side all takes more products.",
            soft_wrap=True,
        )
    notes.print(f"{len(lists.ids)} lists are in {escape(str(out))}", soft_wrap=True)


def write_labels(labels: Mapping[str, Any], out: Path) -> None:
    """Write the labels of photos as JSON."""
    out.write_text(json.dumps(labels), encoding="utf-8")
    notes.print(f"The labels of {len(labels)} photos are in {escape(str(out))}", soft_wrap=True)


def print_comparison(compared: Comparison, encoder: str, options: EvaluateOptions) -> None:
    """Print the comparison as a table or JSON, and write the page if it is asked for."""
    if options.report:
        text = page(compared, _sentence(compared, encoder, options), photo_decoder(options.settings))
        options.report.write_text(text, encoding="utf-8", errors="replace")
        notes.print(f"The page is {escape(str(options.report))}", soft_wrap=True)
    if options.as_json:
        about = {"encoder": encoder, "names": options.names, "side": options.side, "half": options.half}
        print_json({**about, **as_numbers(compared)})
    else:
        print_table(header(compared), lines(compared))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of which nothing is cut."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    Console(width=_TABLE_WIDTH).print(table, soft_wrap=True)


def _sentence(compared: Comparison, encoder: str, options: EvaluateOptions) -> str:
    half = f" (the {options.half} half)" if options.half else ""
    people = ", ".join(f"{count} {name}" for name, count in compared.judge.counts.items())
    return f"{people}{half} and {len(compared.shop.products)} products, seen by {encoder}, names {options.names}."
