"""An index bundle, verified and open: arrays and trees mapped into memory, what answers show in SQLite."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import annoy
import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.bundle_writer import file_hash, nearest
from closetspace.domain.bundle import ITEMS, KEYS, MANIFEST, MEANS, VECTORS, Canary, CategoryPart, Manifest
from closetspace.domain.catalog import CatalogItem, Filters, Mask, Rows
from closetspace.domain.encoding import FloatArray
from closetspace.domain.style import embedding_of
from closetspace.errors import Incompatible

COLUMNS = "row, id, name, brand, category, gender, price, currency, src, url"


class Bundle:
    """`closetspace.domain.catalog.Index` over a bundle's folder.

    Everything is opened at once, so the folder may be deleted while the bundle is in use; the memory goes with
    the last reference to it.
    """

    def __init__(self, directory: Path, *, exact_scan_items: int) -> None:
        """Open and verify. Raises `Incompatible` when a file is missing, foreign, cut short or changed."""
        try:
            self.manifest = Manifest.from_json((directory / MANIFEST).read_bytes())
            _verify_files(directory, self.manifest)
            # A plain view of the mapped file: slices of it cost a tenth of a memmap's.
            mapped = np.load(directory / VECTORS, mmap_mode="r", allow_pickle=False)
            self._vectors: FloatArray = np.asarray(mapped)
            self._means: FloatArray = np.load(directory / MEANS, allow_pickle=False)
            self._keys: NDArray[np.uint64] = np.load(directory / KEYS, allow_pickle=False)
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

    def matching(self, filters: Filters) -> Mask | None:
        gender, brand, price = filters.gender, filters.brands, filters.price_max
        masks: list[Mask] = []
        if gender is not None:
            masks.append(np.isin(self._columns["gender"], [gender.casefold(), "unisex"]))
        if brand is not None:
            masks.append(np.isin(self._columns["brand"], [name.casefold() for name in brand]))
        if price is not None:
            masks.append(self._columns["price"] <= price)
        return np.logical_and.reduce(masks) if masks else None

    def search(self, category: str, query: FloatArray, k: int, mask: Mask | None) -> tuple[Rows, FloatArray]:
        part = self._parts.get(category)
        if part is None or k <= 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows = np.arange(part.start, part.start + part.count)
        if mask is not None:
            rows = rows[mask[rows]]
        if len(rows) > self._exact_scan_items:
            return self._through_annoy(part, query, k, mask, len(rows))
        # A slice of the mapped file is scanned where it lies; only a filter makes a copy of its rows.
        block = self._vectors[part.start : part.start + part.count] if mask is None else self._vectors[rows]
        return _best(rows, block @ query, k)

    def embeddings(self, rows: Rows) -> FloatArray:
        return embedding_of(self._vectors[rows])

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        return self._keys[rows]

    def items(self, rows: Rows) -> Sequence[CatalogItem]:
        numbers = [int(row) for row in rows]
        marks = ",".join("?" * len(numbers))
        found = self._items.execute(f"SELECT {COLUMNS} FROM items WHERE row IN ({marks})", numbers)  # noqa: S608
        by_row = {row: CatalogItem(*shown) for row, *shown in found.fetchall()}
        return [by_row[row] for row in numbers]

    def attributes(self, rows: Rows) -> list[dict[str, dict[str, float]]]:
        """What the encoder's heads said of items, in order: by attribute the labels' shares, the largest first."""
        numbers = rows.tolist()
        marks = ", ".join("?" * len(numbers))
        told: dict[int, dict[str, dict[str, float]]] = {row: {} for row in numbers}
        query = f"SELECT row, attribute, label, share FROM attributes WHERE row IN ({marks}) ORDER BY share DESC"  # noqa: S608
        for row, attribute, label, share in self._items.execute(query, numbers):
            told[row].setdefault(attribute, {})[label] = share
        return [told[row] for row in numbers]

    def _through_annoy(
        self, part: CategoryPart, query: FloatArray, k: int, mask: Mask | None, passing: int
    ) -> tuple[Rows, FloatArray]:
        asked = min(part.count, k * part.count // passing + k)
        while True:
            places, distances = nearest(self._trees[part.name], query, asked)
            rows = np.array(places, np.int64) + part.start
            scores = (1 - np.square(np.array(distances)) / 2).astype(np.float32)
            kept = mask[rows] if mask is not None else np.ones(len(rows), np.bool_)
            if kept.sum() >= min(k, passing) or asked == part.count:
                return rows[kept][:k], scores[kept][:k]
            asked = min(part.count, asked * 2)

    def _tree(self, path: Path) -> annoy.AnnoyIndex:
        tree = annoy.AnnoyIndex(self.manifest.dim, "angular")
        tree.load(str(path))
        return tree

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        rows = self._items.execute("SELECT gender, brand, price FROM items ORDER BY row").fetchall()
        genders, brands, prices = zip(*rows, strict=True)
        return {
            "gender": np.array([gender.casefold() for gender in genders]),
            "brand": np.array([brand.casefold() for brand in brands]),
            "price": np.array([np.inf if price is None else price for price in prices]),
        }

    def _verify_contents(self) -> None:
        count, dim = self.manifest.count, self.manifest.dim
        checks: dict[str, Callable[[], bool]] = {
            "vectors": lambda: self._vectors.shape == (count, dim),
            "means": lambda: self._means.shape == (len(self._parts), dim // 2),
            "keys": lambda: self._keys.shape == (count,),
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
        places, _ = nearest(self._trees[canary.category], self._vectors[canary.row], len(canary.nearest))
        # Near-ties may swap where the processor rounds otherwise; a foreign or damaged tree shares nothing.
        return len({part.start + place for place in places} & set(canary.nearest)) >= 0.8 * len(canary.nearest)


def _verify_files(directory: Path, manifest: Manifest) -> None:
    for name, expected in manifest.files.items():
        if Path(name).name != name or file_hash(directory / name) != expected:
            raise Incompatible(f"index {manifest.version}: {name} is not the file that was built")
    needed = {VECTORS, MEANS, KEYS, ITEMS, *(part.annoy_file for part in manifest.categories)}
    if missing := needed - set(manifest.files):
        raise Incompatible(f"index {manifest.version}: its manifest does not vouch for {sorted(missing)}")


def _best(rows: Rows, scores: FloatArray, k: int) -> tuple[Rows, FloatArray]:
    if k < len(rows):
        chosen = np.argpartition(-scores, k)[:k]
        rows, scores = rows[chosen], scores[chosen]
    order = np.lexsort((rows, -scores))
    return rows[order], scores[order]
