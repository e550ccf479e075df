"""Splits RSS and Atom with Google's names into rows."""

from collections.abc import Iterator
from typing import IO, Any

from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml, local_name
from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits, NotAFeed, Row, field_name

_ROOTS = frozenset(("rss", "feed", "RDF", "channel", "products"))
_ENTRIES = frozenset(("item", "entry", "product"))


def xml_rows(file: IO[bytes], limits: FeedLimits) -> Iterator[Row]:
    """Yield the row of every entry. Raises as `catalog_jobs.sources.feeds.rows.read_rows` does."""
    try:
        feed = BoundedXml(file, _ENTRIES, limits.row)
    except BrokenXml as exc:
        raise NotAFeed(str(exc)) from exc
    if feed.root not in _ROOTS:
        raise NotAFeed(f"its XML begins with <{feed.root}>")
    try:
        yield from map(_row, feed)
    except BrokenXml as exc:
        raise BrokenFeed(str(exc)) from exc


def _row(entry: Any) -> Row:
    row: Row = {}
    for child in entry:
        # Atom's <link href="..."/> has its value in an attribute.
        value = (child.text or "").strip() or child.get("href", "")
        if value and (name := field_name(local_name(child))):
            row.setdefault(name, []).append(value)
    return row
