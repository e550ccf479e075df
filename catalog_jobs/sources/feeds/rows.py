"""The rows of a product feed, one by one: RSS and Atom with Google's names, and tables of tabs, commas or others."""

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

Row = dict[str, list[str]]
"""Values by field. A field can come more than once (``additional_image_link``)."""

REQUIRED = frozenset(("id", "title", "image_link"))
_ROOTS = frozenset(("rss", "feed", "RDF", "channel", "products"))
_ENTRIES = ("{*}item", "{*}entry", "{*}product")
_LONGEST_LINE = 1 << 20
_SEPARATORS = "\t|;,"


class NoFeed(ValueError):
    """It is not a feed from its start on."""


class BrokenFeed(ValueError):
    """It is a feed, and stops being one somewhere."""


def read_rows(file: IO[bytes]) -> Iterator[Row]:
    """Every row; raises `NoFeed` or, after what could be read, `BrokenFeed`."""
    start = file.peek(1 << 12)[: 1 << 12] if isinstance(file, io.BufferedReader) else b""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _xml_rows(file) if text.startswith(b"<") or start[:2] in (b"\xff\xfe", b"\xfe\xff") else _table_rows(file)


def _xml_rows(file: IO[bytes]) -> Iterator[Row]:
    # Entities are never resolved nor fetched: a small file could make them mean gigabytes, or this machine's files.
    context = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    started = False
    try:
        for event, element in context:
            if not started:
                started = _is_root(element)
            elif event == "end" and _is_entry(element):
                yield _xml_row(element)
                _forget(element)
    except etree.XMLSyntaxError as exc:
        raise (BrokenFeed if started else NoFeed)(f"it is broken XML: {exc.msg}") from exc


def _is_root(element: Any) -> bool:
    name = _local(element)
    if name not in _ROOTS:
        raise NoFeed(f"its XML begins with <{name}>")
    return True


def _is_entry(element: Any) -> bool:
    return f"{{*}}{_local(element)}" in _ENTRIES


def _local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _xml_row(entry: Any) -> Row:
    row: Row = {}
    for child in entry:
        # Atom's <link href="..."/> has its value in an attribute.
        value = (child.text or "").strip() or child.get("href", "")
        if value and (name := _field(_local(child))):
            row.setdefault(name, []).append(value)
    return row


def _forget(element: Any) -> None:
    """Free the entry and all before it: the tree would grow to the whole file."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _table_rows(file: IO[bytes]) -> Iterator[Row]:
    lines = _lines(io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline=""))
    try:
        header = next(lines, "")
        separator = next((mark for mark in _SEPARATORS if mark in header), ",")
        names = [_field(name) for name in next(csv.reader([header], delimiter=separator), [])]
    except (BrokenFeed, csv.Error) as exc:
        raise NoFeed("it is neither XML nor a table in UTF-8") from exc
    if missing := REQUIRED - set(names):
        raise NoFeed(f"its first line names no {', '.join(sorted(missing))}")
    try:
        for values in csv.reader(lines, delimiter=separator):
            if values:
                yield _table_row(names, values)
    except csv.Error as exc:
        raise BrokenFeed(f"it is a broken table: {exc}") from exc


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise BrokenFeed("it has a line of more than a million characters")
        yield line


def _table_row(names: list[str], values: list[str]) -> Row:
    row: Row = {}
    for name, value in zip(names, values, strict=False):
        if not name or not value.strip():
            continue
        # In a table, several pictures share one cell.
        parts = value.split(",") if name == "additional_image_link" else [value]
        row.setdefault(name, []).extend(part.strip() for part in parts if part.strip())
    return row


def _field(name: str) -> str:
    return name.strip().casefold().removeprefix("g:").replace(" ", "_")
