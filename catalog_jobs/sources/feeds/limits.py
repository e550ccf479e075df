"""What a feed may cost, and the errors of feeds that are broken or cost more."""

from dataclasses import dataclass

from catalog_jobs.sources.items import MAX_ITEMS

Row = dict[str, list[str]]
"""The values of each field. A field can occur more than once (``additional_image_link``)."""

REMARK = "remark"
"""The field of reasons for which a row counts although it is kept."""

UNPUBLISHED = "the shop does not publish it"


@dataclass(frozen=True)
class FeedLimits:
    """Limits of one feed. A feed that exceeds one is broken there; what came before is read."""

    download: int = 2 * 1024**3
    """Bytes as they are sent. Larger feeds have to be split."""

    download_seconds: float = 1_800.0
    """For the whole download: 2 GB at 9 Mbit/s."""

    unpacked: int = 8 * 1024**3
    """Bytes. Text is packed to a quarter and less."""

    row: int = 1_000_000
    """Bytes of XML, or characters of a table, from one product to the next. Rows have some thousands. All that is in
    memory of the file is one row, which takes up to 40 times its size."""

    rows: int = 5_000_000
    """A million products in five sizes. An empty one takes 20 microseconds."""

    items: int = MAX_ITEMS


class NotAFeed(ValueError):
    """The file is not a feed."""


class BrokenFeed(ValueError):
    """The file begins as a feed and breaks off, or exceeds a limit."""


def first(row: Row, name: str) -> str:
    """Return the first value of a field, ``""`` if the row lacks it."""
    values = row.get(name)
    return values[0] if values else ""
