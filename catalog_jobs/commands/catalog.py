"""``closetspace catalog``."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.catalog_folder import read_folder
from catalog_jobs.commands import JsonOption, StoreOption
from catalog_jobs.console import errors_told, notes, print_json, progress_bar
from closetspace.bootstrap import open_store
from closetspace.services.catalog_store import CatalogStore

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The catalog that recommendations come from."""


@app.command("import")
def import_catalog(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with products.csv and images/.")],
    store: StoreOption,
    limit: Annotated[int | None, typer.Option(min=1, help="Import at most this many products.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a folder of products the store's catalog: its items and their pictures.

    products.csv needs the columns id and productDisplayName; brand, subCategory, gender, price, currency, src
    and url are used where there are any. Each product's picture is images/ID.jpg (or .png, .webp).
    """
    with errors_told():
        found = read_folder(source, limit)
        with progress_bar("importing") as progress:
            stored = CatalogStore(open_store(store)).replace(found.items, progress)
    tell_left_out(found.left_out)
    if as_json:
        print_json({"items": len(stored), "left_out": len(found.left_out)})
    else:
        notes.print(f"{len(stored)} items are in {store}. Next: closetspace index build --store {store}")


def tell_left_out(left_out: list[tuple[str, str]]) -> None:
    """Say how many products were left out, why, and an example of each reason."""
    reasons = Counter(reason for _, reason in left_out)
    examples = {reason: item_id for item_id, reason in reversed(left_out)}
    for reason, count in reasons.most_common():
        notes.print(f"[yellow]left out {count}:[/yellow] {escape(f'{reason} (for example {examples[reason]})')}")
