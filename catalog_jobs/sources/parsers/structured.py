"""Parser for product pages with schema.org data: returns the looks of each product."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.audiences import gender_in, gender_of
from catalog_jobs.sources.parsers.breadcrumbs import category_of, read_breadcrumbs
from catalog_jobs.sources.parsers.json_ld import StructuredData, read_structured_data, types_of
from catalog_jobs.sources.parsers.linked_nodes import Node
from catalog_jobs.sources.parsers.offers import best_offer
from catalog_jobs.sources.parsers.price_context import PriceContext, price_format
from catalog_jobs.sources.parsers.product_families import Family, families_of, own_id
from catalog_jobs.sources.parsers.product_looks import Look, colour_of, looks_of
from catalog_jobs.sources.parsers.values import (
    absolute_url,
    as_list,
    id_of,
    image_urls_of,
    split_colours,
    text_of,
    variant_id,
)
from closetspace.domain.index.indexed_item import LeftOut

_FROM_OTHER_FORMS = ("image", "brand", "category")
"""What a page's only product takes from Open Graph data, for example, if its own data lacks it. Also its offers."""


def read_product_page(text: str, url: str, currency: str = "", now: datetime | None = None) -> Page:
    """Return the products of a page, one for each look: two colours in five sizes are two products.

    ``currency`` is the shop's, in which an offer is preferred; ``now`` decides which prices are valid.
    """
    data = read_structured_data(text, url)
    families = families_of(data.nodes, data.base)
    prices = PriceContext(currency, now, price_format(node for family in families for node in family.nodes))
    context = _PageContext(url, data.base, read_breadcrumbs(data.nodes), prices)
    products = [look for family in families for look in _products(family, context)]
    if len(products) == 1:
        products = _products_with_other_forms(products[0], families[0], data, context)
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


def _products(family: Family, context: _PageContext) -> Iterator[ScrapedProduct | LeftOut]:
    looks = looks_of(family)
    ids = _ids(family, looks)
    for look, look_id in zip(looks, ids, strict=True):
        yield _product(look, look_id, family, context)


def _products_with_other_forms(
    product: ScrapedProduct | LeftOut, family: Family, data: StructuredData, context: _PageContext
) -> list[ScrapedProduct | LeftOut]:
    """Return the page's only product with what its data lacks from the page's data in other forms."""
    for form in data.other_forms if isinstance(product, ScrapedProduct) else ():
        if not isinstance(product, ScrapedProduct) or not _lacks_data(product):
            break
        others = families_of(form, data.base)
        if len(others) == 1 and len(others[0].variants) == 1 and _is_same_product(family, others[0].variants[0]):
            prices = replace(context.prices, numbers=price_format(others[0].nodes))
            family = _filled(family, others[0].variants[0], lacks_price=_lacks_price(product))
            [product] = _products(family, replace(context, prices=prices))
    return [product]


def _is_same_product(family: Family, other: Node) -> bool:
    """Return whether another description is certainly of the same product, not of one that goes with it."""
    ids = {own_id(node) for node in family.nodes}
    if other.get("mainEntityOfPage") or own_id(other) in ids - {""}:
        return True
    return text_of(other.get("name")).casefold() in (family.name.casefold(), "")


def _lacks_price(product: ScrapedProduct) -> bool:
    return product.price is None and not product.remarks


def _lacks_data(product: ScrapedProduct) -> bool:
    return _lacks_price(product) or not product.image_urls


def _filled(family: Family, other: Node, *, lacks_price: bool) -> Family:
    """Return a family of one look with what it lacks from another description of the product."""
    whole = {**family.group, **family.variants[0]}
    found = {name: other[name] for name in _FROM_OTHER_FORMS if other.get(name) and not whole.get(name)}
    if lacks_price and other.get("offers"):
        own = next((offer for offer in as_list(whole.get("offers")) if isinstance(offer, dict)), {})
        stock = {"availability": own["availability"]} if own.get("availability") else {}
        found["offers"] = [{**offer, **stock} for offer in as_list(other["offers"]) if isinstance(offer, dict)]
    return Family(family.group, [{**variant, **found} for variant in family.variants])


def _product(look: Look, look_id: str, family: Family, context: _PageContext) -> ScrapedProduct | LeftOut:
    """Merge variants of one look, which differ in size, with the data of their group."""
    first = {**family.group, **{name: value for name, value in look.variants[0].items() if value not in ("", None, [])}}
    url = absolute_url(context.base, text_of(first.get("url"))) or context.url
    if not family.name:
        return LeftOut(look_id or url, "a product has no name")
    offer = best_offer(look.variants, family.group, context.prices)
    category = category_of(first.get("category"), context.breadcrumbs, family.name)
    return ScrapedProduct(
        id=look_id or url,
        name=family.name,
        group=_group_id(family),
        variant=look.name,
        brand=_name_of(first.get("brand")) or _name_of(first.get("manufacturer")),
        category=category,
        gender=_gender(first) or gender_in(" > ".join((category, *context.breadcrumbs))),
        colours=split_colours(colour_of(first) or look.name, "/,;"),
        price=offer.price.amount,
        list_price=offer.list_price,
        currency=offer.price.currency,
        in_stock=offer.in_stock,
        sizes=offer.sizes,
        url=url,
        image_urls=image_urls_of(context.base, first.get("image")),
        remarks=offer.price.remarks,
    )


def _ids(family: Family, looks: Sequence[Look]) -> list[str]:
    """Return an id for each look: of group and colour if the page states both, else the variant's own."""
    group = _group_id(family)
    if group and _is_group(family.group) and all(look.is_stated for look in looks):
        return [variant_id(group, look.name) for look in looks]
    own = [own_id(look.variants[0]) for look in looks]
    if len(set(own)) == len(own) and all(own):
        return own
    return [variant_id(group, look.name) if group else look_id for look, look_id in zip(looks, own, strict=True)]


def _is_group(group: Node) -> bool:
    return bool(group.get("productGroupID")) or "ProductGroup" in types_of(group)


def _group_id(family: Family) -> str:
    stated = (family.variants[0].get("inProductGroupWithID"),) if family.group else ()
    ids = (id_of(value) for value in (family.group.get("productGroupID"), *stated))
    return next(filter(None, ids), "") or own_id(family.group)


def _gender(node: Node) -> str:
    audience = next((entry for entry in as_list(node.get("audience")) if isinstance(entry, dict)), {})
    ages = [audience.get("audienceType"), audience.get("name"), node.get("ageGroup"), *_oldest(audience)]
    gender = audience.get("suggestedGender") or node.get("gender") or audience.get("audienceType")
    return gender_of(gender, [age for age in ages if age])


def _oldest(audience: Node) -> Iterator[str]:
    """Yield the greatest age of an audience, with its unit."""
    suggested = audience.get("suggestedAge")
    age = suggested if isinstance(suggested, dict) else {"maxValue": audience.get("suggestedMaxAge")}
    if (oldest := text_of(age.get("maxValue"))).isdecimal():
        yield f"{oldest} {'months' if text_of(age.get('unitCode')) == 'MON' else 'years'}"


def _name_of(value: Any) -> str:
    """Return the name of a value that is text, a thing with a name, or a list of either."""
    first = next((entry for entry in as_list(value) if entry), None)
    return text_of(first.get("name")) if isinstance(first, dict) else text_of(first)
