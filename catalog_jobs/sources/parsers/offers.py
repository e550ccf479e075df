"""Returns the lowest price that can be paid among the offers of a product, with its stock and sizes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from catalog_jobs.sources.parsers.offer_conditions import is_conditional, is_current
from catalog_jobs.sources.parsers.price_context import PriceContext
from catalog_jobs.sources.parsers.price_specifications import offer_price
from catalog_jobs.sources.parsers.prices import NO_PRICE, Price
from catalog_jobs.sources.parsers.values import as_list, is_in_stock, is_used_condition, term_of, text_of

Node = Mapping[str, Any]

_MAX_OFFERS = 1_000
_MAX_OFFER_DEPTH = 5
_INHERITED = ("priceCurrency", "availability", "itemCondition", "priceValidUntil", "validFrom", "validForMemberTier")
"""What an aggregate says of all its offers."""

_PRICES = ("price", "lowPrice", "priceSpecification")
_NOT_SALES = frozenset(("leaseout", "buy", "providerservice", "repair", "maintain", "constructioninstallation"))


@dataclass(frozen=True)
class BestOffer:
    """What is shown of a look's offers. ``sizes`` are those in stock."""

    price: Price = NO_PRICE
    list_price: float | None = None
    in_stock: bool = True
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """One of a look's offers, such as that of a size."""

    price: Price
    list_price: float | None = None
    in_stock: bool = True
    sizes: tuple[str, ...] = ()
    is_new: bool = True
    is_current: bool = True


def best_offer(variants: Sequence[Node], group: Node, context: PriceContext) -> BestOffer:
    """Return what `best_of` finds among the offers of a look whose sizes are ``variants``."""
    return best_of(list(islice(_offers(variants, group, context), _MAX_OFFERS)), context.currency)


def best_of(every: Sequence[Offer], currency: str = "") -> BestOffer:
    """Return the lowest price that can be paid for one piece of a look.

    New things count before used ones, and those in stock before all others. Prices of different currencies are not
    compared: those of the shop's currency count, else those of the first offer's. Without offers, a look is in stock.
    """
    if not every:
        return BestOffer()
    offers = _in_one_currency(every, currency)
    offers = [offer for offer in offers if offer.is_new] or offers
    in_stock = [offer for offer in offers if offer.in_stock]
    payable = in_stock or offers
    payable = [offer for offer in payable if offer.is_current] or payable
    priced = [offer for offer in payable if offer.price.amount is not None]
    ambiguous = next((offer for offer in payable if offer.price.is_ambiguous), payable[0])
    best = min(priced, key=lambda offer: offer.price.amount or 0, default=ambiguous)
    sizes = dict.fromkeys(size for offer in in_stock for size in offer.sizes)
    return BestOffer(best.price, best.list_price, bool(in_stock), tuple(sizes))


def _offers(variants: Sequence[Node], group: Node, context: PriceContext) -> Iterator[Offer]:
    for variant in variants:
        for offer in _single_offers(variant.get("offers") or group.get("offers")):
            if term_of(offer.get("businessFunction")) in _NOT_SALES:
                continue
            price, list_price = NO_PRICE, None
            if not is_conditional(offer):
                price, list_price = offer_price(offer, context)
            yield Offer(
                price,
                list_price,
                is_in_stock(offer.get("availability") or _pieces(offer.get("inventoryLevel"))),
                _sizes(offer.get("itemOffered")) or _sizes(variant),
                is_new=not is_used_condition(offer.get("itemCondition")),
                is_current=is_current(offer, context.now),
            )


def _single_offers(offers: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield offers and the offers inside aggregates, with what the aggregate says of all of them.

    An aggregate without offers, or with offers that have no price, counts as one.
    """
    for offer in as_list(offers):
        inner = offer.get("offers") if isinstance(offer, dict) else offer
        if isinstance(inner, dict | list) and inner and depth < _MAX_OFFER_DEPTH:
            single = list(islice(_single_offers(inner, depth + 1), _MAX_OFFERS))
            yield from _with_aggregate(single, offer) if isinstance(offer, dict) else single
        elif isinstance(offer, dict):
            yield offer


def _with_aggregate(offers: Sequence[dict[str, Any]], aggregate: Node) -> list[dict[str, Any]]:
    inherited = {name: aggregate[name] for name in _INHERITED if aggregate.get(name)}
    offers = [inherited | {name: value for name, value in offer.items() if value} for offer in offers]
    if not offers or any(offer.get(name) for offer in offers for name in _PRICES):
        return offers or [{**aggregate, "offers": None}]
    in_stock = [offer for offer in offers if is_in_stock(offer.get("availability"))]
    prices = {name: aggregate[name] for name in _PRICES if aggregate.get(name)}
    return [offer | prices for offer in in_stock or offers]


def _in_one_currency(offers: Sequence[Offer], currency: str) -> list[Offer]:
    """Return the offers in one currency; those of which it is not known may be in it, and those without a price too."""
    priced = [offer.price.currency for offer in offers if offer.price.amount is not None and offer.price.currency]
    chosen = currency if currency in priced else next(iter(priced), "")
    return [offer for offer in offers if offer.price.amount is None or offer.price.currency in (chosen, "")]


def _pieces(level: Any) -> Any:
    return level.get("value") if isinstance(level, dict) else level


def _sizes(node: Any) -> tuple[str, ...]:
    values = as_list(node.get("size")) if isinstance(node, Mapping) else []
    names = (text_of(value.get("name")) if isinstance(value, dict) else text_of(value) for value in values)
    return tuple(name for name in names if name)
