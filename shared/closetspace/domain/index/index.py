"""The port of a catalog index: rows of items, which can be filtered, searched and looked up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Heads, PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.facets import Facets
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.indexed_item import IndexedItem

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Candidates:
    """The arrays by which items of one category are scored, one row for each item.

    ``rows (n,)`` are the items' rows in the index, ``vectors (n, d) float32`` their embeddings, ``spread (n,) float32``
    the embeddings' distances from the category's mean, ``attributes (n, labels)`` their packed attributes.
    """

    rows: Rows
    vectors: FloatArray
    spread: FloatArray
    attributes: PackedAttributes


@dataclass(frozen=True)
class Score:
    """The score by which items of one category are listed: what their attributes add, and what their embeddings add.

    ``directions (m, d) float32`` are the vectors whose products with an embedding decide what it adds. ``fit`` returns
    the part of attributes ``(n, labels)``, ``likeness`` that of products ``(n, m)`` and spread ``(n,)``.
    """

    directions: FloatArray
    fit: Callable[[PackedAttributes], FloatArray]
    likeness: Callable[[FloatArray, FloatArray], FloatArray]

    def __call__(self, products: FloatArray, spread: FloatArray, attributes: PackedAttributes) -> FloatArray:
        """Return the scores of items, ``(n,)``."""
        scores: FloatArray = self.fit(attributes) + self.likeness(products, spread)
        return scores


class Index(Protocol):
    """One version of the catalog, open for search; safe to use from several threads at once."""

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
        """The labels of the encoder's heads, in the order of the attributes' columns."""
        ...

    @property
    def blocks(self) -> Mapping[str, int]:
        """The named parts of a vector with their dimensions, in order; empty if the encoder names none."""
        ...

    @property
    def category_means(self) -> Mapping[str, FloatArray]:
        """The mean embedding of each category's items, ``(d,) float32``."""
        ...

    @property
    def facets(self) -> Facets:
        """What filters may name, with the number of items of each."""
        ...

    def matching(self, filters: Filters) -> Mask | None:
        """Return which rows pass, ``(n,) bool``; None if all do. ``filters.categories`` is not considered."""
        ...

    def candidates(self, category: str, query: FloatArray, limit: int, mask: Mask | None, score: Score) -> Candidates:
        """Return a category's items that pass ``mask``, in ascending rows.

        Of a large category only some are returned, at least ``limit`` if as many pass: those nearest to ``query
        (2d,)``, or nearly all that have the best scores. Queries are made by
        `closetspace.domain.encoder.vectors.search_vectors`.
        """
        ...

    def rows_of(self, item_ids: Sequence[str]) -> Rows:
        """Return the items' rows, -1 for items that are not in the index."""
        ...

    def rows_of_keys(self, keys: Keys) -> Rows:
        """Return the rows of items whose keys have these lower 32 bits, in no particular order."""
        ...

    def rows_of_products(self, products: Keys) -> Rows:
        """Return the rows of all variants of these products, in no particular order."""
        ...

    def vectors(self, rows: Rows) -> FloatArray:
        """Return the items' embeddings, ``(k, d) float32``, rows of unit length."""
        ...

    def photo_vectors(self, rows: Rows) -> FloatArray:
        """Return the embeddings of the items' photos alone, ``(k, d) float32``, to a hundredth."""
        ...

    def attributes(self, rows: Rows) -> PackedAttributes:
        """Return the items' attributes, packed by `closetspace.domain.encoder.attributes`."""
        ...

    def products(self, rows: Rows) -> Keys:
        """Return the keys of the products that the items are variants of."""
        ...

    def brands(self, rows: Rows) -> NDArray[np.int32]:
        """Return a number for each item's brand; equal numbers mean equal brands."""
        ...

    def prices(self, rows: Rows) -> NDArray[np.float64]:
        """Return the items' prices, NaN for items without one."""
        ...

    def keys(self, rows: Rows) -> Keys:
        """Return the items' keys, which are derived from their ids and stay the same in every version."""
        ...

    def items(self, rows: Rows) -> Sequence[IndexedItem]:
        """Return the fields of the items that answers show, in order."""
        ...
