"""What is known about the prices of a page or a feed before one of them is read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog_jobs.sources.parsers.currencies import code_of, decimals_of
from catalog_jobs.sources.parsers.numbers import NumberFormat
from catalog_jobs.sources.parsers.prices import MAX_PRICE_TEXT
from catalog_jobs.sources.parsers.values import as_list, text_of

Node = Mapping[str, Any]

_CURRENCIES = ("priceCurrency", "currency", "currencyCode")
_WRITTEN_PRICES = ("price", "lowPrice", "highPrice", "minPrice", "maxPrice")
_MAX_DEPTH = 8


@dataclass(frozen=True)
class PriceContext:
    """The shop's currency, the time, and what the separators in the source's numbers mean.

    Without a time, no price is over or not yet valid.
    """

    currency: str = ""
    now: datetime | None = None
    numbers: NumberFormat = field(default_factory=NumberFormat)


def price_format(products: Iterable[Node]) -> NumberFormat:
    """Return what the prices in the offers of a page's products say about separators."""
    numbers = NumberFormat()
    for product in products:
        for node in (product, *as_list(product.get("hasVariant"))):
            for written, currency in _written(node.get("offers"), _MAX_DEPTH) if isinstance(node, dict) else ():
                numbers.learn(written[:MAX_PRICE_TEXT], decimals_of(code_of(currency)))
    return numbers


def _written(value: Any, depth: int, currency: str = "") -> Iterator[tuple[str, str]]:
    """Yield the prices in an offer, as written, and their currencies."""
    for entry in as_list(value) if depth else ():
        if isinstance(entry, dict):
            own = currency_of(entry) or currency
            yield from ((entry[name], own) for name in _WRITTEN_PRICES if isinstance(entry.get(name), str))
            for inner in entry.values():
                if isinstance(inner, dict | list):
                    yield from _written(inner, depth - 1, own)


def currency_of(node: Node) -> str:
    """Return the currency of an offer or a price as written, ``""`` if it names none."""
    return text_of(next((node[name] for name in _CURRENCIES if node.get(name)), ""))
