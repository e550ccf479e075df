"""Reads the offers of a product with schema.org data."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from catalog_jobs.sources.parsers.prices import Price, read_price
from catalog_jobs.sources.parsers.values import as_list, is_in_stock, text_of

_MAX_OFFERS = 1_000
_MAX_OFFER_DEPTH = 5


def best_offer(offers: Iterable[Any]) -> tuple[float | None, str, bool]:
    """Return the lowest price and its currency, and whether any offer is in stock; such offers alone count if so."""
    single = list(islice(_single_offers(list(offers)), _MAX_OFFERS))
    in_stock = [offer for offer in single if is_in_stock(offer.get("availability"))]
    prices = [_offer_price(offer) for offer in in_stock or single]
    amount, currency = min(
        ((price.amount, price.currency) for price in prices if price.amount is not None), default=(None, "")
    )
    return amount, currency, bool(in_stock) or not single


def _single_offers(offers: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield offers and the offers inside aggregates. An aggregate without offers counts as one."""
    for offer in as_list(offers):
        inner = offer.get("offers") if isinstance(offer, dict) else offer
        if isinstance(inner, dict | list) and depth < _MAX_OFFER_DEPTH:
            yield from _single_offers(inner, depth + 1)
        elif isinstance(offer, dict):
            yield offer


def _offer_price(offer: dict[str, Any]) -> Price:
    specification = next((entry for entry in as_list(offer.get("priceSpecification")) if isinstance(entry, dict)), {})
    currency = text_of(offer.get("priceCurrency")) or text_of(specification.get("priceCurrency"))
    values = (offer.get("price"), offer.get("lowPrice"), specification.get("price"), specification.get("minPrice"))
    prices = (read_price(entry, currency) for value in values for entry in as_list(value)[:1])
    return next((price for price in prices if price.amount is not None), Price(None, ""))
