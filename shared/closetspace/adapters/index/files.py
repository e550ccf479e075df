"""The files of an index bundle: opened, mapped into memory and verified against the manifest."""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import annoy
import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.annoy_trees import load_annoy, nearest
from closetspace.domain.encoder.attributes import PackedAttributes, row_length
from closetspace.domain.encoder.encoding_batch import PhotoVectors
from closetspace.domain.encoder.vectors import FloatArray, search_vectors, unit
from closetspace.domain.index.bundle import (
    ATTRIBUTES,
    COLUMNS,
    ITEMS,
    MANIFEST,
    MEANS,
    PHOTO_VECTORS,
    VECTORS,
    Canary,
    CategoryPart,
    Manifest,
)
from closetspace.errors import Incompatible

ITEM_FIELDS = ("id", "name", "brand", "category", "gender", "price", "currency", "src", "url", "in_stock")
"""The columns of the SQLite table, which are fields of an item that answers show."""

LATER_FIELDS = {"list_price": "NULL", "thumbnail": "''"}
"""Columns that bundles of earlier releases lack, with their value there in SQL."""

THUMBNAIL_URLS = "thumbnail_urls"
"""The column with the two ends of the thumbnails' addresses. A bundle that has it keeps the items' keys in SQLite."""

ROW_COLUMNS = ("keys", "products", "spread", "gender", "brand", "price", "in_stock")
"""The columns with a value for each row; the others name what the numbers in them mean."""

CANARY_OVERLAP = 0.8
"""Share of a canary's answer that must be found again: near-ties swap where a processor rounds differently, while a
damaged or foreign Annoy file finds nothing of it."""


class ItemTable:
    """The SQLite table of what answers show, for any number of threads."""

    def __init__(self, path: Path) -> None:
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        # Threads that share a connection get rows of each other's statements, on CPython 3.12 and later.
        self._asking = threading.Lock()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows that a statement finds."""
        with self._asking:
            return self._connection.execute(statement, values).fetchall()


@dataclass(frozen=True)
class BundleFiles:
    """The contents of a bundle's files, by the names in `closetspace.domain.index.bundle`.

    ``means`` are in the order of the manifest's categories, ``trees`` are the Annoy files by category.
    """

    manifest: Manifest
    vectors: FloatArray
    photo_vectors: PhotoVectors
    attributes: PackedAttributes
    means: FloatArray
    columns: Mapping[str, NDArray[Any]]
    items: ItemTable
    trees: Mapping[str, annoy.AnnoyIndex]

    @cached_property
    def parts(self) -> dict[str, CategoryPart]:
        """The parts of the bundle by category."""
        return {part.name: part for part in self.manifest.categories}

    @cached_property
    def category_means(self) -> dict[str, FloatArray]:
        """The mean embedding of each category, ``(d,) float32``."""
        return dict(zip(self.parts, self.means, strict=True))


def open_files(directory: Path) -> BundleFiles:
    """Open and verify a bundle. Raises `Incompatible` if a file is missing, foreign, truncated or changed.

    All files are opened at once, so the folder may be deleted afterwards.
    """
    try:
        manifest = Manifest.from_json((directory / MANIFEST).read_bytes())
        _verify_checksums(directory, manifest)
        with np.load(directory / COLUMNS, allow_pickle=False) as columns:
            loaded_columns = {name: columns[name] for name in columns.files}
        files = BundleFiles(
            manifest,
            _map(directory / VECTORS),
            _map(directory / PHOTO_VECTORS),
            _map(directory / ATTRIBUTES),
            np.load(directory / MEANS, allow_pickle=False),
            loaded_columns,
            ItemTable(directory / ITEMS),
            {part.name: load_annoy(directory / part.annoy_file, manifest.dim) for part in manifest.categories},
        )
        _verify_contents(files)
    except (OSError, ValueError, sqlite3.Error) as exc:
        raise Incompatible(f"the index in {directory.name} can't be opened: {exc}") from exc
    return files


def file_hash(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _map(path: Path) -> NDArray[Any]:
    # A plain view of the mapped file, because slicing a memmap takes ten times as long.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _verify_checksums(directory: Path, manifest: Manifest) -> None:
    for name, expected in manifest.files.items():
        if Path(name).name != name or file_hash(directory / name) != expected:
            raise Incompatible(f"index {manifest.version}: {name} is not the file that was built")
    annoy_files = {part.annoy_file for part in manifest.categories}
    needed = {VECTORS, PHOTO_VECTORS, ATTRIBUTES, MEANS, COLUMNS, ITEMS} | annoy_files
    if missing := needed - set(manifest.files):
        raise Incompatible(f"index {manifest.version}: its manifest has no checksum of {sorted(missing)}")


def _verify_contents(files: BundleFiles) -> None:
    manifest, parts = files.manifest, files.parts
    count, dim = manifest.count, manifest.dim
    checks: dict[str, Callable[[], bool]] = {
        "vectors": lambda: files.vectors.shape == files.photo_vectors.shape == (count, dim),
        "attributes": lambda: files.attributes.shape == (count, row_length(manifest.heads)),
        "means": lambda: files.means.shape == (len(parts), dim),
        "columns": lambda: all(files.columns[name].shape == (count,) for name in ROW_COLUMNS),
        "items": lambda: files.items.rows("SELECT count(*) FROM items") == [(count,)],
        "parts": lambda: sum(part.count for part in parts.values()) == count,
        "trees": lambda: all(files.trees[part.name].get_n_items() == part.count for part in parts.values()),
        "canaries": lambda: all(_canary_passes(canary, files) for canary in manifest.canaries),
    }
    for name, passes in checks.items():
        if not passes():
            raise Incompatible(f"index {manifest.version}: its {name} do not match its manifest")


def _canary_passes(canary: Canary, files: BundleFiles) -> bool:
    vector = files.vectors[canary.row]
    query = search_vectors(vector, unit(vector - files.category_means[canary.category]))
    positions = nearest(files.trees[canary.category], query, len(canary.nearest))
    rows = {files.parts[canary.category].start + position for position in positions}
    return len(rows & set(canary.nearest)) >= CANARY_OVERLAP * len(canary.nearest)
