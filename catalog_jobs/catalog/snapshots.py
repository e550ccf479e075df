"""Snapshots: the states of the catalog in its store, immutable Parquet files that are named by their time."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.parquet import read_table, write_table
from closetspace.errors import FailedPrecondition, Incompatible, NotFound
from closetspace.ports import ObjectStore
from closetspace.services.index_versions import IndexVersions

FOLDER = "catalog/snapshots/"
IMPORTED = "catalog/imported.json"
SUFFIX = ".parquet"

TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source", "name", "group", "variant", "brand", "category")),
        *((name, pa.string()) for name in ("predicted_category", "gender")),
        ("colours", pa.list_(pa.string())),
        ("price", pa.float64()),
        ("currency", pa.string()),
        ("available", pa.bool_()),
        ("url", pa.string()),
        ("image_urls", pa.list_(pa.string())),
        ("image", pa.string()),
        ("first_seen", TIME),
        ("last_seen", TIME),
        ("missing_since", TIME),
        ("list_price", pa.float64()),
        ("sizes", pa.list_(pa.string())),
    ]
)
ADDED = {"list_price": None, "sizes": ()}
"""Columns that files of earlier releases lack, and their values then."""

FIELDS = ["in_stock" if column == "available" else column for column in SCHEMA.names]
"""The item's field for each column. Files of earlier releases fix the names of columns."""


def to_parquet(items: Sequence[CatalogItem]) -> bytes:
    """Return a Parquet file with these items."""
    values = ([getattr(item, name) for item in items] for name in FIELDS)
    return write_table(dict(zip(SCHEMA.names, values, strict=True)), SCHEMA)


def from_parquet(data: bytes, name: str) -> list[CatalogItem]:
    """Return the items in a file. Raises `Incompatible` if it is not a file of items."""
    rows = read_table(data, SCHEMA, name, ADDED).rename_columns(FIELDS).to_pylist()
    try:
        return [CatalogItem(**row) for row in rows]
    except ValueError as exc:
        raise Incompatible(f"{name} has an invalid catalog item: {exc}") from exc


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

    def read(self, name: str) -> list[CatalogItem]:
        """Return a snapshot's items, in the order of their ids. Raises `NotFound`."""
        return from_parquet(self._data(name), f"snapshot {name}")

    def images(self, name: str) -> list[str]:
        """Return the names of a snapshot's images."""
        images: list[str] = read_table(self._data(name), SCHEMA, f"snapshot {name}", ADDED)["image"].to_pylist()
        return images

    def write(self, items: Sequence[CatalogItem], now: datetime) -> str:
        """Write a snapshot and return its name."""
        data = to_parquet(items)
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{hashlib.sha256(data).hexdigest()[:8]}"
        self.store.write(f"{FOLDER}{name}{SUFFIX}", data)
        return name

    def import_(self, items: Sequence[CatalogItem], now: datetime) -> str:
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
