"""Returns which of a row's prices is to be paid, and which one it is reduced from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain

from catalog_jobs.catalog.item import MAX_TEXT
from catalog_jobs.sources.feeds.columns import PRICES
from catalog_jobs.sources.feeds.layouts import RowOrProduct
from catalog_jobs.sources.feeds.limits import Row, first
from catalog_jobs.sources.parsers.currencies import decimals_of
from catalog_jobs.sources.parsers.moments import read_moment
from catalog_jobs.sources.parsers.numbers import NumberFormat
from catalog_jobs.sources.parsers.price_context import PriceContext
from catalog_jobs.sources.parsers.prices import MAX_PRICE_TEXT, Price, read_price

SAMPLED_ROWS = 1_000
SAMPLED_CHARACTERS = 4_000_000
"""How much of a feed is looked at to learn how it writes prices. So much of it is in memory at once."""

_CACHED = 10_000
"""Prices that are kept: a feed repeats few of them a million times."""

_TOO_LONG = MAX_PRICE_TEXT + 1
"""Characters of a text that is no price, whatever follows."""

_NONE = ("",)

# The format is learnt by now, so the same text is the same price.
_read_price = lru_cache(_CACHED)(read_price)


def learn_format(rows: Iterable[RowOrProduct], context: PriceContext) -> Iterator[RowOrProduct]:
    """Return the same rows once the prices of the first ones are learnt."""
    rows, sample, characters = iter(rows), list[RowOrProduct](), 0
    for row in rows:
        sample.append(row)
        if isinstance(row, dict):
            characters += sum(len(value) for values in row.values() for value in values)
            for field in PRICES:
                text = first(row, field)[:MAX_PRICE_TEXT]
                currency = read_price(text, first(row, "currency"), context.currency).currency
                context.numbers.learn(text, decimals_of(currency))
        if len(sample) == SAMPLED_ROWS or characters > SAMPLED_CHARACTERS:
            break
    return chain(sample, rows)


def row_price(row: Row, context: PriceContext) -> tuple[Price, float | None]:
    """Return the price to pay, and the higher one that it is reduced from.

    A sale price counts while the sale is on, if it is lower than the usual price.
    """
    dates = first(row, "sale_price_effective_date")[:MAX_TEXT]
    is_on = is_sale_on(dates, context.now) if dates and context.now else True
    currency = first(row, "currency")[:MAX_PRICE_TEXT]
    written = [row.get(field, _NONE) for field in PRICES]
    if max(map(len, written)) == 1:
        return _of_texts(
            tuple([texts[0][:_TOO_LONG] for texts in written]), currency, is_on, context.currency, context.numbers
        )
    return _chosen([_read(texts, currency, context) for texts in written], is_on)


@lru_cache(_CACHED)
def _of_texts(
    written: tuple[str, ...], currency: str, is_on: bool | None, shop_currency: str, numbers: NumberFormat
) -> tuple[Price, float | None]:
    return _chosen([_read_price(text, currency, shop_currency, numbers) for text in written], is_on)


def _read(texts: Sequence[str], currency: str, context: PriceContext) -> Price:
    found = {_read_price(text[:_TOO_LONG], currency, context.currency, context.numbers) for text in texts}
    return found.pop() if len(found) == 1 else Price(None, currency, is_ambiguous=True)


def _chosen(prices: Sequence[Price], is_on: bool | None) -> tuple[Price, float | None]:
    usual, sale, listed = prices
    if sale.is_ambiguous or (sale.amount and is_on is None):
        price = usual if is_on is False else usual._replace(amount=None, is_ambiguous=True)
    elif sale.amount and is_on and (usual.amount is None or sale.reduced_from(usual)):
        price = sale._replace(currency=sale.currency or usual.currency)
    else:
        price = usual
    return price, max(filter(None, map(price.reduced_from, (usual, listed))), default=None)


@lru_cache(1_000)
def is_sale_on(dates: str, now: datetime) -> bool | None:
    """Return whether ``start/end`` includes now; either may be absent. None if the dates can't be read."""
    start, slash, end = (part.strip() for part in dates.partition("/"))
    first_moment, last_moment = read_moment(start), read_moment(end, is_end=True)
    if not slash or (start and not first_moment) or (end and not last_moment):
        return None
    return (first_moment or now) <= now <= (last_moment or now)
