"""Splits product feeds into rows."""

import io
from collections.abc import Iterator
from itertools import islice
from typing import IO

from catalog_jobs.sources.feeds.encodings import encoding_of
from catalog_jobs.sources.feeds.layouts import RowOrProduct
from catalog_jobs.sources.feeds.limits import BrokenFeed
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.table_rows import table_rows
from catalog_jobs.sources.feeds.xml_rows import xml_rows


def read_rows(file: IO[bytes], options: FeedOptions) -> Iterator[RowOrProduct]:
    """Yield every row, or why it can't be read. Exports of shop systems yield products of several rows.

    Raises:
        NotAFeed: before the first row.
        BrokenFeed: after the last readable row.
        OSError: the file can't be read, or decompressed, further.
    """
    start = file.peek(1 << 12)[: 1 << 12] if isinstance(file, io.BufferedReader) else b""
    text = start.decode(encoding_of(start), "replace").lstrip("\ufeff \t\r\n\0")
    is_xml = text.startswith("<")
    rows = xml_rows(file, options) if is_xml else table_rows(file, options)
    most = options.limits.rows
    yield from islice(rows, most)
    if next(rows, None) is not None:
        raise BrokenFeed(f"it has more than {most:,} rows")
