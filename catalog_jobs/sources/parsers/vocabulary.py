"""What shops mean by their words for stock and for whom a thing is."""

from typing import Any

from catalog_jobs.sources.items import text_of

UNAVAILABLE = frozenset(("outofstock", "soldout", "discontinued", "instoreonly", "unavailable", "reserved"))
MEN = frozenset(("male", "men", "man", "mens", "herren"))
WOMEN = frozenset(("female", "women", "woman", "womens", "damen"))
CHILDREN = frozenset(("newborn", "infant", "toddler", "kids", "kid", "child", "children"))


def is_available(value: Any) -> bool:
    """Whether it can be ordered; what says nothing can. Takes schema.org's addresses and feeds' words."""
    return _word(value) not in UNAVAILABLE


def gender_of(value: Any, age: Any = "") -> str:
    """For whom, in the catalog's words; a word that is not known stays as it is."""
    word, young = _word(value), _word(age) in CHILDREN
    if word in MEN:
        return "Boys" if young else "Men"
    if word in WOMEN:
        return "Girls" if young else "Women"
    return "Unisex" if word == "unisex" else text_of(value)


def _word(value: Any) -> str:
    last = text_of(value).rstrip("/").rpartition("/")[2]
    return "".join(letter for letter in last.casefold() if letter.isalpha())
