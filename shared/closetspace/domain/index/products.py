"""Products: which items are variants of one product, and the title of a product."""

import hashlib
import re

NO_PRODUCT = 0
"""The product key of an item that has neither a name nor a group."""

MAX_TITLE_LENGTH = 80
"""Characters; longer titles make a sentence unreadable."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def item_key(item_id: str) -> int:
    """Return a catalog item's stable key: 64 bits of the BLAKE2b hash of its id."""
    return _hash(item_id)


def product_key(brand: str, name: str, group: str = "") -> int:
    """Return the key that all variants of a product share: by the shop's group if there is one, else by brand and name.

    Case, blanks and punctuation make no difference, nor does a brand that the name begins with. Returns
    `NO_PRODUCT` without a name and a group.
    """
    if group:
        # A cleaned name has no punctuation, so no name is mistaken for a group.
        return _hash(f"group: {group}")
    name, brand = _words(name), _words(brand)
    if not name:
        return NO_PRODUCT
    return _hash(name if not brand or f"{name} ".startswith(f"{brand} ") else f"{brand} {name}")


def title(brand: str, name: str) -> str:
    """Return brand and name in one line, without repeating a brand that the name begins with; empty without a name."""
    brand, name = " ".join(brand.split()), " ".join(name.split())
    if not name:
        return ""
    joined = name if f"{name} ".casefold().startswith(f"{brand} ".casefold()) else f"{brand} {name}".strip()
    return joined if len(joined) <= MAX_TITLE_LENGTH else f"{joined[: MAX_TITLE_LENGTH - 1].rstrip()}…"


def _words(text: str) -> str:
    return _BETWEEN_WORDS.sub(" ", text.casefold()).strip()


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
