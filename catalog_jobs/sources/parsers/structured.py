"""Parser for product pages with schema.org data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.json_ld import is_product, read_structured_data, types_of
from catalog_jobs.sources.parsers.offers import best_offer
from catalog_jobs.sources.parsers.price_specifications import PriceContext, price_format
from catalog_jobs.sources.parsers.values import (
    absolute_url,
    as_list,
    gender_of,
    id_of,
    image_urls_of,
    split_colours,
    text_of,
    variant_id,
)
from closetspace.domain.index.indexed_item import LeftOut

Node = Mapping[str, Any]

_IDS = ("sku", "productID", "identifier", "mpn", "gtin13", "gtin", "gtin14", "gtin12", "gtin8")


def read_product_page(text: str, url: str, currency: str = "", now: datetime | None = None) -> Page:
    """Return the products of a page, one for each look: two colours in five sizes are two products.

    ``currency`` is the shop's, in which an offer is preferred; ``now`` decides which prices are valid.
    """
    data = read_structured_data(text, url)
    prices = PriceContext(currency, now, price_format(filter(is_product, data.nodes)))
    context = _PageContext(url, data.base, _breadcrumbs(data.nodes), prices)
    products = [look for node in data.nodes if is_product(node) for look in _looks(node, context)]
    if products:
        return Page(tuple(products))
    return Page(unreadable="its structured data is broken" if data.broken else "it shows no product")


@dataclass(frozen=True)
class _PageContext:
    """The page's URL, the base of its relative URLs, the names of its breadcrumbs, and what helps to read prices."""

    url: str
    base: str
    breadcrumbs: Sequence[str]
    prices: PriceContext


def _looks(node: Node, context: _PageContext) -> Iterator[ScrapedProduct | LeftOut]:
    if "ProductGroup" not in types_of(node):
        yield _product([node], _parent_group(node), context)
        return
    variants = [entry for entry in as_list(node.get("hasVariant")) if isinstance(entry, dict) and _has_data(entry)]
    by_look: dict[str, list[Node]] = {}
    for variant in variants or (node,):
        by_look.setdefault(text_of(variant.get("color")), []).append(variant)
    for same_look in by_look.values():
        yield _product(same_look, node, context)


def _has_data(variant: Node) -> bool:
    """Return whether a variant is more than a link to its own page."""
    return any(variant.get(name) for name in ("name", "sku", "offers", "image", "color"))


def _product(variants: Sequence[Node], group: Node, context: _PageContext) -> ScrapedProduct | LeftOut:
    """Merge variants of one look, which differ in size, with the data of their group."""
    first = dict(group) | {name: value for name, value in variants[0].items() if value not in ("", None, [])}
    name = text_of(group.get("name")) or text_of(first.get("name"))
    if not name:
        return LeftOut(_own_id(first), "a product has no name")
    group_id, colour = _group_id(group, variants[0]), text_of(first.get("color"))
    url = absolute_url(context.base, text_of(first.get("url"))) or context.url
    offer = best_offer(variants, group, context.prices)
    audience = next((entry for entry in as_list(first.get("audience")) if isinstance(entry, dict)), {})
    return ScrapedProduct(
        id=variant_id(group_id, colour) if group_id else _own_id(first) or url,
        name=name,
        group=group_id,
        variant=colour,
        brand=_name_of(first.get("brand")) or _name_of(first.get("manufacturer")),
        category=_category(first, context.breadcrumbs, name),
        gender=gender_of(audience.get("suggestedGender") or first.get("gender"), audience.get("audienceType")),
        colours=split_colours(colour, "/,;"),
        price=offer.price.amount,
        list_price=offer.list_price,
        currency=offer.price.currency,
        in_stock=offer.in_stock,
        sizes=offer.sizes,
        url=url,
        image_urls=image_urls_of(context.base, first.get("image")),
        remarks=offer.price.remarks,
    )


def _parent_group(node: Node) -> Node:
    """Return the group that a product names as its own."""
    parent = next((entry for entry in as_list(node.get("isVariantOf")) if isinstance(entry, dict)), {})
    group_id = id_of(node.get("inProductGroupWithID"))
    return parent if parent.get("productGroupID") else {"productGroupID": group_id} if group_id else {}


def _group_id(group: Node, variant: Node) -> str:
    if not group:
        return ""
    return id_of(group.get("productGroupID")) or id_of(variant.get("inProductGroupWithID")) or _own_id(group)


def _own_id(node: Node) -> str:
    return next((item_id for name in _IDS if (item_id := id_of(node.get(name)))), "")


def _name_of(value: Any) -> str:
    """Return the name of a value that is text, a thing with a name, or a list of either."""
    first = next((entry for entry in as_list(value) if entry), None)
    return text_of(first.get("name")) if isinstance(first, dict) else text_of(first)


def _category(node: Node, breadcrumbs: Sequence[str], name: str) -> str:
    steps = [step for step in breadcrumbs if step != name]
    return _name_of(node.get("category")) or (steps[-1] if steps else "")


def _breadcrumbs(nodes: Sequence[Node]) -> list[str]:
    for node in nodes:
        if "BreadcrumbList" in types_of(node):
            steps = [step for step in as_list(node.get("itemListElement")) if isinstance(step, dict)]
            return [name for step in steps if (name := _name_of(step) or _name_of(step.get("item")))]
    return []
