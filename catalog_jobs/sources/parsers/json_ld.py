"""Reads the structured data of a page as dictionaries: JSON-LD, and in other forms what it lacks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parsel import Selector
from w3lib.html import get_base_url

from catalog_jobs.sources.parsers.microdata import read_microdata, read_rdfa
from catalog_jobs.sources.parsers.open_graph import read_open_graph
from catalog_jobs.sources.parsers.schema_terms import plain
from catalog_jobs.sources.parsers.script_json import read_script
from catalog_jobs.sources.parsers.values import as_list
from closetspace.adapters.network.fetching import is_web_url

Nodes = list[dict[str, Any]]

_SCRIPTS = "//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"
_MAX_DEPTH = 20
"""Levels of ``@graph`` and ``mainEntity`` that are read."""

_MAX_SCRIPTS = 200
_MAX_SCRIPT = 4 * 1024**2
"""Characters. Repairing broken JSON is slow."""

_PRODUCTS = frozenset(("Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts"))


@dataclass(frozen=True)
class StructuredData:
    """The page's top-level nodes, each with ``@type``, the number of broken scripts, and the base of relative URLs.

    The nodes are in the first form that has a product. ``other_forms`` reads the remaining ones.
    """

    nodes: Nodes
    broken: int
    base: str
    other_forms: Iterator[Nodes]


def read_structured_data(text: str, url: str) -> StructuredData:
    """Return the page's JSON-LD, or if it has no product its microdata, RDFa or Open Graph data."""
    base = _base_of(text, url)
    root = Selector(text=text, type="html", huge_tree=False).root
    nodes, broken = _json_ld(root)
    other_forms = _other_forms(root, base)
    while not any(map(is_product, nodes)) and (form := next(other_forms, None)) is not None:
        nodes += form
    return StructuredData(nodes, broken, base, other_forms)


def _base_of(text: str, url: str) -> str:
    """Return the base of a page's relative URLs: the page's own URL if it names none that is a URL."""
    try:
        base = get_base_url(text, url)
    except ValueError:
        return url
    return base if is_web_url(base) else url


def _other_forms(root: Any, base: str) -> Iterator[Nodes]:
    yield read_microdata(root, base)
    yield read_rdfa(root, base)
    yield read_open_graph(root)


def is_product(node: Mapping[str, Any]) -> bool:
    """Return whether a node is a product or a group of variants."""
    return bool(types_of(node) & _PRODUCTS)


def types_of(node: Mapping[str, Any]) -> set[str]:
    """Return a node's types without their vocabulary: ``https://schema.org/Product`` is ``Product``."""
    return {re.split("[/#:]", name)[-1] for name in as_list(node.get("@type")) if isinstance(name, str)}


def _json_ld(root: Any) -> tuple[Nodes, int]:
    nodes: Nodes = []
    broken = 0
    for script in root.xpath(_SCRIPTS)[:_MAX_SCRIPTS]:
        text = script.text or ""
        values, is_broken = read_script(text) if len(text) <= _MAX_SCRIPT else ((), True)
        broken += is_broken
        nodes += (node for value in values for node in _flatten(plain(value)))
    return nodes, broken


def _flatten(values: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    for value in as_list(values):
        if isinstance(value, list) and depth < _MAX_DEPTH:
            yield from _flatten(value, depth + 1)
        if isinstance(value, dict):
            yield value
            if depth < _MAX_DEPTH:
                yield from _flatten(value.get("@graph"), depth + 1)
                yield from _flatten(value.get("mainEntity"), depth + 1)
