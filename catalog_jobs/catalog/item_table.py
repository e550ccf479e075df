"""Catalog items as rows of Arrow tables, which take a tenth of the memory of objects. Pure."""

from collections import namedtuple
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.item import CatalogItem, content_key

BATCH = 8_192
"""Rows that are Python objects at once."""

TIME = pa.timestamp("us", tz="UTC")
TEXT, TEXTS = pa.large_string(), pa.list_(pa.large_string())
"""Large: 2 million items have more than the 2 GB of image URLs that offsets of 32 bits can address."""

SCHEMA = pa.schema(
    [
        *((name, TEXT) for name in ("id", "source", "name", "group", "variant", "brand", "category")),
        *((name, TEXT) for name in ("predicted_category", "gender")),
        ("colours", TEXTS),
        ("price", pa.float64()),
        ("currency", TEXT),
        ("in_stock", pa.bool_()),
        ("url", TEXT),
        ("image_urls", TEXTS),
        ("image", TEXT),
        ("first_seen", TIME),
        ("last_seen", TIME),
        ("missing_since", TIME),
        ("list_price", pa.float64()),
        ("sizes", TEXTS),
    ]
)
"""A column for each field of an item."""

KEY, KEY_TYPE = "content_key", pa.string()
"""The column that `with_content_keys` adds, and its type."""


class ItemRows(Protocol):
    """Items by column: a table, or a file that decompresses what is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, column: str) -> pa.ChunkedArray: ...

    def select(self, columns: Sequence[str]) -> pa.Table: ...

    def filter(self, mask: pa.ChunkedArray) -> pa.Table: ...


@dataclass(frozen=True)
class JoinedRows:
    """The rows of several parts, in order."""

    parts: Sequence[ItemRows]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __getitem__(self, column: str) -> pa.ChunkedArray:
        return self.select([column])[column]

    def select(self, columns: Sequence[str]) -> pa.Table:
        return pa.concat_tables([SCHEMA.empty_table().select(columns), *(part.select(columns) for part in self.parts)])

    def filter(self, mask: pa.ChunkedArray) -> pa.Table:
        return self.select(SCHEMA.names).filter(mask)


def table_of(items: Sequence[CatalogItem]) -> pa.Table:
    """Return a table of items."""
    return pa.table({name: [getattr(item, name) for item in items] for name in SCHEMA.names}, SCHEMA)


def items_of(table: pa.Table) -> Iterator[CatalogItem]:
    """Yield the items of a table, a batch at a time.

    They were valid when they came into the table, and are not cleaned again: that could change their content keys.
    """
    for row in rows_of(table, SCHEMA.names):
        yield CatalogItem.model_construct(**row._asdict())


def rows_of(table: pa.Table, columns: Sequence[str]) -> Iterator[Any]:
    """Yield rows with some fields of an item, a batch at a time. A named tuple takes a tenth of an item's time."""
    row: Any = namedtuple("Row", columns)  # type: ignore[misc]
    for batch in table.select(columns).to_batches(BATCH):
        values = [
            map(tuple, column.to_pylist()) if column.type == TEXTS else column.to_pylist() for column in batch.columns
        ]
        yield from map(row._make, zip(*values, strict=True))


def with_content_keys(table: pa.Table) -> pa.Table:
    """Return the table with the items' content keys as its last column."""
    batches = table.select(["image", "name", "brand"]).to_batches(BATCH)
    keys = [
        pa.array(map(content_key, *(column.to_pylist() for column in batch.columns)), KEY_TYPE) for batch in batches
    ]
    return table.append_column(KEY, pa.chunked_array(keys, KEY_TYPE))


def is_unique(values: pa.ChunkedArray) -> bool:
    """Return whether no two values are equal."""
    return bool(pc.count_distinct(values).as_py() == len(values))


def with_unique(table: pa.Table, column: str) -> pa.Table:
    """Return the table without rows whose value in a column a later row has."""
    if is_unique(table[column]):
        return table
    rows = table.select([column]).append_column("row", pa.array(np.arange(len(table))))
    return table.take(rows.group_by(column).aggregate([("row", "max")])["row_max"].sort())


def is_of(items: ItemRows, sources: Collection[str]) -> pa.ChunkedArray:
    """Return for each item whether it is of one of these sources."""
    return pc.is_in(items["source"], value_set=pa.array(sources, TEXT))


def count_by_value(values: pa.ChunkedArray) -> dict[str, int]:
    """Return how often each value occurs."""
    return {counted["values"].as_py(): counted["counts"].as_py() for counted in pc.value_counts(values)}
