"""Finds the header of a table: its separator, its kind, and which column has which field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog_jobs.sources.feeds.columns import REQUIRED, Columns, column_name
from catalog_jobs.sources.feeds.layouts import MERCHANT, RAKUTEN, RAKUTEN_HEADER, Layout, layout_of
from catalog_jobs.sources.feeds.limits import NotAFeed
from catalog_jobs.sources.feeds.lines import Lines
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.records import split_line

_SEPARATORS = "\t|;,"
_SEPARATOR_LINE = re.compile(r"""["']?sep=(?P<separator>.|\\t)["']?\s*""", re.IGNORECASE | re.DOTALL)
_PREAMBLE = 50
"""Lines in which the header is looked for: some tables begin with blank lines, a title or comments."""

_RAKUTEN_FIRST_LINE = "HDR|"


@dataclass(frozen=True)
class Table:
    """The header of a table: ``positions`` are those of the columns of each field, the preferred one first."""

    layout: Layout
    separator: str
    width: int
    positions: Mapping[str, Sequence[int]]
    path: Sequence[int] = ()
    has_header: bool = True
    currency: str = ""
    """That of the names of the columns of prices, such as ``price_eur``."""

    @property
    def missing(self) -> list[str]:
        """The required fields without a column."""
        return [] if self.layout.convert else [field for field in REQUIRED if field not in self.positions]


def find_header(lines: Lines, options: FeedOptions) -> Table:
    """Return the table below the header among the first lines. Raises `NotAFeed` if none has all required fields."""
    separators, nearest = _SEPARATORS, None
    for _, line in zip(range(_PREAMBLE), lines, strict=False):
        if match := _SEPARATOR_LINE.fullmatch(line):
            separators = match["separator"].replace("\\t", "\t")
            continue
        if _is_rakuten(line):
            lines.put_back([line])
            width = line.count("|") + 1
            return _table(RAKUTEN, "|", list(RAKUTEN_HEADER[:width]), options, width)
        if line.startswith(_RAKUTEN_FIRST_LINE):
            separators = "|"
            continue
        candidates = [
            table for separator in separators if separator in line and (table := _header(line, separator, options))
        ]
        for table in sorted(candidates, key=lambda table: len(table.missing)):
            if not table.missing:
                return table
            if nearest is None or len(table.missing) < len(nearest.missing):
                nearest = table
    missing = nearest.missing if nearest else REQUIRED
    raise NotAFeed(f"its header has no {', '.join(missing)}")


def _header(line: str, separator: str, options: FeedOptions) -> Table:
    names = [column_name(name) for name in split_line(line, separator)]
    return _table(layout_of(names), separator, names, options, 0)


def _table(layout: Layout, separator: str, names: list[str], options: FeedOptions, width: int) -> Table:
    own = options.columns
    # What the configuration says is of the rows as they are.
    layout = MERCHANT if own and layout.convert else layout
    path = [names.index(name) for name in layout.path if name in names] if "product_type" not in own else []
    columns = Columns(own, layout.columns, layout.fields)
    names, currency = columns.without_currency(names, options.currency)
    positions = columns.positions(names)
    return Table(layout, separator, width or len(names), positions, path, has_header=not width, currency=currency)


def _is_rakuten(line: str) -> bool:
    """Return whether a line is a product in Rakuten's order of columns."""
    values = line.split("|")
    return len(values) >= RAKUTEN_HEADER.index("pixel") + 1 and all(
        values[RAKUTEN_HEADER.index(name)].startswith(("http://", "https://"))
        for name in ("product_url", "product_image_url")
    )
