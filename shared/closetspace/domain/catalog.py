"""Catalog items, the index built of them, and what is asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoding import FloatArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CatalogItem:
    """A product as answers show and filters see it; ``image`` is its picture's object in the catalog's store."""

    id: str
    name: str
    brand: str = ""
    category: str = ""
    gender: str = ""
    price: float | None = None
    currency: str = ""
    src: str = ""
    url: str = ""
    image: str = ""


@dataclass(frozen=True)
class Filters:
    """What a request narrows the catalog to; None leaves that side open."""

    categories: frozenset[str] | None = None
    gender: str | None = None
    brands: frozenset[str] | None = None
    price_max: float | None = None


class Index(Protocol):
    """One consistent version of the catalog, open for search; safe to use from several threads at once."""

    @property
    def version(self) -> str: ...

    @property
    def encoder_id(self) -> str: ...

    @property
    def category_means(self) -> Mapping[str, FloatArray]:
        """The mean embedding of each category's items, ``(d,) float32``."""
        ...

    def matching(self, filters: Filters) -> Mask | None:
        """Which rows pass, ``(n,) bool``; None when every row does."""
        ...

    def search(self, category: str, query: FloatArray, k: int, mask: Mask | None) -> tuple[Rows, FloatArray]:
        """The ``k`` rows of a category with the largest inner product with ``query``, best first, and those
        products; rows outside ``mask`` are left out."""
        ...

    def embeddings(self, rows: Rows) -> FloatArray:
        """The items' own embeddings, ``(k, d) float32``, rows of unit length."""
        ...

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """A number for each item that stays the same from version to version, derived from its id."""
        ...

    def items(self, rows: Rows) -> Sequence[CatalogItem]:
        """What an answer shows of them, in order."""
        ...
