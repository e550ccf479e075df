"""Returns the products in WooCommerce's export as rows, in which variations have what their product says."""

from collections.abc import Iterator

from catalog_jobs.sources.feeds.columns import MORE_IMAGES, ColumnNames
from catalog_jobs.sources.feeds.limits import UNPUBLISHED, BrokenFeed, Row, first
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.taxonomy import STEP
from catalog_jobs.sources.items import TOO_MANY
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS, SIZE_OPTIONS
from closetspace.domain.index.indexed_item import LeftOut

_ATTRIBUTES = range(1, 11)

COLUMNS: ColumnNames = {
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


def rows_of(rows: Iterator[Row | LeftOut], options: FeedOptions) -> Iterator[Row | LeftOut]:
    """Yield a row for each product of WooCommerce's export; variations have what they lack from their parent.

    Raises `BrokenFeed` for more products with variations, which are in memory, than a feed may have items.
    """
    parents: dict[str, Row] = {}
    childless: dict[int, Row] = {}
    for row in rows:
        if isinstance(row, LeftOut):
            yield row
            continue
        parent = parents.get(first(row, "parent"))
        if not all(map(_is_published, filter(None, (row, parent)))):
            yield LeftOut(_id(row), UNPUBLISHED)
        elif "variable" not in first(row, "type").casefold():
            childless.pop(id(parent), None)
            yield _row(row, parent or {})
        else:
            childless[id(row)] = row
        if "variable" in first(row, "type").casefold():
            parents.update({key: row for key in (f"id:{first(row, 'id')}", first(row, "sku")) if key})
            if len(parents) > 2 * options.limits.items:
                raise BrokenFeed(TOO_MANY)
    for row in childless.values():
        yield _row(row, {})


def _is_published(row: Row) -> bool:
    return first(row, "published") in ("", "1") and first(row, "visibility") != "hidden"


def _id(row: Row) -> str:
    return first(row, "id") or first(row, "sku")


def _row(row: Row, parent: Row) -> Row:
    whole = {**parent, **{name: values for name, values in row.items() if values[0]}}
    attributes = {first(whole, f"attribute_{n}_name").casefold(): f"attribute_{n}_value" for n in _ATTRIBUTES}
    # Of all values of its parent, a variation without one of its own has any.
    own = {name: first(row, column) for name, column in attributes.items()}
    values = {
        "id": _id(row),
        # The name of a variation names its options as well.
        "title": first(parent, "name") or first(row, "name"),
        "item_group_id": _id(parent),
        "brand": first(whole, "brand") or first(whole, attributes.get("brand", "")),
        "product_type": _deepest(first(whole, "categories")),
        "color": next((value for name, value in own.items() if name in LOOK_OPTIONS), ""),
        "size": next((value for name, value in own.items() if name in SIZE_OPTIONS), ""),
        "price": first(row, "regular_price"),
        "sale_price": first(row, "sale_price"),
        "sale_price_effective_date": "/".join((first(row, "sale_starts"), first(row, "sale_ends"))),
        "availability": "out of stock" if first(row, "in_stock") == "0" else "",
        "link": first(whole, "link"),
        "image_link": first(row, "images"),
        MORE_IMAGES: first(parent, "images"),
    }
    return {name: [value] for name, value in values.items() if value}


def _deepest(categories: str) -> str:
    """Return the longest path of a list such as ``Clothing, Clothing > Hoodies``."""
    paths = [path.replace("\0", ",").strip() for path in categories.replace("\\,", "\0").split(",")]
    return max(paths, key=lambda path: path.count(STEP))
