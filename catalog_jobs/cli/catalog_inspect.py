"""``closetspace catalog inspect``."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.cli.console import exit_on_error, notes, print_json, print_left_out_counts
from catalog_jobs.cli.options import JsonOption, ShopsOption, parse_time
from catalog_jobs.sources.inspection import AUTO, KINDS, Inspector, as_json
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.parsers.currencies import decimals_of
from catalog_jobs.sources.shops import SHIPPED, Shop, find_shop, read_shops
from closetspace.errors import ClosetspaceError

MAX_ROWS = 100
"""Items that the table shows."""


def inspect(
    source: Annotated[str, typer.Argument(metavar="FILE|DIR|URL", help="A page, a product list, a feed or a folder.")],
    kind: Annotated[
        str, typer.Option(metavar="KIND", help=f"What it is: {', '.join(KINDS)}. auto finds out from its content.")
    ] = AUTO,
    base_url: Annotated[str, typer.Option(metavar="URL", help="The address of a page that was saved to a file.")] = "",
    currency: Annotated[str, typer.Option(metavar="CODE", help="The currency of prices that name none.")] = "",
    at: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_time, metavar="TIME", help="The time (ISO 8601) that decides which sale prices apply."
        ),
    ] = None,
    shop: Annotated[
        str,
        typer.Option(metavar="NAME", help="Read it with the settings of this shop of the shops file."),
    ] = "",
    shops: ShopsOption = SHIPPED,
    as_json_line: JsonOption = False,
) -> None:
    """Show what a refresh would read of one page, product list, feed or folder. Stores nothing.

    Exits with 0 if an item was read, else with 1 and the reason.
    """
    with exit_on_error():
        try:
            configured = find_shop(read_shops(shops), shop, shops) if shop else None
            inspector = _inspector(configured, currency, at or datetime.now(UTC))
            inspection = inspector.inspect(source, configured.kind if configured and kind == AUTO else kind, base_url)
        except ClosetspaceError as error:
            if as_json_line:
                _print_json(SourceResult("", (), failure=str(error)))
            raise
    result = inspection.result
    print_left_out_counts(result.left_out)
    if as_json_line:
        _print_json(result)
    else:
        notes.print(f"Read as {inspection.kind}, items: {len(result.items):,}")
        print_items(result.items)
    if result.failure:
        notes.print(f"[red]trouble:[/red] {escape(result.failure)}", soft_wrap=True)
    if not result.items:
        raise typer.Exit(1)


def _inspector(shop: Shop | None, currency: str, now: datetime) -> Inspector:
    if shop is None:
        return Inspector(SourceDefaults("inspect", currency=currency), now)
    defaults = SourceDefaults.from_shop(shop)
    return Inspector(replace(defaults, currency=currency or shop.currency), now, shop.state, shop.results_path)


def _print_json(result: SourceResult) -> None:
    items = [as_json(item) for item in result.items]
    print_json({"items": items, "left_out": dict(result.left_out), "trouble": result.failure})


def print_items(items: Sequence[CatalogItem]) -> None:
    """Print a table of the first `MAX_ROWS` items."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("id", "name", "brand", "price", "colours", "sizes", "picture"):
        table.add_column(heading, overflow="fold")
    for item in items[:MAX_ROWS]:
        cells = (item.id, item.name, item.brand, _price(item), ", ".join(item.colours), ", ".join(item.sizes))
        table.add_row(*map(escape, cells), escape(next(iter(item.image_urls), "")))
    if items:
        Console(highlight=False).print(table)
    if len(items) > MAX_ROWS:
        notes.print(f"{len(items) - MAX_ROWS} more: --json prints all.")


def _price(item: CatalogItem) -> str:
    if item.price is None:
        price = "-"
    else:
        decimals = decimals_of(item.currency)
        price = f"{item.price:,.{decimals}f} {item.currency}".rstrip()
        price += f" (from {item.list_price:,.{decimals}f})" if item.list_price is not None else ""
    return price if item.in_stock else f"{price}, sold out"
