"""States of the catalog in its store: immutable Parquet files, named by when they were taken."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from catalog_jobs.catalog import parquet
from catalog_jobs.catalog.item import CatalogItem
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
    ]
)


def to_parquet(items: Sequence[CatalogItem]) -> bytes:
    """Items as a file."""
    return parquet.written({name: [getattr(item, name) for item in items] for name in SCHEMA.names}, SCHEMA)


def from_parquet(data: bytes, what: str) -> list[CatalogItem]:
    """A file's items. Raises `Incompatible` when it is not one of items."""
    rows = parquet.read(data, SCHEMA, what).to_pylist()
    try:
        return [CatalogItem(**row) for row in rows]
    except ValueError as exc:
        raise Incompatible(f"{what} holds what is no catalog item: {exc}") from exc


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of one store.

    A snapshot is the catalog's state once an index built of it is in use, or once it was imported: nothing else has to
    be kept in step, whenever a run is killed.
    """

    store: ObjectStore

    def names(self) -> list[str]:
        """Of all snapshots, the oldest first."""
        stats = self.store.list(FOLDER)
        return sorted(s.name.removeprefix(FOLDER).removesuffix(SUFFIX) for s in stats if s.name.endswith(SUFFIX))

    def read(self, name: str) -> list[CatalogItem]:
        """A snapshot's items, by id. Raises `NotFound`."""
        return from_parquet(self._data(name), f"snapshot {name}")

    def images(self, name: str) -> list[str]:
        """The pictures that a snapshot names."""
        found: list[str] = parquet.read(self._data(name), SCHEMA, f"snapshot {name}")["image"].to_pylist()
        return found

    def _data(self, name: str) -> bytes:
        try:
            return self.store.read(f"{FOLDER}{name}{SUFFIX}")
        except NotFound as exc:
            raise NotFound("snapshot_not_found", f"There is no snapshot {name} here.") from exc

    def write(self, items: Sequence[CatalogItem], now: datetime) -> str:
        """Keep a state of the catalog; returns its name."""
        data = to_parquet(items)
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{hashlib.sha256(data).hexdigest()[:8]}"
        self.store.write(f"{FOLDER}{name}{SUFFIX}", data)
        return name

    def import_(self, items: Sequence[CatalogItem], now: datetime) -> str:
        """Keep a state and make it the catalog's, without an index of it."""
        name = self.write(items, now)
        self.store.write(IMPORTED, json.dumps({"snapshot": name}).encode())
        return name

    def last(self) -> str | None:
        """The catalog's state: that of the index in use, or one that was imported since."""
        versions = IndexVersions(self.store)
        current = versions.current()
        names = [self._imported(), versions.manifest(current.version).source if current else None]
        return max((name for name in names if name), default=None)

    def required(self) -> str:
        """The catalog's state. Raises `FailedPrecondition` where there is none."""
        name = self.last()
        if name is None:
            raise FailedPrecondition(
                "There is no catalog here: run `closetspace catalog refresh`, or `closetspace catalog import`, first."
            )
        return name

    def delete(self, name: str) -> None:
        """Forget a snapshot."""
        self.store.delete(f"{FOLDER}{name}{SUFFIX}")

    def _imported(self) -> str | None:
        try:
            return str(json.loads(self.store.read(IMPORTED))["snapshot"])
        except NotFound:
            return None
        except (ValueError, KeyError, TypeError) as exc:
            raise Incompatible(f"{IMPORTED} is not readable: {exc}") from exc
