"""Reads prices as shops write them."""

import re
from typing import Any, NamedTuple

import price_parser

MAX_PRICE_TEXT = 100
"""Characters. Longer text is not a price, and may be an attack on a regular expression."""

MAX_PRICE = 1e9

CURRENCY_CODES = {
    "€": "EUR",
    "EURO": "EUR",
    "£": "GBP",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "AU$": "AUD",
    "A$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "R$": "BRL",
    "₹": "INR",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "₺": "TRY",
    "₪": "ILS",
    "₩": "KRW",
    "₴": "UAH",
    "₫": "VND",
}
"""The symbols of exactly one currency: not ``$``, ``kr`` or ``¥``."""

THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


class Price(NamedTuple):
    """An amount, None if there is none that can be paid, and its currency.

    ``is_ambiguous`` says that an amount is written, but can't be read for certain.
    """

    amount: float | None
    currency: str
    is_ambiguous: bool = False


def read_price(value: Any, currency: Any = "", default_currency: str = "") -> Price:
    """Return an amount and its currency, as written in any locale.

    The amount is None if it can't be read. The currency is an ISO code if it is certain, else the default, else as
    written.
    """
    written = currency[:MAX_PRICE_TEXT] if isinstance(currency, str) else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Price(_amount(value), _currency((written,), default_currency))
    if not isinstance(value, str) or len(value) > MAX_PRICE_TEXT:
        return Price(None, _currency((written,), default_currency))
    text = value.replace("\u2019", "'")
    parsed = price_parser.Price.fromstring(text, written, decimal_separator=_decimal_separator(text, written))
    return Price(_amount(parsed.amount_float), _currency((written, parsed.currency or ""), default_currency))


def _amount(amount: float | None) -> float | None:
    # The comparison is False for NaN.
    return float(amount) if amount is not None and 0 <= amount < MAX_PRICE else None


def _decimal_separator(text: str, currency: str) -> str | None:
    """Return ``.`` for three decimals in a currency that has them; elsewhere they are thousands."""
    return "." if currency.upper() in THREE_DECIMALS and re.fullmatch(r"\d+\.\d{3}", text.strip()) else None


def _currency(written: tuple[str, ...], default: str) -> str:
    symbols = [symbol.strip() for symbol in written if symbol.strip()]
    codes = (_code(symbol.upper()) for symbol in symbols)
    return next((code for code in codes if code), "") or default or next(iter(symbols), "")[:10]


def _code(symbol: str) -> str:
    return symbol if re.fullmatch("[A-Z]{3}", symbol) else CURRENCY_CODES.get(symbol, "")
