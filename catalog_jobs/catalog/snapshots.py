"""Snapshots: the states of the catalog in its store, immutable Parquet files that are named by their time."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.item_table import SCHEMA, TEXT, TEXTS
from catalog_jobs.catalog.parquet import StoredTable, write_parts
from closetspace.errors import FailedPrecondition, Incompatible, NotFound
from closetspace.ports import ObjectStore
from closetspace.services.index_versions import IndexVersions

FOLDER = "catalog/snapshots/"
IMPORTED = "catalog/imported.json"
SUFFIX = ".parquet"

ROWS = 131_072
"""Rows of a part of a file, which is sorted and compressed at once."""

COLUMNS = {"in_stock": "available"}
"""The names of columns in files that are not those of the items' fields. Earlier releases fixed them."""

FILE_TYPES = {TEXT: pa.string(), TEXTS: pa.list_(pa.string())}
FILE_SCHEMA = pa.schema(
    [(COLUMNS.get(field.name, field.name), FILE_TYPES.get(field.type, field.type)) for field in SCHEMA]
)
ADDED = {"list_price": None, "sizes": ()}
"""Columns that files of earlier releases lack, and their values then."""

OPTIONAL = ("price", "list_price", "missing_since")
"""Columns that may be null."""


def to_parquet(items: pa.Table) -> bytes:
    """Return a Parquet file with these items, in the order of their ids."""
    order = pc.sort_indices(items["id"])
    items = items.select(SCHEMA.names).rename_columns(FILE_SCHEMA.names)
    parts = (items.take(order.slice(start, ROWS)) for start in range(0, len(items), ROWS))
    return write_parts(parts, FILE_SCHEMA)


class StoredItems:
    """`catalog_jobs.catalog.item_table.ItemRows` in a Parquet file.

    Raises `Incompatible` if it is not a file of items.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._table, self._name = StoredTable(data, FILE_SCHEMA, name, ADDED), name

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, column: str) -> pa.ChunkedArray:
        return self.select([column])[column]

    def select(self, columns: Sequence[str]) -> pa.Table:
        return self._items(self._table.select([COLUMNS.get(name, name) for name in columns]), columns)

    def batches(self) -> Iterator[pa.Table]:
        """Yield all rows, a few at a time."""
        for batch in self._table.batches():
            yield self._items(batch, SCHEMA.names)

    def filter(self, mask: pa.ChunkedArray) -> pa.Table:
        return self._items(self._table.filter(mask), SCHEMA.names)

    def _items(self, table: pa.Table, columns: Sequence[str]) -> pa.Table:
        for name, column in zip(columns, table.columns, strict=True):
            if column.null_count and name not in OPTIONAL:
                raise Incompatible(f"{self._name} has an item without {name}")
        return table.rename_columns(columns).cast(pa.schema(map(SCHEMA.field, columns)))


@dataclass(frozen=True)
class Snapshots:
    """The snapshots in one store.

    A snapshot becomes the catalog's current state when an index of it is published, or when it is imported. No other
    pointer has to follow, so a run can be killed at any time.
    """

    store: ObjectStore

    def names(self) -> list[str]:
        """Return the names of all snapshots, the oldest first."""
        stats = self.store.list(FOLDER)
        return sorted(s.name.removeprefix(FOLDER).removesuffix(SUFFIX) for s in stats if s.name.endswith(SUFFIX))

    def read(self, name: str) -> pa.Table:
        """Return a snapshot's items, in the order of their ids. Raises `NotFound`."""
        return self.open(name).select(SCHEMA.names)

    def open(self, name: str) -> StoredItems:
        """Return a snapshot's items without reading them all. Raises `NotFound`."""
        return StoredItems(self._data(name), f"snapshot {name}")

    def images(self, name: str) -> list[str]:
        """Return the names of a snapshot's images."""
        images: list[str] = self.open(name)["image"].to_pylist()
        return images

    def write(self, items: pa.Table, now: datetime) -> str:
        """Write a snapshot and return its name."""
        data = to_parquet(items)
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{hashlib.sha256(data).hexdigest()[:8]}"
        self.store.write(f"{FOLDER}{name}{SUFFIX}", data)
        return name

    def import_(self, items: pa.Table, now: datetime) -> str:
        """Write a snapshot, make it the current state without an index, and return its name."""
        name = self.write(items, now)
        self.store.write(IMPORTED, json.dumps({"snapshot": name}).encode())
        return name

    def current(self) -> str | None:
        """Return the current state: the snapshot of the index in use, or a later one that was imported."""
        versions = IndexVersions(self.store)
        current = versions.current()
        names = [self._imported(), versions.manifest(current.version).source if current else None]
        return max((name for name in names if name), default=None)

    def require_current(self) -> str:
        """Return the current state. Raises `FailedPrecondition` if the store has no catalog."""
        name = self.current()
        if name is None:
            raise FailedPrecondition(
                "There is no catalog here: run `closetspace catalog refresh`, or `closetspace catalog import`, first."
            )
        return name

    def delete(self, name: str) -> None:
        """Delete a snapshot."""
        self.store.delete(f"{FOLDER}{name}{SUFFIX}")

    def _data(self, name: str) -> bytes:
        try:
            return self.store.read(f"{FOLDER}{name}{SUFFIX}")
        except NotFound as exc:
            raise NotFound(f"There is no snapshot {name} here.") from exc

    def _imported(self) -> str | None:
        try:
            return str(json.loads(self.store.read(IMPORTED))["snapshot"])
        except NotFound:
            return None
        except (ValueError, KeyError, TypeError) as exc:
            raise Incompatible(f"{IMPORTED} is not readable: {exc}") from exc
