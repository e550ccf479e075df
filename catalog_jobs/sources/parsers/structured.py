"""Product pages that describe themselves in schema.org's words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_jobs.sources.items import LeftOut, ScrapedProduct, id_of, joined, listed, pictures_of, text_of, variant_id
from catalog_jobs.sources.parsers.json_ld import is_product, read_structured, types_of
from catalog_jobs.sources.parsers.offers import price_and_stock
from catalog_jobs.sources.parsers.page import Page
from catalog_jobs.sources.parsers.vocabulary import gender_of

Node = Mapping[str, Any]

_IDS = ("sku", "productID", "identifier", "mpn", "gtin13", "gtin", "gtin14", "gtin12", "gtin8")


def read_product_page(text: str, url: str) -> Page:
    """The products of a page, one for each look: a product in five sizes of two colours is two."""
    page = read_structured(text, url)
    around = _Around(url, page.base, _trail(page.nodes))
    found = [one for node in page.nodes if is_product(node) for one in _looks(node, around)]
    if found:
        return Page(tuple(found))
    why = "its structured data is broken" if page.broken else "it shows no product"
    return Page(unreadable=why)


@dataclass(frozen=True)
class _Around:
    """The page's address, what its addresses are relative to, and the names of its breadcrumbs."""

    url: str
    base: str
    trail: Sequence[str]


def _looks(node: Node, around: _Around) -> Iterator[ScrapedProduct | LeftOut]:
    if "ProductGroup" not in types_of(node):
        yield _found([node], _group_above(node), around)
        return
    variants = [one for one in listed(node.get("hasVariant")) if isinstance(one, dict) and _tells_something(one)]
    by_look: dict[str, list[Node]] = {}
    for variant in variants or (node,):
        by_look.setdefault(text_of(variant.get("color")), []).append(variant)
    for same_look in by_look.values():
        yield _found(same_look, node, around)


def _tells_something(variant: Node) -> bool:
    """Not a bare link to the variant's own page, which will tell."""
    return any(variant.get(name) for name in ("name", "sku", "offers", "image", "color"))


def _found(variants: Sequence[Node], group: Node, around: _Around) -> ScrapedProduct | LeftOut:
    """One look from its variants, which differ in size, and from what their group says of all."""
    first = dict(group) | {name: value for name, value in variants[0].items() if value not in ("", None, [])}
    name = text_of(group.get("name")) or text_of(first.get("name"))
    if not name:
        return LeftOut("a product has no name")
    group_id, colour = _group_id(group, variants[0]), text_of(first.get("color"))
    address = joined(around.base, text_of(first.get("url"))) or around.url
    price, currency, available = price_and_stock(one.get("offers") or group.get("offers") for one in variants)
    audience = next((one for one in listed(first.get("audience")) if isinstance(one, dict)), {})
    return ScrapedProduct(
        id=variant_id(group_id, colour) if group_id else _own_id(first) or address,
        name=name,
        group=group_id,
        variant=colour,
        brand=_named(first.get("brand")) or _named(first.get("manufacturer")),
        category=_category(first, around.trail, name),
        gender=gender_of(audience.get("suggestedGender") or first.get("gender"), audience.get("audienceType")),
        colours=tuple(part.strip() for part in re.split("[/,;]", colour) if part.strip())[:5],
        price=price,
        currency=currency,
        available=available,
        url=address,
        image_urls=pictures_of(around.base, first.get("image")),
    )


def _group_above(node: Node) -> Node:
    """The group that a product on a page of its own says it belongs to."""
    above = next((one for one in listed(node.get("isVariantOf")) if isinstance(one, dict)), {})
    told = id_of(node.get("inProductGroupWithID"))
    return above if above.get("productGroupID") else {"productGroupID": told} if told else {}


def _group_id(group: Node, variant: Node) -> str:
    if not group:
        return ""
    return id_of(group.get("productGroupID")) or id_of(variant.get("inProductGroupWithID")) or _own_id(group)


def _own_id(node: Node) -> str:
    return next((found for name in _IDS if (found := id_of(node.get(name)))), "")


def _named(value: Any) -> str:
    """A brand's name, given as text, as a thing with a name, or as a list of either."""
    first = next((one for one in listed(value) if one), None)
    return text_of(first.get("name")) if isinstance(first, dict) else text_of(first)


def _category(node: Node, trail: Sequence[str], name: str) -> str:
    own = _named(node.get("category"))
    steps = [step for step in trail if step != name]
    return own or (steps[-1] if steps else "")


def _trail(nodes: Sequence[Node]) -> list[str]:
    """The names of the page's breadcrumbs, from the shop's front door on."""
    for node in nodes:
        if "BreadcrumbList" in types_of(node):
            steps = [step for step in listed(node.get("itemListElement")) if isinstance(step, dict)]
            return [name for step in steps if (name := _named(step) or _named(step.get("item")))]
    return []
