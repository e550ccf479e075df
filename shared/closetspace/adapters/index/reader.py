"""An open index bundle: arrays, answers, and Annoy files or cells, mapped into memory."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.annoy_trees import nearest
from closetspace.adapters.index.cells import FEW_ROWS
from closetspace.adapters.index.facets import count_facets
from closetspace.adapters.index.files import open_files
from closetspace.adapters.index.ranges import consecutive
from closetspace.domain.encoder.attributes import Heads, PackedAttributes
from closetspace.domain.encoder.descriptor import UNISEX
from closetspace.domain.encoder.encoding_batch import PHOTO_SCALE
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.bundle import CategoryPart
from closetspace.domain.index.facets import Facets
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Candidates, Keys, Mask, Rows, Score
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key


class Bundle:
    """`closetspace.domain.index.index.Index` over a bundle's folder.

    The folder may be deleted once the bundle is open. The memory is freed with the last reference to the bundle.
    """

    def __init__(self, directory: Path, *, exact_scan_items: int) -> None:
        """Open and verify a bundle; categories of up to ``exact_scan_items`` items that pass are scanned exactly.

        Raises `Incompatible` if a file is missing, foreign, truncated or changed.
        """
        self._files = files = open_files(directory)
        self.manifest = files.manifest
        self.category_means: Mapping[str, FloatArray] = files.category_means
        self._vectors, self._photo_vectors, self._attributes = files.vectors, files.photo_vectors, files.attributes
        self._columns, self._names, self._answers = files.columns, files.names, files.answers
        self._parts, self._trees, self._cells = files.parts, files.trees, files.cells
        # Built here, because the first requests come at once, and each of their threads would build its own.
        self._rows_by_short_key = _Lookup(files.columns["keys"].astype(np.uint32))
        self._rows_by_product = _Lookup(files.columns["products"])
        self._exact_scan_items = exact_scan_items

    @property
    def scans_all(self) -> bool:
        """Whether every category is scanned exactly, whatever the filters."""
        return not self._cells and all(part.count <= self._exact_scan_items for part in self._parts.values())

    def scanning_all(self) -> "Bundle":
        """Return the same bundle, with every category scanned exactly: what its search is measured against."""
        exact = copy(self)
        exact._exact_scan_items, exact._cells = self.manifest.count, None
        return exact

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def encoder_id(self) -> str:
        return self.manifest.encoder

    @property
    def dim(self) -> int:
        return self.manifest.dim

    @property
    def heads(self) -> Heads:
        return self.manifest.heads

    @property
    def blocks(self) -> Mapping[str, int]:
        return self.manifest.blocks

    @cached_property
    def facets(self) -> Facets:
        return count_facets(self._files)

    def matching(self, filters: Filters) -> Mask | None:
        columns, masks = self._columns, list[Mask]()
        if filters.gender is not None:
            masks.append(self._named("gender", {filters.gender, UNISEX}))
        if filters.brands is not None:
            masks.append(self._named("brand", filters.brands))
        if filters.brands_out:
            masks.append(~self._named("brand", filters.brands_out))
        # An item without a price passes neither bound, because comparisons with NaN are false.
        if filters.price_min is not None:
            masks.append(columns["price"] >= filters.price_min)
        if filters.price_max is not None:
            masks.append(columns["price"] <= filters.price_max)
        if filters.in_stock:
            masks.append(columns["in_stock"])
        return np.logical_and.reduce(masks) if masks else None

    def _named(self, column: str, names: Collection[str]) -> Mask:
        is_named = np.zeros(len(self._names.columns[column]), np.bool_)
        is_named[self._names.numbers(column, names)] = True
        mask: Mask = is_named.take(self._columns[column])
        return mask

    def candidates(self, category: str, query: FloatArray, limit: int, mask: Mask | None, score: Score) -> Candidates:
        part = self._parts[category]
        every = slice(part.start, part.start + part.count)
        scanned = min(self._exact_scan_items, FEW_ROWS) if self._cells else self._exact_scan_items
        if mask is None and part.count <= scanned:
            # Slices of mapped arrays are not copied; rows that a filter picks are.
            return self._candidates(every, np.arange(every.start, every.stop))
        if self._cells:
            rows = self._cells.best_rows(category, score, limit, mask, scanned)
            return self._candidates(rows, rows)
        passing = part.count if mask is None else int(np.count_nonzero(mask[every]))
        if mask is not None and passing <= scanned:
            rows = np.flatnonzero(mask[every]) + every.start
        else:
            rows = np.unique(self._search_annoy(part, query, limit, mask, passing))
        return self._candidates(rows, rows)

    def _candidates(self, which: Rows | slice, rows: Rows) -> Candidates:
        return Candidates(rows, self._vectors[which], self._columns["spread"][which], self._attributes[which])

    def _search_annoy(self, part: CategoryPart, query: FloatArray, k: int, mask: Mask | None, passing: int) -> Rows:
        """Return the ``k`` nearest rows that pass, asking Annoy for more until enough of its answer passes."""
        asked = min(part.count, k * part.count // passing + k)
        while True:
            rows = np.array(nearest(self._trees[part.name], query, asked), np.int64) + part.start
            kept = rows[mask[rows]] if mask is not None else rows
            if len(kept) >= min(k, passing) or asked == part.count:
                return kept[:k]
            asked = min(part.count, asked * 2)

    def rows_of(self, item_ids: Sequence[str]) -> Rows:
        keys = np.array([item_key(item_id) for item_id in item_ids], np.uint64)
        found = self.rows_of_keys(keys)
        rows = dict(zip(self._columns["keys"][found].tolist(), found.tolist(), strict=True))
        return np.array([rows.get(key, -1) for key in keys.tolist()], np.int64)

    def rows_of_keys(self, keys: Keys) -> Rows:
        return self._rows_by_short_key.rows(keys)

    def rows_of_products(self, products: Keys) -> Rows:
        return self._rows_by_product.rows(products)

    def vectors(self, rows: Rows) -> FloatArray:
        vectors: FloatArray = self._vectors[rows]
        return vectors

    def photo_vectors(self, rows: Rows) -> FloatArray:
        vectors: FloatArray = self._photo_vectors[rows].astype(np.float32) / np.float32(PHOTO_SCALE)
        return vectors

    def attributes(self, rows: Rows) -> PackedAttributes:
        attributes: PackedAttributes = self._attributes[rows]
        return attributes

    def products(self, rows: Rows) -> Keys:
        products: Keys = self._columns["products"][rows]
        return products

    def brands(self, rows: Rows) -> NDArray[np.int32]:
        brands: NDArray[np.int32] = self._columns["brand"][rows]
        return brands

    def prices(self, rows: Rows) -> NDArray[np.float64]:
        prices: NDArray[np.float64] = self._columns["price"][rows]
        return prices

    def keys(self, rows: Rows) -> Keys:
        keys: Keys = self._columns["keys"][rows]
        return keys

    def items(self, rows: Rows) -> Sequence[IndexedItem]:
        return [self._item(*fields) for fields in self._answers.fields(rows)]

    def _item(self, id: str, name: str, brand: str, category: str, gender: str, *rest: Any) -> IndexedItem:  # noqa: A002
        """Return the item of a row's answer: the values of `FIELDS` in order."""
        price, currency, src, url, in_stock, list_price, thumbnail = rest
        urls = self._names.thumbnail_urls
        return IndexedItem(
            id,
            name,
            brand,
            category,
            gender,
            price,
            currency,
            src,
            url,
            in_stock=in_stock,
            thumbnail=thumbnail,
            pictures=urls.by_side(thumbnail) if urls and thumbnail else None,
            list_price=list_price,
        )


class _Lookup:
    """Finds the rows that have a number in a column."""

    def __init__(self, column: NDArray[np.unsignedinteger]) -> None:
        # Places of 4 bytes: they are in memory for every row.
        self._order = np.argsort(column, kind="stable").astype(np.uint32)
        self._sorted = column[self._order]

    def rows(self, numbers: Keys) -> Rows:
        """Return the rows of any of the numbers."""
        numbers = numbers.astype(self._sorted.dtype)
        first, last = (np.searchsorted(self._sorted, numbers, side) for side in ("left", "right"))
        rows: Rows = self._order[consecutive(first, last)].astype(np.int64)
        return rows
