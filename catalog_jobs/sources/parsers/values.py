"""Reads text, ids, URLs, prices, stock and gender from the values that shops write."""

import math
import re
from typing import Any
from urllib.parse import urljoin

from price_parser import Price

from catalog_jobs.catalog.item import MAX_IMAGES, clean_text

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

OUT_OF_STOCK = frozenset(("outofstock", "soldout", "discontinued", "instoreonly", "unavailable", "reserved"))
MEN = frozenset(("male", "men", "man", "mens", "herren"))
WOMEN = frozenset(("female", "women", "woman", "womens", "damen"))
CHILDREN = frozenset(("newborn", "infant", "toddler", "kids", "kid", "child", "children"))


def text_of(value: Any) -> str:
    """Return a JSON value as text: of a list, its first non-empty value; of an object, ``""``."""
    if isinstance(value, list):
        value = next((entry for entry in value if entry), None)
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and math.isfinite(value):
        # 8123.0 and 8123 are the same id.
        return str(int(value)) if value == int(value) else str(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def id_of(value: Any) -> str:
    """Return a JSON value as an id. Unlike `text_of`, it reads no list."""
    return "" if isinstance(value, list) else text_of(value)


def variant_id(product_id: str, variant: str) -> str:
    """Return an id that stays the same if the shop reorders variants or runs out of a size."""
    return f"{product_id}-{'-'.join(variant.casefold().split())}" if variant else product_id


def as_list(value: Any) -> list[Any]:
    """Return a list unchanged, None as an empty list, any other value as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def split_colours(text: str, separators: str = "/") -> tuple[str, ...]:
    """Return the first five colours in a text such as ``Navy/White``."""
    return tuple(part.strip() for part in re.split(f"[{separators}]", text) if part.strip())[:5]


def absolute_url(base: str, url: Any) -> str:
    """Return the absolute form of a URL on a page at ``base``, ``""`` if it is invalid."""
    if not isinstance(url, str) or not url.strip():
        return ""
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return ""


def image_urls_of(base: str, values: Any) -> tuple[str, ...]:
    """Return the distinct absolute URLs of images in the shop's order, `MAX_IMAGES` at most."""
    urls: dict[str, None] = {}
    for value in as_list(values):
        url = absolute_url(base, value if isinstance(value, str) else _image_url(value))
        if url.startswith(("http://", "https://")):
            urls[url] = None
        if len(urls) == MAX_IMAGES:
            break
    return tuple(urls)


def _image_url(image: Any) -> Any:
    if not isinstance(image, dict):
        return None
    values = (image.get(name) for name in ("contentUrl", "url", "src", "@id"))
    return next((text_of(value) for value in values if value), None)


def is_in_stock(value: Any) -> bool:
    """Return whether a product can be ordered: yes, unless the value says no. Reads schema.org URLs and feed values."""
    return _keyword(value) not in OUT_OF_STOCK


def gender_of(value: Any, age: Any = "") -> str:
    """Return the catalog's word for a gender and an age group; unknown words stay as they are."""
    gender, is_child = _keyword(value), _keyword(age) in CHILDREN
    if gender in MEN:
        return "Boys" if is_child else "Men"
    if gender in WOMEN:
        return "Girls" if is_child else "Women"
    return "Unisex" if gender == "unisex" else text_of(value)


def _keyword(value: Any) -> str:
    last = text_of(value).rstrip("/").rpartition("/")[2]
    return "".join(letter for letter in last.casefold() if letter.isalpha())


def read_price(value: Any, currency: Any = "", default_currency: str = "") -> tuple[float | None, str]:
    """Return an amount and its currency, as written in any locale.

    The amount is None if it can't be read. The currency is an ISO code if it is certain, else the default, else as
    written.
    """
    written = currency[:MAX_PRICE_TEXT] if isinstance(currency, str) else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _amount(value), _currency((written,), default_currency)
    if not isinstance(value, str) or len(value) > MAX_PRICE_TEXT:
        return None, _currency((written,), default_currency)
    text = value.replace("\u2019", "'")
    parsed = Price.fromstring(text, written, decimal_separator=_decimal_separator(text, written))
    return _amount(parsed.amount_float), _currency((written, parsed.currency or ""), default_currency)


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
