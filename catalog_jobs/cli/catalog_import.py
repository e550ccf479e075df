"""``closetspace catalog import``."""

from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error, notes, print_json, print_left_out_counts, progress_bar
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.refresh.index_builder import import_folder
from closetspace.bootstrap import open_store


def import_catalog(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with products.csv and images/.")],
    store: StoreOption,
    limit: Annotated[int | None, typer.Option(min=1, help="Import at most this many products.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the catalog in the store by a folder of products.

    products.csv needs the columns id and productDisplayName. Optional are brand, subCategory, gender, price,
    list_price, currency, group, in_stock, src and url. The image of a product is images/ID.jpg (or .png, .webp, .avif).
    """
    with exit_on_error(), progress_bar("importing") as progress:
        count, left_out = import_folder(open_store(store), source, progress, limit)
    print_left_out_counts(left_out)
    if as_json:
        print_json({"items": count, "left_out": sum(left_out.values())})
    else:
        next_command = f"closetspace index build --store {store}"
        notes.print(f"The catalog in {store} has {count} items. Next: {next_command}", soft_wrap=True)
