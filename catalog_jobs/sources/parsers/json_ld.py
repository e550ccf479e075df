"""The structured data of a page as plain dictionaries, JSON-LD and microdata alike."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extruct import JsonLdExtractor, MicrodataExtractor
from parsel import Selector
from w3lib.html import get_base_url

from catalog_jobs.sources.items import listed

_SCRIPTS = "//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"
_CDATA_BEGINS = re.compile(r"(?://|/\*)? ?<!\[CDATA\[ ?(?:\*/)?")
_CDATA_ENDS = re.compile(r"(?://|/\*)? ?\]\]> ?(?:\*/)?$")
_BROKEN = (ValueError, RecursionError, IndexError)
_DEEPEST = 20
"""Levels of ``@graph`` and ``mainEntity`` that are looked into."""

_MOST_SCRIPTS = 200
_LONGEST_SCRIPT = 4 * 1024**2
"""Characters. Broken JSON is mended character by character, which takes its time."""

_TOO_MUCH = "count(//*) > 20000 or count(//*[@itemprop]) > 5000 or //*[@itemscope][count(ancestor::*[@itemscope]) > 4]"
"""Microdata that is not looked at: the extractor's time grows with the square of what nests in it (a page of 1.5 MB
kept it busy for 380 s). Shops nest three deep, and their pages have some thousand elements."""


@dataclass(frozen=True)
class Structured:
    """The page's top-level things, each with ``@type``; how many scripts were broken; the base of its addresses."""

    nodes: tuple[dict[str, Any], ...]
    broken: int
    base: str


def read_structured(text: str, url: str) -> Structured:
    """Everything that the page says of itself: JSON-LD, and microdata where there is no JSON-LD product."""
    base = get_base_url(text, url)
    root = Selector(text=text, type="html", huge_tree=False).root
    nodes, broken = _json_ld(root)
    if not any(is_product(node) for node in nodes):
        nodes += _microdata(root, base)
    return Structured(tuple(nodes), broken, base)


def is_product(node: Mapping[str, Any]) -> bool:
    """Whether a thing is for sale, alone or as the group of its variants."""
    return bool(types_of(node) & {"Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts"})


def types_of(node: Mapping[str, Any]) -> set[str]:
    """The thing's types without their vocabulary: ``https://schema.org/Product`` is ``Product``."""
    return {re.split("[/#:]", name)[-1] for name in listed(node.get("@type")) if isinstance(name, str)}


def _json_ld(root: Any) -> tuple[list[dict[str, Any]], int]:
    nodes: list[dict[str, Any]] = []
    broken = 0
    for script in root.xpath(_SCRIPTS)[:_MOST_SCRIPTS]:
        script.set("type", "application/ld+json")
        try:
            script.text = _without_cdata((script.text or "").strip())
            nodes += _flat(JsonLdExtractor().extract_items(script))
        except _BROKEN:
            broken += 1
    return nodes, broken


def _without_cdata(text: str) -> str:
    if len(text) > _LONGEST_SCRIPT:
        raise ValueError("the script is too long")
    begins, ends = _CDATA_BEGINS.match(text), _CDATA_ENDS.search(text, max(0, len(text) - 20))
    return text[begins.end() if begins else 0 : ends.start() if ends else len(text)]


def _flat(values: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    for value in listed(values):
        if isinstance(value, list) and depth < _DEEPEST:
            yield from _flat(value, depth + 1)
        if isinstance(value, dict):
            yield value
            if depth < _DEEPEST:
                yield from _flat(value.get("@graph"), depth + 1)
                yield from _flat(value.get("mainEntity"), depth + 1)


def _microdata(root: Any, base: str) -> list[dict[str, Any]]:
    if root.xpath(_TOO_MUCH):
        return []
    try:
        items = MicrodataExtractor().extract_items(root, base)
        return [_as_json_ld(item) for item in items if isinstance(item, dict)]
    except _BROKEN:
        return []


def _as_json_ld(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json_ld(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    properties = {name: _as_json_ld(entry) for name, entry in value.get("properties", {}).items()}
    return properties | {"@type": value.get("type", ""), "@id": value.get("id", "")}
