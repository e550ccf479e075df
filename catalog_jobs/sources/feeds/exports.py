"""Products in the exports of shop systems, in which several rows are one product."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.feeds.columns import ColumnNames
from catalog_jobs.sources.feeds.images import image_addresses
from catalog_jobs.sources.feeds.limits import BrokenFeed, Row, first
from catalog_jobs.sources.feeds.taxonomy import STEP, google_category
from catalog_jobs.sources.items import TOO_MANY
from catalog_jobs.sources.parsers.audiences import gender_of
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS, SIZE_OPTIONS
from catalog_jobs.sources.parsers.shopify import looks_of
from closetspace.domain.index.indexed_item import LeftOut

UNPUBLISHED = "the shop does not publish it"

_NO = ("false", "0", "no")
_OPTIONS = (1, 2, 3)
_ATTRIBUTES = range(1, 11)

SHOPIFY: ColumnNames = {
    "handle": ("handle", "url_handle"),
    "title": ("title",),
    "vendor": ("vendor",),
    "type": ("type", "custom_product_type"),
    "product_category": ("product_category", "google_shopping_google_product_category"),
    "published": ("published", "published_on_online_store"),
    "status": ("status",),
    **{f"option{n}_{part}": (f"option{n}_{part}",) for n in _OPTIONS for part in ("name", "value")},
    "price": ("variant_price", "price"),
    "compare_at_price": ("variant_compare_at_price", "compare_at_price"),
    "tracker": ("variant_inventory_tracker", "inventory_tracker"),
    "quantity": ("variant_inventory_qty", "inventory_quantity"),
    "policy": ("variant_inventory_policy", "continue_selling_when_out_of_stock"),
    "image": ("image_src", "product_image_url"),
    "variant_image": ("variant_image", "variant_image_url"),
    "gender": ("google_shopping_gender",),
    "age_group": ("google_shopping_age_group",),
}
"""The columns of Shopify's export of products, as they are called since 2025 and before."""

WOOCOMMERCE: ColumnNames = {
    "id": ("id",),
    "type": ("type",),
    "sku": ("sku",),
    "name": ("name",),
    "published": ("published",),
    "visibility": ("visibility_in_catalog",),
    "in_stock": ("in_stock",),
    "sale_starts": ("date_sale_price_starts",),
    "sale_ends": ("date_sale_price_ends",),
    "sale_price": ("sale_price",),
    "regular_price": ("regular_price",),
    "categories": ("categories",),
    "brand": ("brands", "brand"),
    "images": ("images",),
    "parent": ("parent",),
    "link": ("external_url",),
    **{f"attribute_{n}_name": (f"attribute_{n}_name",) for n in _ATTRIBUTES},
    **{f"attribute_{n}_value": (f"attribute_{n}_value_s", f"attribute_{n}_value") for n in _ATTRIBUTES},
}
"""The columns of WooCommerce's export of products."""


def shopify(rows: Iterator[Row | LeftOut], limit: int, currency: str) -> Iterator[ScrapedProduct | LeftOut]:  # noqa: ARG001
    """Yield the products of Shopify's export: rows with the same handle are the variants and images of one."""
    for handle, group in groupby(rows, key=lambda row: "" if isinstance(row, LeftOut) else first(row, "handle")):
        whole: list[Row] = []
        for row in group:
            if isinstance(row, LeftOut):
                yield row
            else:
                whole.append(row)
        if whole:
            yield from _shopify_products(handle, whole, currency)


def _shopify_products(handle: str, rows: Sequence[Row], currency: str) -> Iterator[ScrapedProduct | LeftOut]:
    head = next((row for row in rows if first(row, "title")), rows[0])
    if first(head, "published").casefold() in _NO or first(head, "status").casefold() in ("draft", "archived"):
        yield LeftOut(handle, UNPUBLISHED)
        return
    gender = gender_of(first(head, "gender"), first(head, "age_group"))
    for product in looks_of(_shopify_product(handle, head, rows), "", currency):
        yield product if isinstance(product, LeftOut) else replace(product, gender=gender or product.gender)


