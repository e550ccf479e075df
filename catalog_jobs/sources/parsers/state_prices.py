"""Reads the prices of products in the state of a page: ranges, amounts in units and nanos, and prices by id."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from catalog_jobs.sources.parsers.prices import NO_PRICE, Price, read_minor_units, read_price
from catalog_jobs.sources.parsers.values import text_of

State = Mapping[str, Any]

_CURRENCIES = ("currencyCode", "priceCurrencyCode", "currency", "priceCurrency")
_CURRENT = (
    *("totalPriceRange", "currentPriceRange", "salePriceRange", "priceRange", "currentPrice", "salePrice", "min"),
    *("minItemPrice", "minimumPrice", "minPrice", "lowPrice", "price", "amount", "value"),
)
"""The names of what is to be paid, and in a range of its lower end."""

_BEFORE = (
    *("originalPriceRange", "regularPriceRange", "previousPriceRange", "wasPriceRange", "listPriceRange"),
    *("originalPrice", "regularPrice", "previousPrice", "wasPrice", "listPrice", "compareAtPrice", "originalItemPrice"),
)
_IS_BEFORE = re.compile(r"original|regular|previous|\bwas|list|compare|msrp|strike", re.IGNORECASE)
_MAX_DEPTH = 5
_MAX_PRICES = 1_000
_MICROS = 6


def price_of_state(product: State) -> tuple[Price, float | None]:
    """Return the lowest price of a product, and the higher one that it is reduced from."""
    currency, by_id = _currency(product, ""), product.get("pricesById")
    price, list_price = _prices(by_id, currency) if isinstance(by_id, dict) else (NO_PRICE, None)
    if price.amount is None and not price.is_ambiguous:
        return _prices({"": product.get("price")}, currency)
    return price, list_price


def _prices(entries: State, currency: str) -> tuple[Price, float | None]:
    current, before = list[Price](), list[Price]()
    for name, entry in islice(entries.items(), _MAX_PRICES):
        (before if _is_before(name, entry) else current).append(_price(entry, currency, _CURRENT))
        before.append(_price(entry, currency, _BEFORE) if isinstance(entry, dict) else NO_PRICE)
    # What is not reduced may have its regular price alone.
    price = _lowest(current) if any(one.amount or one.is_ambiguous for one in current) else _lowest(before)
    return price, price.reduced_from(_lowest(before))


def _lowest(prices: Sequence[Price]) -> Price:
    readable = [price for price in prices if price.amount is not None]
    ambiguous = (price for price in prices if price.is_ambiguous)
    return min(readable, key=lambda price: price.amount or 0, default=next(ambiguous, NO_PRICE))


def _is_before(name: str, entry: Any) -> bool:
    kinds = (entry.get("type"), entry.get("priceType"), entry.get("label")) if isinstance(entry, dict) else ()
    return any(_IS_BEFORE.search(text) for text in (name, *map(text_of, kinds)))


def _price(entry: Any, currency: str, names: Sequence[str], depth: int = _MAX_DEPTH) -> Price:
    """Return the price under the first of these names, ``min`` and the like further in."""
    if not isinstance(entry, dict):
        return read_price(entry, currency)
    currency = _currency(entry, currency)
    if "units" in entry:
        return _money(entry, currency)
    inner = next(_values(entry, names), None)
    return _price(inner, currency, _CURRENT, depth - 1) if depth else NO_PRICE


def _values(entry: State, names: Sequence[str]) -> Iterator[Any]:
    return (entry[name] for name in names if entry.get(name) is not None)


def _money(entry: State, currency: str) -> Price:
    """Return the price of units and nanos (billionths), as in protocol buffers' Money."""
    units, nanos = text_of(entry["units"]), text_of(entry.get("nanos")) or "0"
    if not re.fullmatch(r"\d{1,9}", units) or not re.fullmatch(r"\d{1,9}", nanos):
        return NO_PRICE
    return read_minor_units(int(units) * 10**_MICROS + int(nanos) // 1_000, _MICROS, currency)


def _currency(entry: State, default: str) -> str:
    return next((text for value in _values(entry, _CURRENCIES) if (text := text_of(value))), default)
