"""Catalog items, the index built of them, and what is asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Heads, PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.indexed_item import IndexedItem

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Candidates:
    """Items of one category as arrays, a row each: what they are scored by.

    ``vectors (n, d)`` are their embeddings, ``spread (n,)`` how far each lies from the category's mean,
    ``attributes (n, labels)`` what heads say of them.
    """

    rows: Rows
    vectors: FloatArray
    spread: FloatArray
    attributes: PackedAttributes


class Index(Protocol):
    """One consistent version of the catalog, open for search; safe to use from several threads at once."""

    @property
    def version(self) -> str: ...

    @property
    def encoder_id(self) -> str: ...

    @property
    def dim(self) -> int:
        """The length of an embedding."""
        ...

    @property
    def heads(self) -> Heads:
        """The labels of the encoder's heads, as rows of attributes have them."""
        ...

    @property
    def blocks(self) -> Mapping[str, int]:
        """The parts of a vector by name, each so many numbers long; empty where the encoder tells of none."""
        ...

    @property
    def category_means(self) -> Mapping[str, FloatArray]:
        """The mean embedding of each category's items, ``(d,) float32``."""
        ...

    def matching(self, filters: Filters) -> Mask | None:
        """Which rows pass, ``(n,) bool``; None when every row does."""
        ...

    def candidates(self, category: str, query: FloatArray, limit: int, mask: Mask | None) -> Candidates:
        """Return a category's items that pass ``mask``, rows ascending: all of them, or the ``limit`` nearest to
        ``query (2d,)`` where the category is large (`closetspace.domain.encoder.vectors.search_vectors`)."""
        ...

    def rows_of(self, item_ids: Sequence[str]) -> Rows:
        """Where items are, -1 for those that the index does not have."""
        ...

    def rows_of_keys(self, keys: Keys) -> Rows:
        """The rows whose keys have these 32 lower bits, in no order."""
        ...

    def rows_of_products(self, products: Keys) -> Rows:
        """The rows of all variants of these products, in no order."""
        ...

    def vectors(self, rows: Rows) -> FloatArray:
        """The items' own embeddings, ``(k, d) float32``, rows of unit length."""
        ...

    def photo_vectors(self, rows: Rows) -> FloatArray:
        """What the items' photos alone make of them, ``(k, d) float32``, to a hundredth."""
        ...

    def attributes(self, rows: Rows) -> PackedAttributes:
        """What the encoder's heads say of items, as `closetspace.domain.encoder.attributes` packs it."""
        ...

    def products(self, rows: Rows) -> Keys:
        """The numbers of the products that items are variants of."""
        ...

    def brands(self, rows: Rows) -> NDArray[np.int32]:
        """Numbers that tell items' brands apart."""
        ...

    def keys(self, rows: Rows) -> Keys:
        """A number for each item that stays the same from version to version, derived from its id."""
        ...

    def items(self, rows: Rows) -> Sequence[IndexedItem]:
        """What an answer shows of them, in order."""
        ...
