"""``closetspace catalog add-shop``."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.cli.catalog_inspect import print_items
from catalog_jobs.cli.console import exit_on_error, notes, print_json, print_left_out_counts
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.sources.discovery import SiteExplorer
from catalog_jobs.sources.inspection import Inspector
from catalog_jobs.sources.inspection import as_json as item_as_json
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.shops_file import append_shop, shop_table
from closetspace.adapters.network.fetching import host_of


def add_shop(
    url: Annotated[str, typer.Argument(metavar="URL", help="The shop, one of its pages, or its feed.")],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The shop's name. Default: its host without www. and ending.")
    ] = "",
    currency: Annotated[str, typer.Option(metavar="CODE", help="The currency of prices that name none.")] = "",
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append the table to this file of shops, or create it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at a shop's site and propose its table for the shops file.

    Reads robots.txt, the page, and what it leads to: a platform's product list, linked feeds, a sitemap and a few
    product pages, about ten requests with a second between them. Shows what a refresh would read. Check the proposal,
    ask the shop, and read its terms before you enable it.
    """
    with exit_on_error():
        address = url if "://" in url else f"https://{url}"
        shop_name = name or _name(address)
        inspector = Inspector(SourceDefaults(shop_name, currency=currency), datetime.now(UTC))
        proposal = SiteExplorer(inspector, shop_name, _report).explore(address)
        if write:
            append_shop(proposal.shop, write)
            notes.print(f"Appended to {escape(str(write))}", soft_wrap=True)
    print_left_out_counts(proposal.result.left_out)
    if as_json:
        fields = proposal.shop.model_dump(mode="json", exclude_unset=True)
        print_json({"shop": fields, "items": [item_as_json(item) for item in proposal.result.items]})
        return
    print_items(proposal.result.items)
    sys.stdout.write(shop_table(proposal.shop))


def _report(line: str) -> None:
    notes.print(f"- {line}", markup=False, soft_wrap=True)


def _name(url: str) -> str:
    """Return a name for a shop: ``www.ono-shop.co.uk`` is ``ono-shop``."""
    host = host_of(url).removeprefix("www.")
    labels = host.split(".")
    word = host if re.fullmatch(r"[\d.]+", host) else max(labels[:-1] or labels, key=len)
    return re.sub(r"[^a-z0-9]+", "-", word.casefold()).strip("-") or "shop"
