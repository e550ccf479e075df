"""Reads the structured data of a page, JSON-LD or microdata, as dictionaries."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extruct import JsonLdExtractor, MicrodataExtractor
from parsel import Selector
from w3lib.html import get_base_url

from catalog_jobs.sources.parsers.values import as_list

_SCRIPTS = "//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"
_CDATA_START = re.compile(r"(?://|/\*)? ?<!\[CDATA\[ ?(?:\*/)?")
_CDATA_END = re.compile(r"(?://|/\*)? ?\]\]> ?(?:\*/)?$")
_BROKEN = (ValueError, RecursionError, IndexError)
_MAX_DEPTH = 20
"""Levels of ``@graph`` and ``mainEntity`` that are read."""

_MAX_SCRIPTS = 200
_MAX_SCRIPT = 4 * 1024**2
"""Characters. Repairing broken JSON is slow."""

_COMPLEX = "count(//*) > 20000 or count(//*[@itemprop]) > 5000 or //*[@itemscope][count(ancestor::*[@itemscope]) > 4]"
"""Matches pages whose microdata is not read: the extractor's time is quadratic in nested elements (380 s for a page of
1.5 MB). Shops nest three levels, and their pages have some thousand elements."""


@dataclass(frozen=True)
class StructuredData:
    """The page's top-level nodes, each with ``@type``, the number of broken scripts, and the base of relative URLs."""

    nodes: tuple[dict[str, Any], ...]
    broken: int
    base: str


def read_structured_data(text: str, url: str) -> StructuredData:
    """Return the page's JSON-LD, and its microdata if the JSON-LD has no product."""
    base = get_base_url(text, url)
    root = Selector(text=text, type="html", huge_tree=False).root
    nodes, broken = _json_ld(root)
    if not any(is_product(node) for node in nodes):
        nodes += _microdata(root, base)
    return StructuredData(tuple(nodes), broken, base)


def is_product(node: Mapping[str, Any]) -> bool:
    """Return whether a node is a product or a group of variants."""
    return bool(types_of(node) & {"Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts"})


def types_of(node: Mapping[str, Any]) -> set[str]:
    """Return a node's types without their vocabulary: ``https://schema.org/Product`` is ``Product``."""
    return {re.split("[/#:]", name)[-1] for name in as_list(node.get("@type")) if isinstance(name, str)}


def _json_ld(root: Any) -> tuple[list[dict[str, Any]], int]:
    nodes: list[dict[str, Any]] = []
    broken = 0
    for script in root.xpath(_SCRIPTS)[:_MAX_SCRIPTS]:
        script.set("type", "application/ld+json")
        try:
            script.text = _without_cdata((script.text or "").strip())
            nodes += _flatten(JsonLdExtractor().extract_items(script))
        except _BROKEN:
            broken += 1
    return nodes, broken


def _without_cdata(text: str) -> str:
    if len(text) > _MAX_SCRIPT:
        raise ValueError("the script is too long")
    start, end = _CDATA_START.match(text), _CDATA_END.search(text, max(0, len(text) - 20))
    return text[start.end() if start else 0 : end.start() if end else len(text)]


def _flatten(values: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    for value in as_list(values):
        if isinstance(value, list) and depth < _MAX_DEPTH:
            yield from _flatten(value, depth + 1)
        if isinstance(value, dict):
            yield value
            if depth < _MAX_DEPTH:
                yield from _flatten(value.get("@graph"), depth + 1)
                yield from _flatten(value.get("mainEntity"), depth + 1)


def _microdata(root: Any, base: str) -> list[dict[str, Any]]:
    if root.xpath(_COMPLEX):
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