def _shopify_product(handle: str, head: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """Return a product as ``/products.json`` has it. Its id is the handle: the export has no other."""
    return {
        "id": handle,
        "title": first(head, "title"),
        "vendor": first(head, "vendor"),
        "product_type": first(head, "type") or google_category(first(head, "product_category")),
        "options": [{"name": first(head, f"option{n}_name")} for n in _OPTIONS],
        "variants": [_shopify_variant(row) for row in rows if first(row, "price") or first(row, "option1_value")],
        "images": [{"src": first(row, "image")} for row in rows if first(row, "image")],
    }


def _shopify_variant(row: Row) -> dict[str, Any]:
    quantity, image = first(row, "quantity"), first(row, "variant_image")
    # Shopify doesn't count what has no tracker.
    is_counted = "tracker" not in row or first(row, "tracker") != ""
    is_sold_out = is_counted and quantity.lstrip("-").isdecimal() and int(quantity) <= 0
    return {
        "price": first(row, "price"),
        "compare_at_price": first(row, "compare_at_price"),
        "available": not is_sold_out or first(row, "policy").casefold() in ("continue", "true", "yes"),
        **{f"option{n}": first(row, f"option{n}_value") for n in _OPTIONS},
        **({"featured_image": {"src": image}} if image else {}),
    }


def woocommerce(rows: Iterator[Row | LeftOut], limit: int, currency: str) -> Iterator[Row | LeftOut]:  # noqa: ARG001
    """Yield the products of WooCommerce's export: variations have what they lack from their parent.

    Raises `BrokenFeed` for more than ``limit`` products with variations, which are in memory.
    """
    parents: dict[str, Row] = {}
    childless: dict[int, Row] = {}
    for row in rows:
        if isinstance(row, LeftOut):
            yield row
            continue
        parent = parents.get(first(row, "parent"))
        if not all(map(_is_published, filter(None, (row, parent)))):
            yield LeftOut(_woocommerce_id(row), UNPUBLISHED)
        elif "variable" not in first(row, "type").casefold():
            childless.pop(id(parent), None)
            yield _woocommerce_row(row, parent or {})
        else:
            childless[id(row)] = row
        if "variable" in first(row, "type").casefold():
            parents.update({key: row for key in (f"id:{first(row, 'id')}", first(row, "sku")) if key})
            if len(parents) > 2 * limit:
                raise BrokenFeed(TOO_MANY)
    for row in childless.values():
        yield _woocommerce_row(row, {})


def _is_published(row: Row) -> bool:
    return first(row, "published") in ("", "1") and first(row, "visibility") != "hidden"


def _woocommerce_id(row: Row) -> str:
    return first(row, "id") or first(row, "sku")


def _woocommerce_row(row: Row, parent: Row) -> Row:
    whole = {**parent, **{name: values for name, values in row.items() if values[0]}}
    attributes = {first(whole, f"attribute_{n}_name").casefold(): f"attribute_{n}_value" for n in _ATTRIBUTES}
    # Of all values of its parent, a variation without one of its own has any.
    own = {name: first(row, column) for name, column in attributes.items()}
    images = [*image_addresses(first(row, "images")), *image_addresses(first(parent, "images"))]
    values = {
        "id": _woocommerce_id(row),
        # The name of a variation names its options as well.
        "title": first(parent, "name") or first(row, "name"),
        "item_group_id": _woocommerce_id(parent),
        "brand": first(whole, "brand") or first(whole, attributes.get("brand", "")),
        "product_type": _deepest(first(whole, "categories")),
        "color": next((value for name, value in own.items() if name in LOOK_OPTIONS), ""),
        "size": next((value for name, value in own.items() if name in SIZE_OPTIONS), ""),
        "price": first(row, "regular_price"),
        "sale_price": first(row, "sale_price"),
        "sale_price_effective_date": "/".join((first(row, "sale_starts"), first(row, "sale_ends"))),
        "availability": "out of stock" if first(row, "in_stock") == "0" else "",
        "link": first(whole, "link"),
    }
    named = {name: [value] for name, value in values.items() if value}
    return named | ({"image_link": images[:1], "additional_image_link": images[1:]} if images else {})


def _deepest(categories: str) -> str:
    """Return the longest path of a list such as ``Clothing, Clothing > Hoodies``."""
    paths = [path.replace("\0", ",").strip() for path in categories.replace("\\,", "\0").split(",")]
    return max(paths, key=lambda path: path.count(STEP))
