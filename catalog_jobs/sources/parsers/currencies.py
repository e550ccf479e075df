"""Returns the code of a currency by what shops write, and the decimals of its prices."""

import re
import unicodedata
from functools import lru_cache

from babel.numbers import get_currency_name, get_currency_precision, list_currencies
from price_parser.parser import OTHER_CURRENCY_SYMBOLS, SAFE_CURRENCY_SYMBOLS

_CACHED = 1_000
"""Texts of which the answers are kept: a feed repeats few of them a million times."""

_CODES = frozenset(list_currencies())

_CODE_BY_SYMBOL = {
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "us$": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "au$": "AUD",
    "a$": "AUD",
    "nz$": "NZD",
    "hk$": "HKD",
    "nt$": "TWD",
    "mx$": "MXN",
    "r$": "BRL",
    "₹": "INR",
    "zł": "PLN",
    "kč": "CZK",
    "ft": "HUF",
    "₺": "TRY",
    "tl": "TRY",
    "₪": "ILS",
    "₩": "KRW",
    "원": "KRW",
    "円": "JPY",
    "₴": "UAH",
    "₽": "RUB",
    "руб": "RUB",  # noqa: RUF001
    "₫": "VND",
    "rp": "IDR",
    "kd": "KWD",
    "د.ك": "KWD",
    "bd": "BHD",
    "د.ب": "BHD",
    "jd": "JOD",
    "د.أ": "JOD",
    "dt": "TND",
    "د.ت": "TND",
    "د.ل": "LYD",
    "ر.ع": "OMR",
    "ر.س": "SAR",
    "ر.ق": "QAR",
    "د.إ": "AED",
}
"""The symbols of exactly one currency, in lower case: not ``$``, ``kr`` or ``¥``."""

_NAMES_BY_SYMBOL = {
    "$": ("Dollar", "Peso", "Real"),
    "kr": ("Krona", "Krone", "Króna"),
    "¥": ("Yen", "Yuan"),
    "rs": ("Rupee",),
    "fr": ("Franc",),
    "lei": ("Leu",),
}
"""For the commonest symbols of several currencies, the words that those currencies have in their names."""


def normalise_symbol(text: str) -> str:
    """Return a symbol in lower case, without marks of the direction of writing and without final stops."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return visible.strip().casefold().removesuffix(".")


_SYMBOLS = frozenset(map(normalise_symbol, (*SAFE_CURRENCY_SYMBOLS, *OTHER_CURRENCY_SYMBOLS, *_CODE_BY_SYMBOL)))


@lru_cache(_CACHED)
def is_currency(text: str) -> bool:
    """Return whether text is a currency's code or symbol."""
    return normalise_symbol(text) in _SYMBOLS or bool(code_of(text))


@lru_cache(_CACHED)
def decimals_of(code: str) -> int:
    """Return how many decimals a currency's prices have; 2 for an unknown one."""
    return get_currency_precision(code) if code in _CODES else 2


def code_of(text: str) -> str:
    """Return the ISO code of a currency's code or symbol, ``""`` if it is not certain."""
    code = text.strip().upper()
    if code in _CODES:
        return code
    # "USD$" and "$USD".
    code = code.removeprefix("$").removesuffix("$")
    return code if code in _CODES else _CODE_BY_SYMBOL.get(normalise_symbol(text), "")


@lru_cache(_CACHED)
def agreed_currency(written: tuple[str, ...], default: str = "") -> str | None:
    """Return the one currency that codes and symbols can mean, or None if they contradict each other.

    The currency is an ISO code if it is certain, else the default if the symbols can mean it, else as written.
    """
    symbols = [symbol.strip() for symbol in written if symbol.strip()]
    codes = {code for symbol in symbols if (code := code_of(symbol))}
    if len(codes) > 1 or any(not _can_mean(symbol, code) for code in codes for symbol in symbols):
        return None
    if codes:
        return codes.pop()
    if default and all(_can_mean(symbol, default) for symbol in symbols):
        return default
    return symbols[0][:10] if symbols else ""


def _can_mean(symbol: str, code: str) -> bool:
    own = code_of(symbol)
    names = _NAMES_BY_SYMBOL.get(normalise_symbol(symbol))
    if own or names is None or code not in _CODES:
        return not own or own == code
    return bool(re.search("|".join(names), _name(code)))


@lru_cache(_CACHED)
def _name(code: str) -> str:
    return get_currency_name(code, locale="en")
