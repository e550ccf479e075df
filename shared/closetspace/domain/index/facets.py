"""Facets: what the filters of a request may name, with the number of items that each has."""

from collections.abc import Mapping
from dataclasses import dataclass

MIN_SHARE = 0.3
"""Probability from which on an item counts as having its likeliest colour or usage."""

MAX_BRANDS = 500
"""Brands with most items, which fit in an answer of 20 KB."""


@dataclass(frozen=True)
class PriceRange:
    """The lowest and the highest price in one currency, and the number of items that have one."""

    currency: str
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Facets:
    """Names with their numbers of items, most items first; ``brands`` has at most `MAX_BRANDS`."""

    categories: Mapping[str, int]
    genders: Mapping[str, int]
    brands: Mapping[str, int]
    colours: Mapping[str, int]
    usages: Mapping[str, int]
    prices: tuple[PriceRange, ...]
