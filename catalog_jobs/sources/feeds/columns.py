"""Finds the fields of a product among the names that tables and feeds give their columns."""

import re
from collections.abc import Iterable, Mapping

from catalog_jobs.sources.parsers.currencies import code_of

REQUIRED = ("id", "title", "image_link")

MORE_IMAGES = "additional_image_link"
"""The field that all of its columns have together. Of any other, the first column with a value counts."""

IMAGES = ("image_link", MORE_IMAGES)
PRICES = ("price", "sale_price", "list_price")

FIELDS = (
    *REQUIRED,
    MORE_IMAGES,
    "item_group_id",
    "brand",
    "product_type",
    "google_product_category",
    "color",
    "size",
    "gender",
    "age_group",
    *PRICES,
    "sale_price_effective_date",
    "currency",
    "availability",
    "condition",
    "link",
)
"""The fields that are read, named as in Google's product data specification, except for ``list_price`` (before a
reduction) and ``currency``."""

ColumnNames = Mapping[str, tuple[str, ...]]
"""The names of the columns that may have each field, the preferred one first."""

COMMON_NAMES: ColumnNames = {
    "id": ("offer_id", "product_id", "item_id", "article_id", "sku", "article_number", "product_code", "handle"),
    "title": ("name", "product_name", "product_title", "item_name", "display_name"),
    "image_link": (
        *("image_url", "image", "imageurl", "image_src", "image_0_url", "product_image_url", "main_image"),
        *("main_image_url", "main_image_link", "image_1", "image_url_1", "images", "image_urls", "img", "img_url"),
        *("picture", "picture_url", "photo", "photo_url"),
    ),
    MORE_IMAGES: (
        *("additional_images", "additional_image_links", "additional_image_urls", "additional_image_url"),
        *(f"{name}_{number}" for number in range(2, 10) for name in ("image_link", "image", "image_url")),
        *(f"{name}_{number}" for number in range(1, 10) for name in ("additional_image_link", "additional_image")),
        *(f"image_{number}_url" for number in range(1, 10)),
    ),
    "item_group_id": ("group_id", "parent_id", "parent_sku", "style_id", "style_number", "product_group_id"),
    "brand": ("brand_name", "manufacturer", "vendor", "designer", "marque", "marke"),
    "product_type": (
        "category",
        "categories",
        "category_path",
        "product_category",
        "category_name",
        "fb_product_category",
    ),
    "color": ("colour", "color_name", "colour_name", "base_colour", "farbe", "couleur"),
    "size": ("sizes", "size_name", "groesse", "größe", "taille", "talla"),
    "gender": ("target_gender", "sex", "geschlecht"),
    "age_group": ("age",),
    "price": ("regular_price", "retail_price", "preis", "prix", "precio"),
    # Also what is the only price, or the lower one beside a regular price: a sale price alone is the price.
    "sale_price": (
        *("special_price", "discounted_price", "discount_price", "saleprice", "current_price", "selling_price"),
        *("final_price", "offer_price"),
    ),
    "list_price": ("msrp", "rrp", "compare_at_price", "old_price", "original_price", "price_old", "mrp", "uvp"),
    "currency": ("currency_code", "price_currency", "waehrung", "währung", "devise"),
    "availability": (
        *("in_stock", "instock", "stock_status", "is_in_stock", "available"),
        *("stock", "stock_quantity", "quantity", "qty", "inventory", "inventory_quantity"),
    ),
    "link": ("url", "product_url", "product_link", "product_page_url", "deeplink", "deep_link", "page_url"),
}
"""What shops call the fields that they don't name as Google does."""

_GOOGLE = "g_"
_PRICE_IN = re.compile(r"(?P<price>.+)_(?P<code>[a-z]{3})")
_SEPARATOR = re.compile(r"[\W_]+")


def column_name(text: str) -> str:
    """Return the spelling under which a column is looked for: ``Image Src`` and ``image_src`` are the same."""
    return _SEPARATOR.sub("_", text.casefold()).strip("_")


class Columns:
    """Which columns have which field. Of several, the first with a value counts.

    Args:
        own: The shop's configuration: a field named here has no other columns.
        known: What the columns of a known kind of table mean, if it is one.
        fields: The fields that are looked for.
    """

    def __init__(self, own: ColumnNames, known: ColumnNames | None = None, fields: Iterable[str] = FIELDS) -> None:
        self.by_name: dict[str, tuple[str, int]] = {}
        """The field that a column has, and its rank among the field's columns: 0 is the preferred one."""
        known = {field: names for field, names in (known or {}).items() if field not in own}
        for field, names in (*own.items(), *known.items()):
            self._name(field, map(column_name, names))
        for field in fields:
            if field not in own:
                self._name(field, (_GOOGLE + field, field, *COMMON_NAMES.get(field, ())), len(known.get(field, ())))

    def _name(self, field: str, names: Iterable[str], rank: int = 0) -> None:
        # A column that has a field already keeps it.
        for number, name in enumerate(names, start=rank):
            self.by_name.setdefault(name, (field, number))

    def positions(self, header: Iterable[str]) -> dict[str, list[int]]:
        """Return the positions of each field's columns in a header, the preferred one first."""
        found: dict[str, list[tuple[int, int]]] = {}
        for position, name in enumerate(header):
            if entry := self.by_name.get(name):
                field, rank = entry
                found.setdefault(field, []).append((rank, position))
        return {field: [position for _, position in sorted(columns)] for field, columns in found.items()}

    def without_currency(self, header: Iterable[str], preferred: str) -> tuple[list[str], str]:
        """Return a header without the currency in the names of prices, such as ``price_eur``, and that currency.

        Of several currencies it is the preferred one, else the first. Prices in the others keep their names. Beside
        prices whose names have none, no currency is that of all.
        """
        names = list(header)
        prices: dict[str, dict[int, str]] = {}
        for position, name in enumerate(names):
            match = _PRICE_IN.fullmatch(name)
            if self._is_price(name):
                return names, ""
            if match and self._is_price(match["price"]) and (code := code_of(match["code"])):
                prices.setdefault(code, {})[position] = match["price"]
        currency = preferred if preferred in prices else next(iter(prices), "")
        renamed = prices.get(currency, {})
        return [renamed.get(position, name) for position, name in enumerate(names)], currency

    def _is_price(self, name: str) -> bool:
        return name in self.by_name and self.by_name[name][0] in PRICES
