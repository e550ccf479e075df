"""An index bundle, verified and open: arrays and trees mapped into memory, what answers show in SQLite."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import annoy
import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.writer import SHOWN, file_hash, nearest
from closetspace.domain.encoder.attributes import Heads, PackedAttributes, row_length
from closetspace.domain.encoder.descriptor import UNISEX
from closetspace.domain.encoder.encoding_batch import PHOTO_SCALE
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
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Candidates, Keys, Mask, Rows
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import Incompatible

OF_EACH = ("keys", "products", "spread", "gender", "brand", "price", "in_stock")
"""Columns that have a value a row; the others name what numbers in them mean."""


class Bundle:
    """`closetspace.domain.index.index.Index` over a bundle's folder.

    Everything is opened at once, so the folder may be deleted while the bundle is in use; the memory goes with
    the last reference to it.
    """

    def __init__(self, directory: Path, *, exact_scan_items: int) -> None:
        """Open and verify. Raises `Incompatible` when a file is missing, foreign, cut short or changed."""
        try:
            self.manifest = Manifest.from_json((directory / MANIFEST).read_bytes())
            _verify_files(directory, self.manifest)
            self._vectors = _mapped(directory / VECTORS)
            self._photos = _mapped(directory / PHOTO_VECTORS)
            self._attributes = _mapped(directory / ATTRIBUTES)
            self._means: FloatArray = np.load(directory / MEANS, allow_pickle=False)
            with np.load(directory / COLUMNS, allow_pickle=False) as columns:
                self._columns = {name: columns[name] for name in columns.files}
            address = f"{(directory / ITEMS).absolute().as_uri()}?mode=ro&immutable=1"
            self._items = sqlite3.connect(address, uri=True, check_same_thread=False)
            self._trees = {p.name: self._tree(directory / p.annoy_file) for p in self.manifest.categories}
            self._parts = {part.name: part for part in self.manifest.categories}
            self._exact_scan_items = exact_scan_items
            self._verify_contents()
        except (OSError, ValueError, sqlite3.Error) as exc:
            raise Incompatible(f"the index in {directory.name} can't be opened: {exc}") from exc

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def encoder_id(self) -> str:
        return self.manifest.encoder

    @cached_property
    def category_means(self) -> Mapping[str, FloatArray]:
        return dict(zip(self._parts, self._means, strict=True))

    @property
    def dim(self) -> int:
        return self.manifest.dim

    @property
    def heads(self) -> Heads:
        return self.manifest.heads

    @property
    def blocks(self) -> Mapping[str, int]:
        return self.manifest.blocks

    def matching(self, filters: Filters) -> Mask | None:
        column, masks = self._columns, list[Mask]()
        if filters.gender is not None:
            masks.append(self._named("gender", {filters.gender, UNISEX}))
        if filters.brands is not None:
            masks.append(self._named("brand", filters.brands))
        if filters.brands_out:
            masks.append(~self._named("brand", filters.brands_out))
        # An item without a price passes neither bound: comparisons with NaN are false.
        if filters.price_min is not None:
            masks.append(column["price"] >= filters.price_min)
        if filters.price_max is not None:
            masks.append(column["price"] <= filters.price_max)
        if filters.in_stock:
            masks.append(column["in_stock"])
        return np.logical_and.reduce(masks) if masks else None

    def _named(self, column: str, names: Collection[str]) -> Mask:
        wanted = np.isin(self._columns[f"{column}s"], [name.casefold() for name in names])
        named: Mask = wanted[self._columns[column]]
        return named

    def candidates(self, category: str, query: FloatArray, limit: int, mask: Mask | None) -> Candidates:
        part = self._parts[category]
        whole = slice(part.start, part.start + part.count)
        if mask is None and part.count <= self._exact_scan_items:
            # Slices of what is mapped are scanned where they lie; only a filter makes copies of its rows.
            return self._rows(whole, np.arange(whole.start, whole.stop))
        rows = np.arange(whole.start, whole.stop) if mask is None else np.flatnonzero(mask[whole]) + whole.start
        if len(rows) > self._exact_scan_items:
            rows = np.unique(self._through_annoy(part, query, limit, mask, len(rows)))
        return self._rows(rows, rows)

    def _rows(self, which: Rows | slice, rows: Rows) -> Candidates:
        return Candidates(rows, self._vectors[which], self._columns["spread"][which], self._attributes[which])

    def rows_of(self, item_ids: Sequence[str]) -> Rows:
        marks = ",".join("?" * len(item_ids))
        found = dict(self._items.execute(f"SELECT id, row FROM items WHERE id IN ({marks})", list(item_ids)).fetchall())  # noqa: S608
        return np.array([found.get(item_id, -1) for item_id in item_ids], np.int64)

    def rows_of_keys(self, keys: Keys) -> Rows:
        return self._short_keys.rows(keys)

    def rows_of_products(self, products: Keys) -> Rows:
        return self._products.rows(products)

    def vectors(self, rows: Rows) -> FloatArray:
        found: FloatArray = self._vectors[rows]
        return found

    def photo_vectors(self, rows: Rows) -> FloatArray:
        found: FloatArray = self._photos[rows].astype(np.float32) / np.float32(PHOTO_SCALE)
        return found

    def attributes(self, rows: Rows) -> PackedAttributes:
        found: PackedAttributes = self._attributes[rows]
        return found

    def products(self, rows: Rows) -> Keys:
        found: Keys = self._columns["products"][rows]
        return found

    def brands(self, rows: Rows) -> NDArray[np.int32]:
        found: NDArray[np.int32] = self._columns["brand"][rows]
        return found

    def keys(self, rows: Rows) -> Keys:
        found: Keys = self._columns["keys"][rows]
        return found

    def items(self, rows: Rows) -> Sequence[IndexedItem]:
        numbers = [int(row) for row in rows]
        marks = ",".join("?" * len(numbers))
        found = self._items.execute(f"SELECT row, {', '.join(SHOWN)} FROM items WHERE row IN ({marks})", numbers)  # noqa: S608
        by_row = {row: shown for row, *shown in found.fetchall()}
        return [_item(*by_row[row]) for row in numbers]

    def _through_annoy(self, part: CategoryPart, query: FloatArray, k: int, mask: Mask | None, passing: int) -> Rows:
        asked = min(part.count, k * part.count // passing + k)
        while True:
            rows = np.array(nearest(self._trees[part.name], query, asked)[0], np.int64) + part.start
            kept = rows[mask[rows]] if mask is not None else rows
            if len(kept) >= min(k, passing) or asked == part.count:
                return kept[:k]
            asked = min(part.count, asked * 2)

    def _tree(self, path: Path) -> annoy.AnnoyIndex:
        tree = annoy.AnnoyIndex(2 * self.manifest.dim, "angular")
        tree.load(str(path))
        return tree

    @cached_property
    def _short_keys(self) -> "_Lookup":
        return _Lookup(self._columns["keys"] & np.uint64(0xFFFFFFFF))

    @cached_property
    def _products(self) -> "_Lookup":
        return _Lookup(self._columns["products"])

    def _verify_contents(self) -> None:
        count, dim = self.manifest.count, self.manifest.dim
        checks: dict[str, Callable[[], bool]] = {
            "vectors": lambda: self._vectors.shape == self._photos.shape == (count, dim),
            "attributes": lambda: self._attributes.shape == (count, row_length(self.manifest.heads)),
            "means": lambda: self._means.shape == (len(self._parts), dim),
            "columns": lambda: all(self._columns[name].shape == (count,) for name in OF_EACH),
            "items": lambda: self._items.execute("SELECT count(*) FROM items").fetchone()[0] == count,
            "parts": lambda: sum(part.count for part in self._parts.values()) == count,
            "trees": lambda: all(self._trees[p.name].get_n_items() == p.count for p in self._parts.values()),
            "canaries": lambda: all(self._canary_holds(canary) for canary in self.manifest.canaries),
        }
        for name, holds in checks.items():
            if not holds():
                raise Incompatible(f"index {self.version}: its {name} do not match its manifest")

    def _canary_holds(self, canary: Canary) -> bool:
        part = self._parts[canary.category]
        vector = self._vectors[canary.row]
        query = search_vectors(vector, unit(vector - self.category_means[part.name]))
        places, _ = nearest(self._trees[canary.category], query, len(canary.nearest))
        # Near-ties may swap where the processor rounds otherwise; a foreign or damaged tree shares nothing.
        return len({part.start + place for place in places} & set(canary.nearest)) >= 0.8 * len(canary.nearest)


def _verify_files(directory: Path, manifest: Manifest) -> None:
    for name, expected in manifest.files.items():
        if Path(name).name != name or file_hash(directory / name) != expected:
            raise Incompatible(f"index {manifest.version}: {name} is not the file that was built")
    needed = {
        VECTORS,
        PHOTO_VECTORS,
        ATTRIBUTES,
        MEANS,
        COLUMNS,
        ITEMS,
        *(part.annoy_file for part in manifest.categories),
    }
    if missing := needed - set(manifest.files):
        raise Incompatible(f"index {manifest.version}: its manifest does not vouch for {sorted(missing)}")


class _Lookup:
    """Where numbers stand in a column."""

    def __init__(self, column: Keys) -> None:
        self._order = np.argsort(column, kind="stable")
        self._sorted = column[self._order]

    def rows(self, numbers: Keys) -> Rows:
        """The rows of any of the numbers."""
        first, last = (np.searchsorted(self._sorted, numbers, side) for side in ("left", "right"))
        held = first < last
        found = [self._order[start:end] for start, end in zip(first[held], last[held], strict=True)]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


def _item(id: str, name: str, brand: str, category: str, gender: str, *rest: Any) -> IndexedItem:  # noqa: A002
    """An item of its row's columns, in the order of `SHOWN`."""
    price, currency, src, url, in_stock = rest
    return IndexedItem(id, name, brand, category, gender, price, currency, src, url, in_stock=bool(in_stock))


def _mapped(path: Path) -> NDArray[Any]:
    # A plain view of the mapped file: slices of it cost a tenth of a memmap's.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
