"""Reads product feeds: XML or tables, from a file or the web, compressed or not."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

from catalog_jobs.catalog.item import MAX_TEXT
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.layouts import RowOrProduct
from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits, NotAFeed, first
from catalog_jobs.sources.feeds.looks import ItemsByLook
from catalog_jobs.sources.feeds.opening import open_feed
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.products import parse_row
from catalog_jobs.sources.feeds.row_price import learn_format
from catalog_jobs.sources.feeds.rows import read_rows
from catalog_jobs.sources.items import TOO_MANY, ItemCollector, SourceDefaults
from catalog_jobs.sources.parsers.price_context import PriceContext
from catalog_jobs.sources.parsers.values import is_used_condition
from closetspace.domain.index.indexed_item import LeftOut
from closetspace.errors import InvalidInput
from closetspace.ports import ObjectStore

LIMITS = FeedLimits()
OTHER_SIZE = "it is another size of an item"
REPLACEMENT_CHARACTER = "\ufffd"

_is_used = lru_cache(100)(is_used_condition)
_ACCEPTED = (
    "Accepted are RSS or Atom with Google Merchant's names (g:id, g:title, g:image_link), and TSV or CSV with the "
    "columns id, title and image_link, or with others that columns names in the shop's configuration; each may be "
    "compressed with gzip or bzip2, or be the only one in a ZIP archive."
)


def read_feed(
    address: str,
    defaults: SourceDefaults,
    now: datetime,
    limits: FeedLimits = LIMITS,
    cache: ObjectStore | None = None,
) -> SourceResult:
    """Read a feed from a path or a URL. ``cache`` keeps downloads, so that an unchanged feed is not downloaded again.

    If the feed breaks off, the result has the items before the break, and a failure. Raises `InvalidInput` if it is
    not a feed, `Transient` if it can't be downloaded now.
    """
    collector, items = ItemCollector(defaults, now, limits.items), ItemsByLook()
    failure = ""
    try:
        with open_feed(address, limits, cache) as file, _paused_garbage_collection():
            prices = PriceContext(defaults.currency, now)
            options = FeedOptions(limits, defaults.columns, defaults.currency)
            rows = learn_format(read_rows(file, options), prices)
            _collect(rows, collector, items, prices)
    except NotAFeed as exc:
        raise InvalidInput("feed_invalid", f"{address} is no product feed: {exc}. {_ACCEPTED}") from exc
    except (BrokenFeed, OSError) as exc:
        failure = f"The feed could not be read to its end, {len(items)} items in: {exc}."
    if not items and not failure:
        failure = "The feed has no usable product."
    return SourceResult(defaults.source, items.items(), dict(collector.left_out), failure)


@contextmanager
def _paused_garbage_collection() -> Iterator[None]:
    """Pause the search for reference cycles: reading makes none, and each search goes through all items so far."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # The items go to the oldest generation as they are, or the next search would go through all of them at once.
        gc.freeze()
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def _collect(rows: Iterable[RowOrProduct], collector: ItemCollector, items: ItemsByLook, prices: PriceContext) -> None:
    for row in rows:
        if collector.is_full:
            return
        if collector.has_too_many:
            raise BrokenFeed(TOO_MANY)
        product = parse_row(row, prices) if isinstance(row, dict) else row
        is_used = isinstance(row, dict) and "condition" in row and _is_used(first(row, "condition")[:MAX_TEXT])
        if isinstance(product, LeftOut):
            collector.collect(product)
        elif REPLACEMENT_CHARACTER in product.id + product.name:
            collector.left_out["its text is not UTF-8"] += 1
        elif product.group and items.is_other_size(product, is_used):
            for reason in (OTHER_SIZE, *product.remarks):
                collector.left_out[reason] += 1
        elif item := collector.collect(product):
            items.add(product, item, is_used)
