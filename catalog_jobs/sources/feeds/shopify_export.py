"""Returns the products in Shopify's export, in which a row is a variant or an image."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.feeds.columns import ColumnNames
from catalog_jobs.sources.feeds.limits import UNPUBLISHED, Row, first
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.taxonomy import google_category
from catalog_jobs.sources.parsers.audiences import gender_of
from catalog_jobs.sources.parsers.shopify import looks_of
from closetspace.domain.index.indexed_item import LeftOut

_NO = ("false", "0", "no")
_OPTIONS = (1, 2, 3)

COLUMNS: ColumnNames = {
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


def products_of(rows: Iterator[Row | LeftOut], options: FeedOptions) -> Iterator[ScrapedProduct | LeftOut]:
    """Yield the products of Shopify's export: rows with the same handle are the variants and images of one."""
    for handle, group in groupby(rows, key=lambda row: "" if isinstance(row, LeftOut) else first(row, "handle")):
        whole: list[Row] = []
        for row in group:
            if isinstance(row, LeftOut):
                yield row
            else:
                whole.append(row)
        if whole:
            yield from _looks(handle, whole, options.currency)


def _looks(handle: str, rows: Sequence[Row], currency: str) -> Iterator[ScrapedProduct | LeftOut]:
    head = next((row for row in rows if first(row, "title")), rows[0])
    if first(head, "published").casefold() in _NO or first(head, "status").casefold() in ("draft", "archived"):
        yield LeftOut(handle, UNPUBLISHED)
        return
    gender = gender_of(first(head, "gender"), first(head, "age_group"))
    for product in looks_of(_product(handle, head, rows), "", currency):
        yield product if isinstance(product, LeftOut) else product._replace(gender=gender or product.gender)


def _product(handle: str, head: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """Return a product as ``/products.json`` has it. Its id is the handle: the export has no other."""
    return {
        "id": handle,
        "title": first(head, "title"),
        "vendor": first(head, "vendor"),
        "product_type": first(head, "type") or google_category(first(head, "product_category")),
        "options": [{"name": first(head, f"option{n}_name")} for n in _OPTIONS],
        "variants": [_variant(row) for row in rows if first(row, "price") or first(row, "option1_value")],
        "images": [{"src": first(row, "image")} for row in rows if first(row, "image")],
    }


def _variant(row: Row) -> dict[str, Any]:
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
