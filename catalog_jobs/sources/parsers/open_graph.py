"""Reads a page's Open Graph data, which most shops have beside or in place of schema.org's, as a node of JSON-LD."""

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from catalog_jobs.sources.parsers.values import text_of

_MAX_TAGS = 1_000
_TAGS = "//meta[(@property or @name) and @content]"

_PRODUCT = frozenset(("product", "product.item", "product.group", "og:product"))
_AMOUNTS = ("product:price:amount", "og:price:amount", "product:price")
_CURRENCIES = ("product:price:currency", "og:price:currency", "product:currency")
_BEFORE = ("product:original_price:amount", "product:pretax_price:original", "og:price:standard_amount")
_FIELDS = {
    "brand": ("product:brand", "og:brand"),
    "category": ("product:category",),
    "color": ("product:color", "og:color"),
    "gender": ("product:target_gender", "product:gender"),
    "inProductGroupWithID": ("product:item_group_id",),
    "size": ("product:size",),
    "sku": ("product:retailer_item_id", "product:retailer_part_no", "product:sku"),
    "url": ("og:url",),
}

_Tags = Mapping[str, list[str]]


def read_open_graph(root: Any) -> list[dict[str, Any]]:
    """Return the page's product, or nothing if the page is not a product's."""
    tags = _tags(root)
    name = _name(tags)
    if not name or not (_PRODUCT & set(tags.get("og:type", ())) or _all(tags, _AMOUNTS)):
        return []
    fields = {field: values[0] for field, names in _FIELDS.items() if (values := _all(tags, names))}
    audience = {"audience": {"audienceType": tags["product:age_group"][0]}} if "product:age_group" in tags else {}
    images = _all(tags, ("og:image", "og:image:url", "og:image:secure_url"))
    product = {"@type": ["Product"], "name": name, "image": images, "offers": list(_offers(tags)), **fields, **audience}
    # The tags are always about the page itself.
    return [{**product, "mainEntityOfPage": True}]


def _tags(root: Any) -> _Tags:
    tags: dict[str, list[str]] = {}
    for element in root.xpath(_TAGS)[:_MAX_TAGS]:
        for name in f"{element.get('property') or element.get('name')}".casefold().split():
            if (content := element.get("content").strip()) and content not in tags.setdefault(name, []):
                tags[name].append(content)
    return {name: contents for name, contents in tags.items() if contents}


def _all(tags: _Tags, names: tuple[str, ...]) -> list[str]:
    """Return the contents of the first of these tags that the page has."""
    return next((tags[name] for name in names if name in tags), [])


def _name(tags: _Tags) -> str:
    """Return the page's title without the name of the shop."""
    title, shop = text_of(tags.get("og:title")), text_of(tags.get("og:site_name"))
    without = re.sub(rf"\s*[-|\u2013\u2014:\u00b7]\s*{re.escape(shop)}\s*$", "", title, flags=re.IGNORECASE)
    return (without if shop else title) or title


def _offers(tags: _Tags) -> Iterator[dict[str, Any]]:
    amounts, currencies = _all(tags, _AMOUNTS), _all(tags, _CURRENCIES)
    if len(amounts) == len(currencies):
        prices = [{"price": amount, "priceCurrency": code} for amount, code in zip_longest(amounts, currencies)]
    else:
        # Of several prices in one currency, none is certain.
        prices = [{"price": amounts, "priceCurrency": next(iter(currencies), "")}] if amounts else []
    state = {
        "availability": _all(tags, ("product:availability", "og:availability")),
        "itemCondition": _all(tags, ("product:condition", "og:condition")),
        "priceSpecification": [*_sales(tags), *_prices_before(tags)],
    }
    for price in prices:
        yield {"@type": ["Offer"], **price, **state}


def _sales(tags: _Tags) -> Iterator[dict[str, Any]]:
    for amount in tags.get("product:sale_price:amount", [])[:1]:
        yield {
            "price": amount,
            "priceCurrency": next(iter(tags.get("product:sale_price:currency", [])), ""),
            "priceType": "SalePrice",
            "validFrom": next(iter(tags.get("product:sale_price_dates:start", [])), ""),
            "validThrough": next(iter(tags.get("product:sale_price_dates:end", [])), ""),
        }


def _prices_before(tags: _Tags) -> Iterator[dict[str, Any]]:
    currency = next(iter(tags.get("product:original_price:currency", [])), "")
    for amount in _all(tags, _BEFORE)[:1]:
        yield {"price": amount, "priceCurrency": currency, "priceType": "ListPrice"}
