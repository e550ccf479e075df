"""Makes a product of a feed's row."""

from functools import lru_cache
from typing import NamedTuple

from catalog_jobs.catalog.item import MAX_TEXT, ScrapedProduct
from catalog_jobs.sources.feeds.columns import MORE_IMAGES
from catalog_jobs.sources.feeds.images import image_urls
from catalog_jobs.sources.feeds.limits import REMARK, Row, first
from catalog_jobs.sources.feeds.row_price import row_price
from catalog_jobs.sources.feeds.taxonomy import STEP, google_category
from catalog_jobs.sources.parsers.audiences import gender_of
from catalog_jobs.sources.parsers.price_context import PriceContext
from catalog_jobs.sources.parsers.values import is_in_stock, split_colours

_CACHED = 2_000
"""Sets of common fields that are kept, each of 6 KB at most: a feed of many rows repeats few of them."""

_COMMON = ("availability", "gender", "age_group", "product_type", "google_product_category", "color")


class _CommonFields(NamedTuple):
    """What is read of the fields whose values many rows have."""

    in_stock: bool
    gender: str
    category: str
    colours: tuple[str, ...]


def parse_row(row: Row, prices: PriceContext) -> ScrapedProduct:
    """Return a row's product. The fields are those of Google's product data specification."""
    price, list_price = row_price(row, prices)
    common = _common_fields(*[row[name][0][:MAX_TEXT] if name in row else "" for name in _COMMON])
    return ScrapedProduct(
        id=first(row, "id"),
        name=first(row, "title"),
        group=first(row, "item_group_id"),
        variant=first(row, "color"),
        brand=first(row, "brand"),
        category=common.category,
        gender=common.gender,
        colours=common.colours,
        price=price.amount,
        list_price=list_price,
        currency=price.currency,
        in_stock=common.in_stock,
        sizes=tuple(row.get("size", ())[:1]) if common.in_stock else (),
        url=first(row, "link"),
        image_urls=image_urls(row.get("image_link", []) + row.get(MORE_IMAGES, [])),
        remarks=(*row.get(REMARK, ()), *price.remarks),
    )


@lru_cache(_CACHED)
def _common_fields(
    availability: str, gender: str, age_group: str, product_type: str, google_product_category: str, colour: str
) -> _CommonFields:
    return _CommonFields(
        in_stock=is_in_stock(availability),
        gender=gender_of(gender, age_group),
        # The shop's own category, else Google's.
        category=_path(product_type) or _path(google_category(google_product_category)),
        colours=split_colours(colour),
    )


def _path(category: str) -> str:
    """Return a path as Google writes it, ``""`` for a number."""
    steps = [step.strip() for step in category.split(">")]
    return "" if category.strip().isdecimal() else STEP.join(filter(None, steps))
