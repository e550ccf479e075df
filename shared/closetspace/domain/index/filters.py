"""The filters of a request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Filters:
    """What a request narrows the catalog to; None leaves that side open. Prices include both bounds.

    ``brands_out`` are the brands to leave out.
    """

    categories: frozenset[str] | None = None
    gender: str | None = None
    brands: frozenset[str] | None = None
    brands_out: frozenset[str] = frozenset()
    price_min: float | None = None
    price_max: float | None = None
    in_stock: bool = False
