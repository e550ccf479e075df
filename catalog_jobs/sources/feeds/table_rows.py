"""Splits tables, separated by tabs, commas, semicolons or bars, into rows."""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import IO

from catalog_jobs.catalog.folder import TOO_MANY_VALUES
from catalog_jobs.sources.feeds.columns import MORE_IMAGES, REQUIRED
from catalog_jobs.sources.feeds.encodings import WINDOWS_1252, TextLines
from catalog_jobs.sources.feeds.headers import Table, find_header
from catalog_jobs.sources.feeds.layouts import RowOrProduct
from catalog_jobs.sources.feeds.limits import REMARK, BrokenFeed, NotAFeed, Row
from catalog_jobs.sources.feeds.lines import Lines
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.records import records
from catalog_jobs.sources.feeds.taxonomy import STEP
from closetspace.domain.index.indexed_item import LeftOut

TOO_FEW_VALUES = "its row has fewer values than the table has columns"
SHORT = f"{TOO_FEW_VALUES} (kept)"

_RAKUTEN_TRAILER = "TRL"


def table_rows(file: IO[bytes], options: FeedOptions) -> Iterator[RowOrProduct]:
    """Yield every row with values, or why it can't be read. Raises as `catalog_jobs.sources.feeds.rows.read_rows` does.

    Exports of shop systems become products or rows of several rows.
    """
    lines = Lines(TextLines(file), options.limits.row)
    try:
        table = find_header(lines, options)
    except BrokenFeed as exc:
        raise NotAFeed("it is neither XML nor a table") from exc
    rows = _Rows(lines, table).read()
    return table.layout.convert(rows, options) if table.layout.convert else rows


class _Rows:
    """Reads the rows below a header."""

    def __init__(self, lines: Lines, table: Table) -> None:
        self._lines = lines
        self._table = table
        self._examples: dict[str, str] = {}
        single = {positions[0]: field for field, positions in table.positions.items() if len(positions) == 1}
        self._single_fields = [single[position] for position in sorted(single)]
        self._is_single = [position in single for position in range(table.width)]
        self._several = [(field, positions) for field, positions in table.positions.items() if len(positions) > 1]

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
        single = zip(self._single_fields, map(str.strip, compress(values, self._is_single)), strict=True)
        row: Row = {field: [value] for field, value in single if value}
        for field, positions in self._several:
            if found := [value for position in positions if (value := values[position].strip())]:
                row[field] = found if field == MORE_IMAGES else found[:1]
        if self._table.layout.convert:
            for field in self._table.positions:
                row.setdefault(field, [""])
        if self._table.currency:
            row["currency"] = [self._table.currency]
        if steps := [step for position in self._table.path if (step := values[position].strip())]:
            row["product_type"] = [STEP.join(steps).replace("~~", STEP)]
        return row
