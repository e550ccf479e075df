"""What schema.org's offers say of price and stock."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from catalog_jobs.sources.items import listed, text_of
from catalog_jobs.sources.parsers.prices import read_price
from catalog_jobs.sources.parsers.vocabulary import is_available

_DEEPEST = 5
_MOST = 1_000


def price_and_stock(offers: Iterable[Any]) -> tuple[float | None, str, bool]:
    """The lowest price among what can be ordered, else among all; its currency; whether any can be ordered."""
    single = list(islice(_single(list(offers)), _MOST))
    in_stock = [offer for offer in single if is_available(offer.get("availability"))]
    prices = [_price(offer) for offer in in_stock or single]
    priced = [(amount, currency) for amount, currency in prices if amount is not None]
    amount, currency = min(priced, default=(None, ""))
    return amount, currency, bool(in_stock) or not single


def _single(offers: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Offers without the aggregates around them; an aggregate that lists none counts as one."""
    for offer in listed(offers):
        inner = offer.get("offers") if isinstance(offer, dict) else offer
        if isinstance(inner, dict | list) and depth < _DEEPEST:
            yield from _single(inner, depth + 1)
        elif isinstance(offer, dict):
            yield offer


def _price(offer: dict[str, Any]) -> tuple[float | None, str]:
    specified = next((entry for entry in listed(offer.get("priceSpecification")) if isinstance(entry, dict)), {})
    currency = text_of(offer.get("priceCurrency")) or text_of(specified.get("priceCurrency"))
    written = (offer.get("price"), offer.get("lowPrice"), specified.get("price"), specified.get("minPrice"))
    prices = (read_price(value, currency) for entry in written for value in listed(entry)[:1])
    return next((price for price in prices if price[0] is not None), (None, ""))
