"""Splits tables, separated by tabs, commas, semicolons or bars, into rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from catalog_jobs.catalog.folder import TOO_MANY_VALUES
from catalog_jobs.sources.feeds.columns import REQUIRED, ColumnNames, Columns, column_name
from catalog_jobs.sources.feeds.encodings import WINDOWS_1252, TextLines
from catalog_jobs.sources.feeds.images import image_addresses
from catalog_jobs.sources.feeds.layouts import MERCHANT, RAKUTEN, RAKUTEN_HEADER, Layout, RowOrProduct, layout_of
from catalog_jobs.sources.feeds.limits import REMARK, BrokenFeed, FeedLimits, NotAFeed, Row
from catalog_jobs.sources.feeds.lines import Lines
from catalog_jobs.sources.feeds.records import records, split_line
from catalog_jobs.sources.feeds.taxonomy import STEP
from closetspace.domain.index.indexed_item import LeftOut

TOO_FEW_VALUES = "its row has fewer values than the table has columns"
SHORT = f"{TOO_FEW_VALUES} (kept)"

_SEPARATORS = "\t|;,"
_SEPARATOR_LINE = re.compile(r"""["']?sep=(?P<separator>.|\\t)["']?\s*""", re.IGNORECASE | re.DOTALL)
_PREAMBLE = 50
"""Lines in which the header is looked for: some tables begin with blank lines, a title or comments."""

_RAKUTEN_HEADER, _RAKUTEN_TRAILER = "HDR|", "TRL"


def table_rows(file: IO[bytes], limits: FeedLimits, own: ColumnNames, currency: str) -> Iterator[RowOrProduct]:
    """Yield every row with values, or why it can't be read.

    ``own`` are the columns that the shop's configuration names, ``currency`` is its currency. Raises as
    `catalog_jobs.sources.feeds.rows.read_rows` does.
    """
    lines = Lines(TextLines(file), limits.row)
    try:
        table = _find_header(lines, own)
    except BrokenFeed as exc:
        raise NotAFeed("it is neither XML nor a table") from exc
    rows = _Rows(lines, table).read()
    return table.layout.convert(rows, limits.items, currency) if table.layout.convert else rows


@dataclass(frozen=True)
class _Table:
    """The header of a table: ``positions`` are those of the columns of each field, the preferred one first."""

    layout: Layout
    separator: str
    width: int
    positions: Mapping[str, Sequence[int]]
    path: Sequence[int] = ()
    has_header: bool = True

    @property
    def missing(self) -> list[str]:
        """The required fields without a column."""
        return [] if self.layout.convert else [field for field in REQUIRED if field not in self.positions]


def _find_header(lines: Lines, own: ColumnNames) -> _Table:
    separators, nearest = _SEPARATORS, None
    for _, line in zip(range(_PREAMBLE), lines, strict=False):
        if match := _SEPARATOR_LINE.fullmatch(line):
            separators = match["separator"].replace("\\t", "\t")
            continue
        if _is_rakuten(line):
            lines.put_back([line])
            width = line.count("|") + 1
            return _table(RAKUTEN, "|", list(RAKUTEN_HEADER[:width]), own, width)
        if line.startswith(_RAKUTEN_HEADER):
            separators = "|"
            continue
        candidates = [
            table for separator in separators if separator in line and (table := _header(line, separator, own))
        ]
        for table in sorted(candidates, key=lambda table: len(table.missing)):
            if not table.missing:
                return table
            if nearest is None or len(table.missing) < len(nearest.missing):
                nearest = table
    missing = nearest.missing if nearest else REQUIRED
    raise NotAFeed(f"its header has no {', '.join(missing)}")


def _header(line: str, separator: str, own: ColumnNames) -> _Table:
    names = [column_name(name) for name in split_line(line, separator)]
    return _table(layout_of(names), separator, names, own, 0)


def _table(layout: Layout, separator: str, names: list[str], own: ColumnNames, width: int) -> _Table:
    # What the configuration says is of the rows as they are.
    layout = MERCHANT if own and layout.convert else layout
    path = [names.index(name) for name in layout.path if name in names] if "product_type" not in own else []
    return _Table(
        layout,
        separator,
        width or len(names),
        Columns(own, layout.columns, layout.fields).positions(names),
        path,
        has_header=not width,
    )


def _is_rakuten(line: str) -> bool:
    """Return whether a line is a product in Rakuten's order of columns."""
    values = line.split("|")
    return len(values) >= RAKUTEN_HEADER.index("pixel") + 1 and all(
        values[RAKUTEN_HEADER.index(name)].startswith(("http://", "https://"))
        for name in ("product_url", "product_image_url")
    )


class _Rows:
    """Reads the rows below a header."""

    def __init__(self, lines: Lines, table: _Table) -> None:
        self._lines = lines
        self._table = table
        self._examples: dict[str, str] = {}

    def read(self) -> Iterator[Row | LeftOut]:
        """Yield every row with values."""
        table, before = self._table, 0
        for number, values in records(self._lines, table.separator, table.width):
            remarks: list[str] = []
            if len(values) != table.width:
                if values[0] == _RAKUTEN_TRAILER:
                    continue
                if any(value.strip() for value in values[table.width :]) and table.has_header:
                    yield self._left_out(number, TOO_MANY_VALUES)
                    continue
                if len(values) < table.width:
                    values += [""] * (table.width - len(values))
                    remarks = [SHORT] if table.has_header else []
            row = self._row(values)
            if remarks and not table.layout.convert and any(field not in row for field in REQUIRED):
                yield self._left_out(number, TOO_FEW_VALUES)
                continue
            if self._lines.windows_1252 > before:
                before = self._lines.windows_1252
                remarks.append(WINDOWS_1252)
            if remarks:
                row[REMARK] = [self._with_example(number, remark) for remark in remarks]
            yield row

    def _left_out(self, number: int, reason: str) -> LeftOut:
        return LeftOut(f"line {number}", self._with_example(number, reason))

    def _with_example(self, number: int, reason: str) -> str:
        return self._examples.setdefault(reason, f"{reason}, first in line {number}")

    def _row(self, values: Sequence[str]) -> Row:
        row: Row = {}
        for field, positions in self._table.positions.items():
            if field == "additional_image_link":
                row[field] = [address for position in positions for address in image_addresses(values[position])]
                continue
            for position in positions:
                if value := values[position].strip():
                    row[field] = image_addresses(value) if field == "image_link" else [value]
                    break
            else:
                if self._table.layout.convert:
                    row[field] = [""]
        if steps := [step for position in self._table.path if (step := values[position].strip())]:
            row["product_type"] = [STEP.join(steps).replace("~~", STEP)]
        return row
