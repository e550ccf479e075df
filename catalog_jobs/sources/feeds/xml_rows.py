"""Splits RSS and Atom with Google's names into rows."""

from collections.abc import Iterator
from typing import IO, Any

from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml
from catalog_jobs.sources.feeds.columns import IMAGES, MORE_IMAGES, PRICES, Columns, column_name
from catalog_jobs.sources.feeds.limits import BrokenFeed, NotAFeed, Row
from catalog_jobs.sources.feeds.options import FeedOptions

_ROOTS = frozenset(("rss", "feed", "RDF", "channel", "products"))
_ENTRIES = frozenset(("item", "entry", "product"))
_GOOGLE = "base.google.com/"


def xml_rows(file: IO[bytes], options: FeedOptions) -> Iterator[Row]:
    """Yield the row of every entry. Raises as `catalog_jobs.sources.feeds.rows.read_rows` does."""
    try:
        feed = BoundedXml(file, _ENTRIES, options.limits.row)
    except BrokenXml as exc:
        raise NotAFeed(str(exc)) from exc
    if feed.root not in _ROOTS:
        raise NotAFeed(f"its XML begins with <{feed.root}>")
    entries = _Entries(Columns(options.columns))
    try:
        yield from map(entries.row, feed)
    except BrokenXml as exc:
        raise BrokenFeed(str(exc)) from exc


class _Entries:
    """Reads entries, whose attributes and elements are the columns."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._by_tag: dict[Any, tuple[str, int] | None] = {}

    def row(self, entry: Any) -> Row:
        """Return the values of each field: of elements with different names those of the preferred one."""
        row: Row = {}
        ranks: dict[str, int] = {}
        for name, value in entry.items():
            if field_and_rank := self._field(name):
                _add(row, ranks, *field_and_rank, [value.strip()])
        for child in entry:
            if field_and_rank := self._field(child.tag):
                _add(row, ranks, *field_and_rank, _values(child, field_and_rank[0]))
        return row

    def _field(self, tag: Any) -> tuple[str, int] | None:
        """Return the field of an element or an attribute, and its rank, or None."""
        try:
            return self._by_tag[tag]
        except KeyError:
            self._by_tag[tag] = found = self._columns.by_name.get(_column(tag)) if isinstance(tag, str) else None
            return found


def _column(tag: str) -> str:
    namespace, brace, name = tag.rpartition("}")
    return ("g_" if brace and _GOOGLE in namespace else "") + column_name(name)


def _values(element: Any, field: str) -> list[str]:
    text = (element.text or "").strip()
    if text and field in PRICES:
        return [f"{text} {element.get('currency', '')}".rstrip()]
    # Atom's <link href="..."/> has its value in an attribute, and several images may be elements of their own.
    text = text or element.get("href", "")
    inner = element.iter("*") if not text and field in IMAGES else ()
    return [text] if text else [text for image in inner if (text := (image.text or "").strip())]


def _add(row: Row, ranks: dict[str, int], field: str, rank: int, values: list[str]) -> None:
    best = ranks.get(field)
    if not values:
        return
    if best is None or (rank < best and field != MORE_IMAGES):
        row[field], ranks[field] = values, rank
    elif rank == best or field == MORE_IMAGES:
        row[field] += values
