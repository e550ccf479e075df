"""Splits product feeds into rows."""

import io
from collections.abc import Iterator
from typing import IO

from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits, Row
from catalog_jobs.sources.feeds.table_rows import table_rows
from catalog_jobs.sources.feeds.xml_rows import xml_rows


def read_rows(file: IO[bytes], limits: FeedLimits) -> Iterator[Row]:
    """Yield every row.

    Raises:
        NotAFeed: before the first row.
        BrokenFeed: after the last readable row.
        OSError: the file can't be read, or decompressed, further.
    """
    start = file.peek(1 << 12)[: 1 << 12] if isinstance(file, io.BufferedReader) else b""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_xml = text.startswith(b"<") or start[:2] in (b"\xff\xfe", b"\xfe\xff")
    for number, row in enumerate(xml_rows(file, limits) if is_xml else table_rows(file, limits)):
        if number == limits.rows:
            raise BrokenFeed(f"it has more than {limits.rows:,} rows")
        yield row
