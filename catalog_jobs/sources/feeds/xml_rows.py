"""Splits RSS and Atom with Google's names into rows."""

from collections.abc import Iterator
from typing import IO, Any

from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml
from catalog_jobs.sources.feeds.columns import MORE_IMAGES, Columns, column_name
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
    """Reads entries, whose elements are the columns."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._by_tag: dict[Any, tuple[str, int] | None] = {}

    def row(self, entry: Any) -> Row:
        """Return the values of each field: of elements with different names those of the preferred one."""
        row: Row = {}
        ranks: dict[str, int] = {}
        for child in entry:
            tag = child.tag
            try:
                field_and_rank = self._by_tag[tag]
            except KeyError:
                field_and_rank = self._by_tag[tag] = self._field(tag)
            if field_and_rank is None:
                continue
            # Atom's <link href="..."/> has its value in an attribute.
            value = (child.text or "").strip() or child.get("href", "")
            if not value:
                continue
            field, rank = field_and_rank
            best = ranks.get(field)
            if best is None or (rank < best and field != MORE_IMAGES):
                row[field], ranks[field] = [value], rank
            elif rank == best or field == MORE_IMAGES:
                row[field].append(value)
        return row

    def _field(self, tag: Any) -> tuple[str, int] | None:
        if not isinstance(tag, str):
            return None
        namespace, brace, name = tag.rpartition("}")
        prefix = "g_" if brace and _GOOGLE in namespace else ""
        return self._columns.by_name.get(prefix + column_name(name))
