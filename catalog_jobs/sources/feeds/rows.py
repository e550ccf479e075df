"""Splits product feeds into rows."""

import io
from collections.abc import Iterator
from itertools import islice
from typing import IO

from catalog_jobs.sources.feeds.columns import ColumnNames
from catalog_jobs.sources.feeds.encodings import encoding_of
from catalog_jobs.sources.feeds.layouts import RowOrProduct
from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits
from catalog_jobs.sources.feeds.table_rows import table_rows
from catalog_jobs.sources.feeds.xml_rows import xml_rows


def read_rows(
    file: IO[bytes], limits: FeedLimits, own: ColumnNames | None = None, currency: str = ""
) -> Iterator[RowOrProduct]:
    """Yield every row, or why it can't be read. Exports of shop systems yield products of several rows.

    ``own`` are the columns that the shop's configuration names for a field, ``currency`` is its currency.

    Raises:
        NotAFeed: before the first row.
        BrokenFeed: after the last readable row.
        OSError: the file can't be read, or decompressed, further.
    """
    start = file.peek(1 << 12)[: 1 << 12] if isinstance(file, io.BufferedReader) else b""
    text = start.decode(encoding_of(start), "replace").lstrip("\ufeff \t\r\n\0")
    is_xml = text.startswith("<")
    rows = xml_rows(file, limits, own or {}) if is_xml else table_rows(file, limits, own or {}, currency)
    yield from islice(rows, limits.rows)
    if next(rows, None) is not None:
        raise BrokenFeed(f"it has more than {limits.rows:,} rows")
