"""Splits RSS and Atom with Google's names into rows."""

from collections.abc import Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits, NotAFeed, Row, field_name

_ROOTS = frozenset(("rss", "feed", "RDF", "channel", "products"))
_ENTRIES = frozenset(("item", "entry", "product"))


def xml_rows(file: IO[bytes], limits: FeedLimits) -> Iterator[Row]:
    """Yield the row of every entry. Raises as `catalog_jobs.sources.feeds.rows.read_rows` does.

    An entry is freed when it ends, with all before it. So the tree never holds more than ``limits.row`` bytes of the
    file, of whatever kind: elements, attributes, text, or declarations before the first element.
    """
    entries = _EntryBytes(file, limits.row)
    # Entities are neither resolved nor fetched: they can expand to gigabytes, or name this machine's files.
    context = etree.iterparse(
        entries,
        events=("start-ns", "start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    started = False
    names: set[str] = set()
    try:
        for event, element in context:
            if event == "end" and _local_name(element) in _ENTRIES:
                yield _row(element)
                _free(element)
                entries.end_entry()
            elif event == "start-ns":
                names.update(element)
            elif event == "start":
                started = started or _is_root(element)
                names.update((element.tag, *element.attrib))
                if len(names) > limits.names:
                    raise BrokenFeed(f"its XML has more than {limits.names:,} names")
    except etree.XMLSyntaxError as exc:
        raise (BrokenFeed if started else NotAFeed)(f"it is broken XML: {exc.msg}") from exc
    except _NoEntry as exc:
        raise (BrokenFeed if started else NotAFeed)(str(exc)) from exc


class _NoEntry(Exception):
    """No entry has ended for too long."""


class _EntryBytes:
    """The bytes of a feed, with at most ``limit`` of them from the end of one entry to the end of the next."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = self._left = limit

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises `_NoEntry` beyond the limit."""
        if self._left < 0:
            raise _NoEntry(f"it has no entry within {self._limit:,} bytes")
        data = self._file.read(size)
        self._left -= len(data)
        return data

    def end_entry(self) -> None:
        """Begin a new entry."""
        self._left = self._limit


def _is_root(element: Any) -> bool:
    """Return True for the first element of a feed. Raises `NotAFeed` for that of any other XML."""
    name = _local_name(element)
    if name not in _ROOTS:
        raise NotAFeed(f"its XML begins with <{name}>")
    return True


def _local_name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _row(entry: Any) -> Row:
    row: Row = {}
    for child in entry:
        # Atom's <link href="..."/> has its value in an attribute.
        value = (child.text or "").strip() or child.get("href", "")
        if value and (name := field_name(_local_name(child))):
            row.setdefault(name, []).append(value)
    return row


def _free(element: Any) -> None:
    """Free an entry, and all that ended before it."""
    element.clear()
    while (parent := element.getparent()) is not None:
        while element.getprevious() is not None:
            del parent[0]
        element = parent
