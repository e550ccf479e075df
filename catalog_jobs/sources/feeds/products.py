"""Makes a product of a feed's row."""

from functools import lru_cache

from catalog_jobs.catalog.item import MAX_TEXT, ScrapedProduct
from catalog_jobs.sources.feeds.columns import MORE_IMAGES
from catalog_jobs.sources.feeds.images import image_urls
from catalog_jobs.sources.feeds.limits import REMARK, Row, first
from catalog_jobs.sources.feeds.row_price import row_price
from catalog_jobs.sources.feeds.taxonomy import STEP, google_category
from catalog_jobs.sources.parsers.audiences import gender_of
from catalog_jobs.sources.parsers.price_context import PriceContext
from catalog_jobs.sources.parsers.values import is_in_stock, split_colours

_CACHED = 1_000
"""Of each field, whose values are few in a feed of many rows."""

_is_in_stock = lru_cache(_CACHED)(is_in_stock)
_gender_of = lru_cache(_CACHED)(gender_of)
_split_colours = lru_cache(_CACHED)(split_colours)


def parse_row(row: Row, prices: PriceContext) -> ScrapedProduct:
    """Return a row's product. The fields are those of Google's product data specification."""
    price, list_price = row_price(row, prices)
    colour, in_stock = first(row, "color"), _is_in_stock(first(row, "availability")[:MAX_TEXT])
    return ScrapedProduct(
        id=first(row, "id"),
        name=first(row, "title"),
        group=first(row, "item_group_id"),
        variant=colour,
        brand=first(row, "brand"),
        category=_category(row),
        gender=_gender_of(first(row, "gender")[:MAX_TEXT], first(row, "age_group")[:MAX_TEXT]),
        colours=_split_colours(colour[:MAX_TEXT]),
        price=price.amount,
        list_price=list_price,
        currency=price.currency,
        in_stock=in_stock,
        sizes=tuple(row.get("size", ())[:1]) if in_stock else (),
        url=first(row, "link"),
        image_urls=image_urls(row.get("image_link", []) + row.get(MORE_IMAGES, [])),
        remarks=(*row.get(REMARK, ()), *price.remarks),
    )


def _category(row: Row) -> str:
    """Return the path of the shop's own category, else of Google's."""
    own = _path(first(row, "product_type")[:MAX_TEXT])
    return own or _path(google_category(first(row, "google_product_category")[:MAX_TEXT]))


@lru_cache(_CACHED)
def _path(category: str) -> str:
    """Return a path as Google writes it, ``""`` for a number."""
    steps = [step.strip() for step in category.split(">")]
    return "" if category.strip().isdecimal() else STEP.join(filter(None, steps))
