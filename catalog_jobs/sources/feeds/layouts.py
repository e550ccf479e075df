"""The tables of affiliate networks, shop systems and public datasets, which have column names of their own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.feeds import shopify_export, woocommerce_export
from catalog_jobs.sources.feeds.columns import FIELDS, MORE_IMAGES, ColumnNames
from catalog_jobs.sources.feeds.limits import Row
from catalog_jobs.sources.feeds.options import FeedOptions
from closetspace.domain.index.indexed_item import LeftOut

RowOrProduct = Row | ScrapedProduct | LeftOut


@dataclass(frozen=True)
class Layout:
    """A kind of table, recognized by columns that it always has.

    ``path`` are the columns with the steps of the category. ``convert``, if there is one, makes products, or rows of
    whole products, of several rows, whose ``fields`` are its own.
    """

    recognized_by: frozenset[str]
    columns: ColumnNames
    path: tuple[str, ...] = ()
    fields: Sequence[str] = FIELDS
    convert: Callable[[Iterator[Row | LeftOut], FeedOptions], Iterator[RowOrProduct]] | None = None


AWIN = Layout(
    frozenset(("aw_product_id", "product_name")),
    {
        "id": ("aw_product_id", "merchant_product_id"),
        "title": ("product_name",),
        "image_link": ("merchant_image_url", "large_image", "aw_image_url"),
        MORE_IMAGES: (
            "alternate_image",
            *(f"alternate_image_{number}" for number in ("two", "three", "four")),
        ),
        "item_group_id": ("parent_product_id",),
        "brand": ("brand_name",),
        "product_type": ("merchant_product_category_path", "merchant_category", "category_name"),
        "color": ("fashion_colour", "colour"),
        "size": ("fashion_size",),
        "gender": ("fashion_suitable_for",),
        "price": ("search_price", "store_price", "display_price"),
        "list_price": ("rrp_price", "product_price_old"),
        "availability": ("in_stock", "stock_status"),
        "link": ("aw_deep_link", "merchant_deep_link"),
    },
)

CJ = Layout(
    frozenset(("buyurl", "imageurl", "name")),
    {
        "id": ("sku",),
        # TITLE is that of a book.
        "title": ("name",),
        "image_link": ("imageurl",),
        "brand": ("manufacturer",),
        "product_type": ("advertisercategory", "thirdpartycategory"),
        "sale_price": ("saleprice",),
        "list_price": ("retailprice",),
        "availability": ("instock",),
        "link": ("buyurl",),
    },
)

RAKUTEN_HEADER = (
    *("product_id", "product_name", "sku_number", "primary_category", "secondary_category", "product_url"),
    *("product_image_url", "buy_url", "short_description", "long_description", "discount", "discount_type"),
    *("sale_price", "retail_price", "begin_date", "end_date", "brand", "shipping", "keywords"),
    *("manufacturer_part_number", "manufacturer_name", "shipping_information", "availability", "upc", "class_id"),
    *("currency", "m1", "pixel", "attribute_1_misc", "attribute_2_product_type", "attribute_3_size"),
    *("attribute_4_material", "attribute_5_color", "attribute_6_gender", "attribute_7_style", "attribute_8_age"),
)
"""The columns of a table without a header: 28 that all products have, then those of clothes."""

RAKUTEN = Layout(
    frozenset(("product_name", "primary_category", "product_image_url")),
    {
        "id": ("product_id", "sku_number"),
        "title": ("product_name",),
        "image_link": ("product_image_url",),
        "brand": ("brand", "manufacturer_name"),
        "color": ("color", "attribute_5_color"),
        "size": ("size", "attribute_3_size"),
        "gender": ("gender", "attribute_6_gender"),
        "age_group": ("age", "attribute_8_age"),
        "price": ("retail_price",),
        "link": ("product_url", "buy_url"),
    },
    path=("primary_category", "secondary_category", "secondary_categories"),
)

FASHION_PRODUCT_IMAGES = Layout(
    frozenset(("productdisplayname", "articletype")),
    {
        "title": ("productdisplayname",),
        # The dataset has no pages: its links are those of images.
        "image_link": ("image_link", "image_url", "image", "link"),
        "color": ("basecolour",),
        "link": ("product_url",),
    },
    path=("mastercategory", "subcategory", "articletype"),
)

HM_ARTICLES = Layout(
    frozenset(("article_id", "prod_name")),
    {
        "id": ("article_id",),
        "title": ("prod_name",),
        "item_group_id": ("product_code",),
        "color": ("colour_group_name",),
        "gender": ("index_group_name",),
    },
    path=("index_group_name", "product_group_name", "product_type_name"),
)

SHOPIFY = Layout(
    frozenset(("handle", "variant_price")),
    shopify_export.COLUMNS,
    fields=tuple(shopify_export.COLUMNS),
    convert=shopify_export.products_of,
)
SHOPIFY_2025 = replace(SHOPIFY, recognized_by=frozenset(("url_handle", "option1_name")))
WOOCOMMERCE = Layout(
    frozenset(("type", "name", "regular_price", "images")),
    woocommerce_export.COLUMNS,
    fields=tuple(woocommerce_export.COLUMNS),
    convert=woocommerce_export.rows_of,
)
MERCHANT = Layout(frozenset(), {})

LAYOUTS = (AWIN, CJ, RAKUTEN, FASHION_PRODUCT_IMAGES, HM_ARTICLES, SHOPIFY, SHOPIFY_2025, WOOCOMMERCE, MERCHANT)


def layout_of(header: Sequence[str]) -> Layout:
    """Return the kind of a table by the names of its columns; `MERCHANT` is any table."""
    names = frozenset(header)
    return next(layout for layout in LAYOUTS if layout.recognized_by <= names)
