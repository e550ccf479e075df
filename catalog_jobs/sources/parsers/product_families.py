"""Returns the products of a page with schema.org data, each with its variants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog_jobs.sources.parsers.json_ld import is_product, types_of
from catalog_jobs.sources.parsers.linked_nodes import LinkedNodes, Node
from catalog_jobs.sources.parsers.values import id_of, text_of
from catalog_jobs.sources.parsers.variant_names import shared_name

_IDS = ("sku", "productID", "identifier", "mpn", "gtin13", "gtin", "gtin14", "gtin12", "gtin8")
_DATA = ("name", "sku", "offers", "image", "color")
_OWN_OFFER = ("price", "priceCurrency", "availability", "itemCondition", "priceSpecification")


@dataclass(frozen=True)
class Family:
    """A product and its variants, sizes among them. ``group`` is empty for a product that has none."""

    group: Node
    variants: list[Node]

    @property
    def nodes(self) -> list[Node]:
        """The group and its variants."""
        return [self.group, *self.variants]

    @cached_property
    def name(self) -> str:
        """The name that all variants share."""
        own = text_of(self.group.get("name"))
        return own or shared_name([name for node in self.variants if (name := text_of(node.get("name")))])


def families_of(nodes: Sequence[Node], base: str) -> list[Family]:
    """Return the products of a page, each with the variants that it names and those that name it as their own."""
    links = LinkedNodes(nodes, base)
    products = list(_products(nodes, links))
    listed = {id(variant) for product in products for variant in links.definitions(product.get("hasVariant"))}
    families: dict[str, Family] = {}
    for product in products:
        if id(product) not in listed:
            _add(families, product, links)
    return [_completed(family, links) for family in families.values()]


def own_id(node: Node) -> str:
    """Return the id of a product or a variant, ``""`` if it has none."""
    return next((item_id for name in _IDS if (item_id := _identifier(node.get(name)))), "")


def _products(nodes: Sequence[Node], links: LinkedNodes) -> Iterator[Node]:
    """Yield the products of a page once each, also those that only an offer names."""
    offered: dict[int, list[Node]] = {}
    found: dict[int, Node] = {}
    for node in nodes:
        definition = links.definition(node)
        if is_product(definition):
            found.setdefault(id(definition), definition)
        if types_of(node) & {"Offer", "AggregateOffer"}:
            for product in filter(is_product, links.definitions(node.get("itemOffered"))):
                found.setdefault(id(product), product)
                offered.setdefault(id(product), []).append({**node, "itemOffered": None})
    for key, product in found.items():
        if key in offered and not product.get("offers"):
            product["offers"] = offered[key]
        yield product


def _add(families: dict[str, Family], product: Node, links: LinkedNodes) -> None:
    """Add a product to the family that it names as its own, or as one of its own."""
    variants = [node for node in links.definitions(product.get("hasVariant")) if _has_data(node)]
    if variants or "ProductGroup" in types_of(product):
        key = _group_key(product, links)
        known = families.get(key, Family({}, []))
        families[key] = Family({**known.group, **product}, known.variants + variants)
        return
    parent = next(iter(links.definitions(product.get("isVariantOf"))), {})
    if group_id := id_of(parent.get("productGroupID")) or id_of(product.get("inProductGroupWithID")):
        parent = {**parent, "productGroupID": group_id}
    if not parent:
        families[f"product {id(product)}"] = Family({}, [product])
        return
    family = families.setdefault(_group_key(parent, links), Family({**parent, "hasVariant": None}, []))
    family.variants.append(product)


def _completed(family: Family, links: LinkedNodes) -> Family:
    variants = family.variants or [family.group]
    return Family(links.complete(family.group), [_with_offer(links.complete(variant)) for variant in variants])


def _with_offer(product: Node) -> Node:
    """Return a product with an offer where its price is its own property, as in microdata of hand-made pages."""
    if product.get("offers") or not any(product.get(name) for name in ("price", "priceSpecification")):
        return product
    return {**product, "offers": {name: product[name] for name in _OWN_OFFER if name in product}}


def _group_key(group: Node, links: LinkedNodes) -> str:
    return id_of(group.get("productGroupID")) or links.key_of(group) or own_id(group) or f"group {id(group)}"


def _has_data(variant: Node) -> bool:
    """Return whether a variant is more than a link to its own page."""
    return any(variant.get(name) for name in _DATA)


def _identifier(value: Any) -> str:
    """Return an id that is text, or a property with a value."""
    return id_of(value.get("value")) if isinstance(value, dict) else id_of(value)
