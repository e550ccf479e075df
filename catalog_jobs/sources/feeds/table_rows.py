"""Splits tables, separated by tabs, commas, semicolons or bars, into rows."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits, NotAFeed, Row, field_name

REQUIRED_COLUMNS = frozenset(("id", "title", "image_link"))
_SEPARATORS = "\t|;,"


def table_rows(file: IO[bytes], limits: FeedLimits) -> Iterator[Row]:
    """Yield every row with values. Raises as `catalog_jobs.sources.feeds.rows.read_rows` does."""
    lines = _RowLines(io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline=""), limits.row)
    try:
        header = next(lines, "")
        separator = next((mark for mark in _SEPARATORS if mark in header), ",")
        names = [field_name(name) for name in next(csv.reader([header], delimiter=separator), [])]
    except (BrokenFeed, csv.Error) as exc:
        raise NotAFeed("it is neither XML nor a table in UTF-8") from exc
    if missing := REQUIRED_COLUMNS - set(names):
        raise NotAFeed(f"its first line has no {', '.join(sorted(missing))}")
    lines.end_row()
    try:
        for values in csv.reader(lines, delimiter=separator):
            if values:
                lines.end_row()
                yield _row(names, values)
    except csv.Error as exc:
        raise BrokenFeed(f"it is a broken table: {exc}") from exc


class _RowLines:
    """The lines of a table. Those of one row, which may have several, have at most ``limit`` characters."""

    def __init__(self, text: io.TextIOWrapper, limit: int) -> None:
        self._text = text
        self._limit = self._left = limit

    def __iter__(self) -> "_RowLines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise BrokenFeed(f"it has a row of more than {self._limit:,} characters")
        if not line:
            raise StopIteration
        return line

    def end_row(self) -> None:
        """Begin a new row."""
        self._left = self._limit


def _row(names: list[str], values: list[str]) -> Row:
    row: Row = {}
    for name, value in zip(names, values, strict=False):
        if not name or not value.strip():
            continue
        # In a table, all additional images are in one cell.
        parts = value.split(",") if name == "additional_image_link" else [value]
        row.setdefault(name, []).extend(part.strip() for part in parts if part.strip())
    return row
