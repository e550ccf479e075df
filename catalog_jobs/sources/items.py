"""What a parser says: a product as far as the page tells it, or why there is none."""

import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from catalog_jobs.catalog.item import MOST_PICTURES, cleaned


@dataclass(frozen=True)
class ScrapedProduct:
    """One variant of one product. ``id`` and ``group`` are the shop's own; empty is what the page does not tell."""

    id: str
    name: str
    group: str = ""
    variant: str = ""
    brand: str = ""
    category: str = ""
    gender: str = ""
    colours: tuple[str, ...] = ()
    price: float | None = None
    currency: str = ""
    available: bool = True
    url: str = ""
    image_urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Something that should have been a product and is not usable."""

    reason: str


def text_of(value: Any) -> str:
    """The text of a JSON value that should be one: numbers as written, the first of a list's, else none."""
    if isinstance(value, list):
        value = next((entry for entry in value if entry), None)
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, float) and math.isfinite(value):
        # 8123.0 and 8123 are the same id.
        return str(int(value)) if value == int(value) else str(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def id_of(value: Any) -> str:
    """An id; unlike other texts, a list of them is none."""
    return "" if isinstance(value, list) else text_of(value)


def variant_id(product: str, variant: str) -> str:
    """An id for a variant that keeps when the shop reorders variants or runs out of a size."""
    return f"{product}-{'-'.join(variant.casefold().split())}" if variant else product


def listed(value: Any) -> list[Any]:
    """A list, whether one was given, or one thing, or nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def joined(base: str, address: Any) -> str:
    """An address on a page at ``base`` in full; empty where it is none."""
    if not isinstance(address, str) or not address.strip():
        return ""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def pictures_of(base: str, values: Any) -> tuple[str, ...]:
    """The pictures' addresses in full, each once, in the shop's order, at most as many as an item keeps."""
    found: dict[str, None] = {}
    for value in listed(values):
        address = value if isinstance(value, str) else _address_of(value)
        full = joined(base, address)
        if full.startswith(("http://", "https://")):
            found[full] = None
        if len(found) == MOST_PICTURES:
            break
    return tuple(found)


def _address_of(picture: Any) -> Any:
    if not isinstance(picture, dict):
        return None
    named = (picture.get(name) for name in ("contentUrl", "url", "src", "@id"))
    return next((text_of(value) for value in named if value), None)
