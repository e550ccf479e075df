"""``closetspace catalog``."""

from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli import catalog_diff, catalog_refresh, catalog_status
from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar, print_left_out_counts
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.refresh.index_jobs import import_folder
from closetspace.bootstrap import open_store

app = typer.Typer(no_args_is_help=True)
app.command("refresh")(catalog_refresh.refresh_catalog)
app.command("status")(catalog_status.status)
app.command("diff")(catalog_diff.diff)


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
    """Make a folder of products the store's catalog, in the place of all it had: its items and their pictures.

    products.csv needs the columns id and productDisplayName; brand, subCategory, gender, price, currency, src
    and url are used where there are any. Each product's picture is images/ID.jpg (or .png, .webp).
    """
    with exit_on_error(), progress_bar("importing") as progress:
        count, left_out = import_folder(open_store(store), source, progress, limit)
    print_left_out_counts(left_out)
    if as_json:
        print_json({"items": count, "left_out": sum(left_out.values())})
    else:
        notes.print(f"{count} items are in {store}. Next: closetspace index build --store {store}")
