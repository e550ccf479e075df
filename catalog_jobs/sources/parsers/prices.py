"""Returns the amount and the currency of prices as shops write them.

An amount that can be read in two ways is left out: a wrong price is worse than none.
"""

import html
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from w3lib.html import remove_tags

from catalog_jobs.sources.parsers.currencies import agreed_currency, decimals_of, is_currency
from catalog_jobs.sources.parsers.numbers import NUMBER, NumberFormat, may_be_grouped, normalise_number, parse_number

MAX_PRICE_TEXT = 100
"""Characters. Longer text is not a price, and may be an attack on a regular expression."""

MAX_PRICE = 1e9

_CACHED = 1_000
"""Texts of which the words are kept: beside a feed's prices stand few different ones."""

PRICE_AMBIGUOUS = "its price is ambiguous (kept without one)"

_NO_CENTS = re.compile(r"(?<=\d) ?[.,:] ?[-\u2013\u2014]{1,2}(?![\d-])")
"""The end of ``12,-`` and ``12.--``."""

_EURO_AND_CENTS = re.compile(r"(\d) ?€ ?(\d\d)$")
"""The end of ``35€99``."""

_SIMPLE = re.compile(r"(\d{1,8})(?:[.,](\d{1,2}))?(?: ?([A-Z]{3}|€))?", re.ASCII)
"""``12.99 EUR``, as most prices are written."""

_DASH = "[-\u2212\u2013\u2014~\u301c]"
_RANGE = f"{_DASH}|to|bis|à|a|al|do|tot|till|til"
_WORDS = frozenset(
    (
        *("price", "preis", "prix", "precio", "prezzo", "preço", "prijs", "cena", "pris", "fiyat"),
        *("now", "only", "jetzt", "nur", "from", "starting", "at", "ab", "dès", "partir", "de", "à", "a"),
        *("desde", "da", "partire", "vanaf", "od", "från", "fra", "incl", "inkl", "inc", "including"),
        *("inclusive", "incluido", "vat", "mwst", "ust", "ttc", "tva", "iva", "btw", "moms", "kdv", "tax"),
    )
)
"""Words beside an amount that do not change what it is: "from 12", "12 € inkl. MwSt."."""


class Price(NamedTuple):
    """An amount, None if nothing can be paid, and its currency.

    ``is_ambiguous`` says that an amount is written, but can't be read for certain.
    """

    amount: float | None
    currency: str
    is_ambiguous: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remarks of a product with this price."""
        return (PRICE_AMBIGUOUS,) if self.is_ambiguous else ()

    def reduced_from(self, before: "Price") -> float | None:
        """Return the amount of an earlier or recommended price if this one is lower, in the same currency."""
        is_comparable = not self.currency or not before.currency or self.currency == before.currency
        is_reduced = is_comparable and self.amount is not None and (before.amount or 0.0) > self.amount
        return before.amount if is_reduced else None


NO_PRICE = Price(None, "")


def read_price(
    value: Any, currency: Any = "", default_currency: str = "", numbers: NumberFormat | None = None
) -> Price:
    """Return a price as written in any locale; ``numbers`` is what the source's other prices say about separators.

    The currency is an ISO code if it is certain, else the default if the symbol can mean it, else as written. Of a
    range, the price is the lower end.
    """
    written = currency[:MAX_PRICE_TEXT] if isinstance(currency, str) else ""
    if isinstance(value, str) and len(value) <= MAX_PRICE_TEXT:
        return _read_text(value, written, default_currency, numbers or NumberFormat())
    code = agreed_currency((written,), default_currency) or ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_number(value, code)
    return Price(None, code)


def read_minor_units(value: Any, decimals: int, currency: str) -> Price:
    """Return the price of an amount in a currency's smallest unit: 1299 with two decimals is 12.99."""
    is_whole = isinstance(value, int | str) and re.fullmatch(r"\d{1,15}", str(value)) is not None
    code = agreed_currency((currency,)) or ""
    return _price(Decimal(int(value)).scaleb(-decimals), code) if is_whole and 0 <= decimals <= 6 else Price(None, code)


def _read_number(value: float, code: str) -> Price:
    """Return the price of a JSON number, as which templates write the 1.299 that they mean as 1,299."""
    if isinstance(value, int) or not math.isfinite(value):
        return _price(Decimal(value), code) if isinstance(value, int) else Price(None, code)
    decimals = decimals_of(code)
    # A number has lost its last zeros: 129.9 of a currency without decimals was 129.900.
    written = f"{value:.3f}" if decimals == 0 and value % 1 else str(value)
    if decimals < 3 and "." in written and may_be_grouped(written, "."):
        return Price(None, code, is_ambiguous=True)
    return _price(Decimal(str(value)), code)


def _read_text(text: str, written: str, default_currency: str, numbers: NumberFormat) -> Price:
    if simple := _SIMPLE.fullmatch(text):
        code = agreed_currency((written, simple[3] or ""), default_currency)
        amount = float(f"{simple[1]}.{simple[2] or 0}") or None
        return Price(amount, code) if code is not None else Price(None, "", is_ambiguous=True)
    if "&" in text or "<" in text:
        text = html.unescape(remove_tags(text))
    text = _EURO_AND_CENTS.sub(r"\1·\2 €", _NO_CENTS.sub("", normalise_number(text)))
    found = list(NUMBER.finditer(text))
    if not found:
        return Price(None, agreed_currency((written,), default_currency) or "")
    before, after = text[: found[0].start()], text[found[-1].end() :]
    around, between = _words(f"{before} {after}"), _words(text[found[0].end() : found[-1].start()] if found[1:] else "")
    code = agreed_currency((written, *filter(is_currency, (*around, *between))), default_currency)
    is_price = all(is_currency(word) or word.casefold().strip(".") in _WORDS for word in around)
    if code is None or not is_price or before.count("(") > before.count(")") or not _is_range(between, len(found)):
        return Price(None, code or "", is_ambiguous=True)
    amounts = [parse_number(number[0], decimals_of(code), numbers) for number in found]
    if amounts[0] is None or amounts[-1] is None or amounts[0] > amounts[-1]:
        return Price(None, code, is_ambiguous=True)
    return _price(amounts[0], code)


@lru_cache(_CACHED)
def _words(text: str) -> tuple[str, ...]:
    """Return the words and symbols beside a number; a dash is one, and so is ``US $``."""
    text = re.sub(r"\b([A-Za-z]{1,3}) (?=[$£¥])", r"\1", re.sub(f"({_DASH})", r" \1 ", text))
    return tuple(word for word in re.split(r"[\s()\[\]:;,*!|]+", text) if word.strip("."))


def _is_range(between: Sequence[str], count: int) -> bool:
    """Return whether the words between ``count`` amounts are those of a range, or there is one amount alone."""
    links = [word for word in between if not is_currency(word)]
    return count == 1 or (count == 2 and len(links) == 1 and re.fullmatch(_RANGE, links[0]) is not None)


def _price(amount: Decimal, code: str) -> Price:
    """Return a price: without an amount for zero, ambiguous for an amount that nothing costs."""
    if not 0 <= amount < MAX_PRICE:
        return Price(None, code, is_ambiguous=True)
    return Price(float(round(amount, max(2, decimals_of(code)))) or None, code)
