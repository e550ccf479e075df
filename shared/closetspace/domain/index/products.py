"""Products: what is one although it is sold, or owned, in several variants."""

import hashlib
import re

NO_PRODUCT = 0
"""The key of what has no name to be known by."""

LONGEST_TITLE = 80
"""Characters: what is longer is no use in a sentence."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def item_key(item_id: str) -> int:
    """A catalog item's stable number: 64 bits of BLAKE2b of its id."""
    return _number(item_id)


def product_key(brand: str, name: str, group: str = "") -> int:
    """The number that all variants of a product share: the shop's group where it tells one, else brand and name.

    Case, blanks and punctuation make no difference, nor does a brand that the name begins with. Returns
    `NO_PRODUCT` without a name and a group.
    """
    if group:
        # No cleaned name has punctuation, so no name is taken for a group.
        return _number(f"group: {group}")
    name, brand = _words(name), _words(brand)
    if not name:
        return NO_PRODUCT
    return _number(name if not brand or f"{name} ".startswith(f"{brand} ") else f"{brand} {name}")


def title(brand: str, name: str) -> str:
    """Brand and name as a person reads them, nothing without a name; what the name begins with is not said twice."""
    brand, name = " ".join(brand.split()), " ".join(name.split())
    if not name:
        return ""
    whole = name if f"{name} ".casefold().startswith(f"{brand} ".casefold()) else f"{brand} {name}".strip()
    return whole if len(whole) <= LONGEST_TITLE else f"{whole[: LONGEST_TITLE - 1].rstrip()}…"


def _words(text: str) -> str:
    return _BETWEEN_WORDS.sub(" ", text.casefold()).strip()


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
