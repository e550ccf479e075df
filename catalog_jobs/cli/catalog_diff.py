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
from catalog_jobs.operations.run_history.comparing import Compared, Example, compared
from catalog_jobs.operations.run_history.snapshot_names import LAST, PREVIOUS, resolve
from closetspace.bootstrap import open_store


def diff(
    store: StoreOption,
    before: Annotated[
        str, typer.Argument(metavar="A", help="The earlier snapshot: its name, or as much of it as tells it apart.")
    ] = PREVIOUS,
    after: Annotated[str, typer.Argument(metavar="B", help="The later one.")] = LAST,
    limit: Annotated[int, typer.Option(min=0, help="Show at most so many items of each kind.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Tell what differs between two snapshots: how many items in all and by shop, and some of them.

    An item counts once: as new or gone, else by its picture, else by its text, else by its price or stock. The last
    two snapshots are compared when none is named; `last` and `previous` name them.
    """
    with exit_on_error():
        snapshots = Snapshots(open_store(store))
        names = snapshots.names()
        earlier, later = resolve(before, names), resolve(after, names)
        found = compared(snapshots.read(earlier), snapshots.read(later), limit)
    if as_json:
        print_json({"before": earlier, "after": later, **found.counts, "shops": found.shops, **_json_examples(found)})
    else:
        _print(found, earlier, later)


def _json_examples(found: Compared) -> dict[str, object]:
    return {"examples": {kind: [asdict(one) for one in shown] for kind, shown in found.examples.items()}}


def _print(found: Compared, earlier: str, later: str) -> None:
    console = Console(highlight=False)
    console.print(f"From {escape(earlier)} to {escape(later)}")
    table = Table("", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for kind in found.counts:
        table.add_column(_words(kind), justify="right")
    for shop, counts in found.shops.items():
        table.add_row(escape(shop), *map(str, counts.values()))
    table.add_section()
    table.add_row("all", *map(str, found.counts.values()))
    console.print(table)
    for kind, shown in found.examples.items():
        console.print(f"[bold]{_words(kind)}[/bold], {len(shown)} of {found.counts[kind]}")
        for example in shown:
            _print_example(console, example)


def _print_example(console: Console, example: Example) -> None:
    console.print(f"  {escape(example.id)}  {escape(example.name)}  ({escape(example.source)})", soft_wrap=True)
    for field, (was, now) in example.changed.items():
        console.print(f"    {field}: {escape(was or '-')} -> {escape(now or '-')}", soft_wrap=True)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
