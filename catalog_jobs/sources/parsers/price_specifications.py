"""Returns which of the prices in a schema.org offer is to be paid, and which one it is reduced from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from catalog_jobs.sources.parsers.offer_conditions import is_conditional, is_current
from catalog_jobs.sources.parsers.price_context import PriceContext, currency_of
from catalog_jobs.sources.parsers.prices import NO_PRICE, Price, read_price
from catalog_jobs.sources.parsers.values import as_list, term_of

Node = Mapping[str, Any]

_AMOUNTS = ("price", "lowPrice", "minPrice", "value", "amount", "@value")
_MAX_PRICES = 50


class PriceKind(IntEnum):
    """What a price is. Of prices before a reduction, the first in this order is shown."""

    STRUCK_THROUGH = 0
    LIST = 1
    USUAL = 2
    SUGGESTED = 3
    SALE = 4
    OTHER = 5


_BEFORE = (PriceKind.STRUCK_THROUGH, PriceKind.LIST, PriceKind.SUGGESTED)

_KINDS = {
    "": PriceKind.USUAL,
    "saleprice": PriceKind.SALE,
    "sale": PriceKind.SALE,
    "strikethroughprice": PriceKind.STRUCK_THROUGH,
    "strikethrough": PriceKind.STRUCK_THROUGH,
    "listprice": PriceKind.LIST,
    "list": PriceKind.LIST,
    "regularprice": PriceKind.LIST,
    "msrp": PriceKind.SUGGESTED,
    "srp": PriceKind.SUGGESTED,
    "rrp": PriceKind.SUGGESTED,
}


@dataclass(frozen=True)
class _Listed:
    """One of an offer's prices. ``is_own`` is that of the offer itself, not of a specification."""

    kind: PriceKind
    price: Price
    is_own: bool = False
    with_tax: bool = True
    is_current: bool = True


def offer_price(offer: Node, context: PriceContext) -> tuple[Price, float | None]:
    """Return the price to pay for an offer, and the higher one that it is reduced from."""
    every = _in_one_currency(list(_listed(offer, context)), context.currency)
    listed = [entry for entry in every if entry.is_current]
    if len(listed) < len(every) and not any(entry.kind in (PriceKind.USUAL, PriceKind.SALE) for entry in listed):
        # Before and after a sale, one pays the list price.
        listed = [replace(entry, kind=PriceKind.USUAL) if entry.kind == PriceKind.LIST else entry for entry in listed]
    usual, sale = _usual_price(listed), _sale_price(listed)
    is_sale = sale.amount is not None and sale.amount <= (usual.amount or sale.amount)
    price = sale if is_sale else usual
    before = [entry for entry in listed if entry.kind in _BEFORE]
    before += [_Listed(PriceKind.USUAL, usual)] if is_sale else []
    higher = [(entry.kind, amount) for entry in before if (amount := price.reduced_from(entry.price))]
    return price, min(higher)[1] if higher else None


def _listed(offer: Node, context: PriceContext) -> Iterator[_Listed]:
    own = {name: value for name, value in offer.items() if name not in ("priceSpecification", "offers")}
    objects = [entry for entry in as_list(offer.get("price")) if isinstance(entry, dict)]
    specifications = [entry for entry in as_list(offer.get("priceSpecification")) if isinstance(entry, dict)]
    nodes = (own, *objects[:_MAX_PRICES], *specifications[:_MAX_PRICES])
    currency = next(filter(None, map(currency_of, nodes)), "")
    for node in nodes:
        if node is not own and is_conditional(node):
            continue
        price = _written_price(node, currency_of(node) or currency, context)
        if price.amount is not None or price.is_ambiguous:
            kind = _KINDS.get(term_of(node.get("priceType")), PriceKind.OTHER)
            with_tax = node.get("valueAddedTaxIncluded") not in (False, "false", "False")
            yield _Listed(kind, price, node is own, with_tax, node is own or is_current(node, context.now))


def _written_price(node: Node, currency: str, context: PriceContext) -> Price:
    """Return a node's price; of two different ones, neither is certain."""
    for name in _AMOUNTS:
        values = [value for value in as_list(node.get(name))[:_MAX_PRICES] if not isinstance(value, dict)]
        found = [read_price(value, currency, context.currency, context.numbers) for value in values]
        found = [price for price in found if price.amount is not None or price.is_ambiguous]
        if found:
            return found[0] if len({price.amount for price in found}) == 1 else _ambiguous(found)
    return NO_PRICE


def _in_one_currency(listed: Sequence[_Listed], currency: str) -> list[_Listed]:
    currencies = [entry.price.currency for entry in listed]
    chosen = currency if currency in currencies else next(iter(currencies), "")
    return [entry for entry in listed if entry.price.currency == chosen]


def _usual_price(listed: Sequence[_Listed]) -> Price:
    usual = [entry for entry in listed if entry.kind == PriceKind.USUAL]
    # A specification may repeat the offer's own price, or say what it is without tax.
    own = [entry.price for entry in usual if entry.is_own and entry.price.amount is not None]
    prices = own or [entry.price for entry in usual if entry.with_tax] or [entry.price for entry in usual]
    readable = list({price for price in prices if price.amount is not None})
    return _ambiguous(readable) if len(readable) > 1 else next(iter(readable or prices), NO_PRICE)


def _sale_price(listed: Sequence[_Listed]) -> Price:
    sales = [entry.price for entry in listed if entry.kind == PriceKind.SALE and entry.price.amount is not None]
    return min(sales, default=NO_PRICE, key=lambda price: price.amount or 0)


def _ambiguous(prices: Sequence[Price]) -> Price:
    return Price(None, prices[0].currency, is_ambiguous=True)
