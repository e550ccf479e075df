"""Reads a page's microdata as nodes of JSON-LD, and RDFa by way of microdata."""

import re
from collections.abc import Iterator
from typing import Any

from extruct import MicrodataExtractor

from catalog_jobs.sources.parsers.schema_terms import Terms
from catalog_jobs.sources.parsers.values import as_list

_COMPLEX = "count(//*) > 20000 or count(//*[@itemprop]) > 5000 or //*[@itemscope][count(ancestor::*[@itemscope]) > 4]"
"""Matches pages whose microdata is not read: the extractor's time is quadratic in nested elements (380 s for a page of
1.5 MB). Shops nest three levels, and their pages have some thousand elements."""

_MICRODATA = ("itemscope", "itemtype", "itemprop", "itemid", "itemref")
_MAX_PREFIXES = 1_000
"""Characters of an attribute that defines prefixes."""

_PREFIX = re.compile(r"(\w+):\s+(\S+)")


def read_microdata(root: Any, base: str) -> list[dict[str, Any]]:
    """Return the page's top-level items, none if the page is too complex."""
    if root.xpath(_COMPLEX):
        return []
    try:
        items = MicrodataExtractor().extract_items(root, base)
        return [_as_json_ld(item) for item in items if isinstance(item, dict)]
    except (ValueError, RecursionError, IndexError):
        return []


def read_rdfa(root: Any, base: str) -> list[dict[str, Any]]:
    """Return the page's top-level things in schema.org's vocabulary. Replaces the page's microdata."""
    if not root.xpath("boolean(//*[@typeof])") or root.xpath("count(//*) > 20000"):
        return []
    for element in root.iter("*"):
        for name in _MICRODATA:
            element.attrib.pop(name, None)
    prefixes = dict(found for value in root.xpath("//@prefix")[:10] for found in _PREFIX.findall(value[:_MAX_PREFIXES]))
    terms = Terms().within(prefixes)
    for element in root.xpath("//*[@typeof or @property or @rel]"):
        _mark(element, terms)
    return read_microdata(root, base)


def _mark(element: Any, terms: Terms) -> None:
    """Give an element of RDFa the attributes of microdata."""
    names = " ".join(_own_terms(element.get("property") or element.get("rel"), terms))
    if "typeof" in element.attrib:
        element.set("itemscope", "")
        element.set("itemtype", " ".join(_own_terms(element.get("typeof"), terms)))
    elif "property" not in element.attrib and (inner := element.xpath("*[@typeof][not(@property or @rel)]")):
        # The value of a relation is the thing inside.
        for thing in inner:
            thing.set("itemprop", names)
        return
    if names:
        element.set("itemprop", names)


def _own_terms(value: str | None, terms: Terms) -> Iterator[str]:
    """Yield the terms in an attribute that are schema.org's: those of other vocabularies keep their prefix."""
    return (term for name in (value or "").split() if ":" not in (term := terms.name_of(name)))


def _as_json_ld(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json_ld(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    properties = {name: _as_json_ld(entry) for name, entry in value.get("properties", {}).items()}
    return properties | {"@type": as_list(value.get("type")), "@id": value.get("id", "")}
