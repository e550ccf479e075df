"""Returns text, ids, URLs and stock from the JSON values that shops write."""

import math
import re
import unicodedata
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from catalog_jobs.catalog.item import MAX_IMAGES, clean_text
from catalog_jobs.sources.parsers.stock_words import OUT_OF_STOCK_PHRASES, OUT_OF_STOCK_WORDS

_CACHED = 1_000
"""Texts of which the answers are kept: a feed repeats few of them a million times."""

_MAX_LISTED_IMAGES = 1_000
_IMAGE_TEXTS = ("caption", "name", "alt", "alternateName", "group", "view", "type")
_PRODUCT_ALONE = re.compile(
    r"\b(pack ?shot|product only|flat ?lay|laydown|still ?life|ghost mannequin|freisteller)\b",
    re.IGNORECASE,
)
"""What shops call images of a garment without a person."""


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
    """Return the distinct absolute URLs of images, `MAX_IMAGES` at most.

    They are in the shop's order, but those come first of which the shop says that they show the product alone.
    """
    urls: dict[str, None] = {}
    for value in sorted(as_list(values)[:_MAX_LISTED_IMAGES], key=_shows_more_than_product):
        url = absolute_url(base, value if isinstance(value, str) else _image_url(value))
        if url.startswith(("http://", "https://")):
            urls[url] = None
        if len(urls) == MAX_IMAGES:
            break
    return tuple(urls)


def _shows_more_than_product(image: Any) -> bool:
    texts = (image.get(name) for name in _IMAGE_TEXTS) if isinstance(image, dict) else ()
    return not any(isinstance(text, str) and _PRODUCT_ALONE.search(text[:200]) for text in texts)


def _image_url(image: Any) -> Any:
    if not isinstance(image, dict):
        return None
    values = (image.get(name) for name in ("contentUrl", "url", "src", "@id"))
    return next((text_of(value) for value in values if value), None)


def _letters_and_digits(text: str) -> str:
    """Return text in lower case, without spaces, punctuation and accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if letter.isalnum())


_OUT_OF_STOCK = frozenset(map(_letters_and_digits, OUT_OF_STOCK_WORDS))
_OUT_OF_STOCK_PARTS = tuple(map(_letters_and_digits, OUT_OF_STOCK_PHRASES))


def term_of(value: Any) -> str:
    """Return the name of a schema.org term in lower case: of ``https://schema.org/OutOfStock``, ``outofstock``."""
    value = next(iter(as_list(value)), None)
    if isinstance(value, dict):
        value = next((value[name] for name in ("@id", "@value", "name") if value.get(name)), None)
    return _term(text_of(value))


@lru_cache(_CACHED)
def _term(text: str) -> str:
    return _letters_and_digits(re.split("[/#:]", text.rstrip("/#"))[-1])


def is_in_stock(value: Any) -> bool:
    """Return whether a product can be ordered: yes, unless the value says no.

    Reads schema.org's terms and their nodes, the values of feeds, numbers of pieces and what shops write for people.
    """
    return value if isinstance(value, bool) else _says_in_stock(text_of(value) or term_of(value))


@lru_cache(_CACHED)
def _says_in_stock(text: str) -> bool:
    if re.fullmatch(r"-?\d+([.,]\d+)?", text):
        return float(text.replace(",", ".")) > 0
    letters = _letters_and_digits(text)
    return term_of(text) not in _OUT_OF_STOCK and not any(phrase in letters for phrase in _OUT_OF_STOCK_PARTS)


def is_used_condition(value: Any) -> bool:
    """Return whether a condition says that a product is not new. Reads schema.org's terms and feeds' words."""
    return term_of(value).removesuffix("condition") in ("used", "refurbished", "damaged", "defective")
