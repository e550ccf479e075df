"""What a refresh would read of one page, product list, feed or folder, without a store."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from scrapy.http import HtmlResponse

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.fetch_failures import CHALLENGE, is_challenge
from catalog_jobs.sources.items import ItemCollector, SourceDefaults
from catalog_jobs.sources.page_reading import Parser, read_page
from catalog_jobs.sources.parsers.bigcommerce import read_product as read_bigcommerce_page
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.parsers.magento import read_products as read_magento_list
from catalog_jobs.sources.parsers.shopify import read_list as read_shopify_list
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.parsers.woocommerce import read_list as read_woocommerce_list
from catalog_jobs.sources.polite_client import PoliteClient
from catalog_jobs.sources.selection import FolderSource
from catalog_jobs.sources.settings import MAX_PAGE_BYTES, require_contact
from catalog_jobs.sources.shops import DEFAULT_STATE
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import InvalidInput

EMPTY = "it has no products"

AUTO, FEED, FOLDER, STRUCTURED = "auto", "feed", "folder", "structured"

PAGE_PARSERS: dict[str, Callable[["Inspector"], Parser]] = {
    STRUCTURED: lambda by: partial(read_product_page, currency=by.defaults.currency, now=by.now),
    "embedded_state": lambda by: partial(read_search_page, name=by.state, path=by.results_path),
    "shopify": lambda by: partial(read_shopify_list, currency=by.defaults.currency),
    "woocommerce": lambda by: partial(read_woocommerce_list, currency=by.defaults.currency),
    "magento": lambda by: partial(read_magento_list, currency=by.defaults.currency),
    "bigcommerce": lambda by: partial(read_bigcommerce_page, currency=by.defaults.currency, now=by.now),
    "salesforce": lambda by: partial(read_product_page, currency=by.defaults.currency, now=by.now),
}
"""The parser of each kind of shop that has pages, with an inspector's settings. `AUTO` tries them in this order."""

_LIKE_STRUCTURED = ("bigcommerce", "salesforce")
"""Kinds whose pages are read as `STRUCTURED` too, which `AUTO` takes them for."""

KINDS = (AUTO, *PAGE_PARSERS, FEED, FOLDER)

_BEFORE = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Inspection:
    """What was read, and as which kind. ``result.failure`` says why it was not read to its end."""

    kind: str
    result: SourceResult


@dataclass(frozen=True)
class Inspector:
    """Reads files, folders and addresses. ``now`` decides which sale prices apply.

    ``state`` and ``results_path`` are those of `Shop`.
    """

    defaults: SourceDefaults
    now: datetime
    state: str = DEFAULT_STATE
    results_path: str = ""
    client: PoliteClient = field(default_factory=PoliteClient)

    def inspect(self, source: str, kind: str = AUTO, base_url: str = "") -> Inspection:
        """Read a source as one of `KINDS`. ``base_url`` is the address of a page that was saved to a file.

        Raises `InvalidInput` if there is nothing to read, `Transient` if it can't be downloaded now.
        """
        if kind not in KINDS:
            raise InvalidInput("kind_unknown", f"There is no kind {kind}: there are {', '.join(KINDS)}.")
        is_web = source.startswith(("http://", "https://"))
        if kind == FOLDER or (kind == AUTO and not is_web and Path(source).is_dir()):
            return self._folder(Path(source))
        if kind == FEED:
            return self._feed(source)
        data = self.client.get(source) if is_web else _start_of_file(Path(source))
        if len(data) > MAX_PAGE_BYTES:
            return self._large(source, kind)
        text, url = text_of_page(data), base_url or (source if is_web else "")
        if kind != AUTO:
            return self.page(kind, text, url)
        if is_html(text) or text.startswith(("{", "[")):
            return self.page_of_any_kind(text, url)
        return self._feed_or_page(source, text, url)

    def page(self, kind: str, text: str, url: str) -> Inspection:
        """Read a page as one of `PAGE_PARSERS`."""
        page, collector = read_page(PAGE_PARSERS[kind](self), text, url), ItemCollector(self.defaults, self.now)
        items = [item for product in page.products if (item := collector.collect(product))]
        reason = CHALLENGE if page.unreadable and is_challenge(text) else page.unreadable
        if not page.products:
            reason = reason or EMPTY
        return Inspection(kind, SourceResult(self.defaults.source, items, dict(collector.left_out), reason))

    def page_of_any_kind(self, text: str, url: str) -> Inspection:
        """Read a page as the first kind that finds a product on it."""
        pages = [self.page(kind, text, url) for kind in PAGE_PARSERS if kind not in _LIKE_STRUCTURED]
        for found in sorted(pages, key=lambda page: not page.result.items):
            if found.result.items or found.result.left_out:
                return found
        reasons = "; ".join(f"as {page.kind}, {page.result.failure}" for page in pages)
        return Inspection(AUTO, SourceResult(self.defaults.source, (), failure=f"No kind of page: {reasons}"))

    def _folder(self, folder: Path) -> Inspection:
        source = FolderSource(folder, MemoryObjects(), self.defaults.limit)
        return Inspection(FOLDER, source.read(self.now, dry_run=True, progress=lambda _done, _total: None))

    def _feed(self, address: str) -> Inspection:
        require_contact(address)
        return Inspection(FEED, read_feed(address, self.defaults, self.now))

    def _large(self, source: str, kind: str) -> Inspection:
        if kind == AUTO:
            return self._feed(source)
        raise InvalidInput("page_too_large", f"{source} has more than {MAX_PAGE_BYTES:,} bytes, too many for a page.")

    def _feed_or_page(self, source: str, text: str, url: str) -> Inspection:
        try:
            return self._feed(source)
        except InvalidInput as exc:
            # XML that is no feed may be a part of a page.
            if exc.code != "feed_invalid" or not text.startswith("<"):
                raise
            page = self.page_of_any_kind(text, url)
            if not page.result.items:
                raise
            return page


def text_of_page(data: bytes) -> str:
    """Return a page as text, in the encoding that it declares, as a crawl reads it."""
    return HtmlResponse("", body=data).text.lstrip("\ufeff \t\r\n")


def is_html(text: str) -> bool:
    """Return whether the first element of a text, behind comments and the like, is that of a page."""
    start = 0
    # One by one: an expression for all of them could be matched in too many ways.
    while before := _BEFORE.match(text, start):
        start = before.end()
    return _HTML.match(text, start) is not None


def _start_of_file(path: Path) -> bytes:
    """Return a file, or so much of it that it is clear that it is too large for a page."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_PAGE_BYTES + 1)
    except OSError as exc:
        raise InvalidInput("source_missing", f"{path} can't be read: name a file, a folder or an address.") from exc


def as_json(item: CatalogItem) -> dict[str, Any]:
    """Return the fields of an item that its source gives; absent ones are None or empty lists."""
    return {
        "id": item.id,
        "group": item.group or None,
        "variant": item.variant or None,
        "name": item.name,
        "brand": item.brand or None,
        "price": item.price,
        "list_price": item.list_price,
        "currency": item.currency or None,
        "available": item.in_stock,
        "category": item.category or None,
        "gender": item.gender or None,
        "colours": list(item.colours),
        "sizes": list(item.sizes),
        "url": item.url or None,
        "image_urls": list(item.image_urls),
    }
