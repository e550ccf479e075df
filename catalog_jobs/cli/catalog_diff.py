"""``closetspace catalog diff``."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.cli.console import exit_on_error, print_json
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.operations.snapshot_diff import (
    LAST,
    PREVIOUS,
    Example,
    SnapshotDiff,
    compare_snapshots,
    find_snapshot,
)
from closetspace.bootstrap import open_store


def diff(
    store: StoreOption,
    before: Annotated[
        str, typer.Argument(metavar="A", help="The earlier snapshot: its name or a unique beginning of it.")
    ] = PREVIOUS,
    after: Annotated[str, typer.Argument(metavar="B", help="The later one.")] = LAST,
    limit: Annotated[int, typer.Option(min=0, help="The most items to show of each kind.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Compare two snapshots: count the items that differ, in all and by shop, and show some of them.

    An item counts once: as new or gone, else by its image, else by its text, else by its price or stock. By default,
    the last two snapshots are compared; `last` and `previous` name them.
    """
    with exit_on_error():
        snapshots = Snapshots(open_store(store))
        names = snapshots.names()
        earlier, later = find_snapshot(before, names), find_snapshot(after, names)
        comparison = compare_snapshots(snapshots.read(earlier), snapshots.read(later), limit)
    if as_json:
        print_json(
            {
                "before": earlier,
                "after": later,
                **comparison.counts,
                "shops": comparison.shops,
                "examples": {kind: list(map(asdict, shown)) for kind, shown in comparison.examples.items()},
            }
        )
    else:
        _print(comparison, earlier, later)


def _print(comparison: SnapshotDiff, earlier: str, later: str) -> None:
    console = Console(highlight=False)
    console.print(f"From {escape(earlier)} to {escape(later)}")
    table = Table("", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for kind in comparison.counts:
        table.add_column(_title(kind), justify="right")
    for shop, counts in comparison.shops.items():
        table.add_row(escape(shop), *map(str, counts.values()))
    table.add_section()
    table.add_row("all", *map(str, comparison.counts.values()))
    console.print(table)
    for kind, shown in comparison.examples.items():
        console.print(f"[bold]{_title(kind)}[/bold], {len(shown)} of {comparison.counts[kind]}")
        for example in shown:
            _print_example(console, example)


def _print_example(console: Console, example: Example) -> None:
    console.print(f"  {escape(example.id)}  {escape(example.name)}  ({escape(example.source)})", soft_wrap=True)
    for field, (before, after) in example.changed.items():
        console.print(f"    {field}: {escape(before or '-')} -> {escape(after or '-')}", soft_wrap=True)


def _title(kind: str) -> str:
    return kind.replace("_", " ")
