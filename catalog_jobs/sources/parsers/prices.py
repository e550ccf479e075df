"""Prices as shops write them, in any locale."""

import re
from typing import Any

from price_parser import Price

LONGEST = 100
"""Characters. What is longer is no price, and may be meant to keep a regular expression busy."""

HIGHEST = 1e9

CODES = {
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
"""The symbols that stand for one currency only: not ``$``, ``kr`` or ``¥``."""

THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def read_price(value: Any, currency: Any = "", default_currency: str = "") -> tuple[float | None, str]:
    """The amount and its currency: an ISO code where it is certain, else the shop's default, else as written.

    A price that can't be read is None: an item without a price is still an item.
    """
    written = currency[:LONGEST] if isinstance(currency, str) else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _amount(value), _code((written,), default_currency)
    if not isinstance(value, str) or len(value) > LONGEST:
        return None, _code((written,), default_currency)
    text = value.replace("\u2019", "'")
    parsed = Price.fromstring(text, written, decimal_separator=_separator(text, written))
    return _amount(parsed.amount_float), _code((written, parsed.currency or ""), default_currency)


def _amount(amount: float | None) -> float | None:
    # Neither a NaN nor an infinity is in these bounds.
    return float(amount) if amount is not None and 0 <= amount < HIGHEST else None


def _separator(text: str, currency: str) -> str | None:
    """A point before three digits parts thousands, but not where money has three decimals."""
    return "." if currency.upper() in THREE_DECIMALS and re.fullmatch(r"\d+\.\d{3}", text.strip()) else None


def _code(written: tuple[str, ...], default: str) -> str:
    symbols = [symbol.strip() for symbol in written if symbol.strip()]
    codes = (_certain(symbol.upper()) for symbol in symbols)
    return next((code for code in codes if code), "") or default or next(iter(symbols), "")[:10]


def _certain(symbol: str) -> str:
    return symbol if re.fullmatch("[A-Z]{3}", symbol) else CODES.get(symbol, "")
