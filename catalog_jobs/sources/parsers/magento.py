"""Parser for the answers of Magento's GraphQL interface (Adobe Commerce), from version 2.4."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

from w3lib.url import add_or_replace_parameters

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.feeds.taxonomy import STEP
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.json_answers import (
    NOT_JSON,
    count_of,
    nested,
    objects_in,
    read_exact_price,
    read_json,
)
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS, SIZE_OPTIONS
from catalog_jobs.sources.parsers.prices import Price
from catalog_jobs.sources.parsers.values import absolute_url, image_urls_of, text_of
from catalog_jobs.sources.parsers.variant_looks import Variant, looks_of_variants
from closetspace.domain.index.indexed_item import LeftOut

PAGE_SIZE = 50
"""Products of a page: each answers with all of its variants, and shops limit what a query may cost."""

NO_PRODUCTS = "its GraphQL answers without products"

_SETS = frozenset(("GroupedProduct", "BundleProduct"))
_MAX_VARIANTS = 1_000
_SHOWN = (
    "stock_status image { url } media_gallery { url position disabled } "
    "price_range { minimum_price { regular_price { value currency } final_price { value currency } } }"
)
_QUERY = (
    "query ($page: Int!, $size: Int!, $from: String!, $to: String) { storeConfig { base_link_url product_url_suffix } "
    # A search or a filter is required; every price is at least 0.
    "products(filter: {price: {from: $from, to: $to}}, pageSize: $size, currentPage: $page, sort: {name: ASC}) { "
    "total_count page_info { total_pages } items { __typename sku name url_key "
    f"categories {{ name level breadcrumbs {{ category_name }} }} {_SHOWN} "
    "... on ConfigurableProduct { configurable_options { attribute_code label } "
    f"variants {{ attributes {{ code label }} product {{ {_SHOWN} }} }} }} }} }} }}"
)

Node = Mapping[str, Any]


class PriceRange(NamedTuple):
    """A range of prices, both ends included. ``end`` is None for a range without one."""

    start: float = 0.0
    end: float | None = None

    def halves(self) -> "tuple[PriceRange, PriceRange] | None":
        """Return two ranges of which this one consists, None if it is too small, or too high, to have any."""
        middle = max(2 * self.start, 50.0) if self.end is None else round((self.start + self.end) / 2, 2)
        if not self.start < middle < (self.end or 1e9):
            return None
        return PriceRange(self.start, middle), PriceRange(middle, self.end)


def query_url(start: str, page: int, prices: PriceRange) -> str:
    """Return the URL of a page of the products in a range of prices, for a shop's URL or that of its interface."""
    address = start.partition("?")[0].rstrip("/")
    variables: dict[str, Any] = {"page": page, "size": PAGE_SIZE, "from": f"{prices.start:.2f}"}
    if prices.end is not None:
        variables["to"] = f"{prices.end:.2f}"
    # The query last: it is the same in all URLs, of which messages show the beginning.
    parameters = {"variables": json.dumps(variables), "query": _QUERY}
    return add_or_replace_parameters(address if address.endswith("/graphql") else f"{address}/graphql", parameters)


def total_of(text: str) -> int:
    """Return the number of products that a query matches, on all of its pages."""
    return count_of(nested(read_json(text), "data", "products", "total_count"))


def has_errors(text: str) -> bool:
    """Return whether an answer reports errors, which it may do beside the products that they do not concern."""
    return bool(nested(read_json(text), "errors"))


def read_products(text: str, url: str, currency: str = "") -> Page:
    """Return the products of a page, one for each look. Prices in ``currency``, the shop's, are preferred."""
    answer = read_json(text)
    if not isinstance(answer, dict):
        return Page(unreadable=NOT_JSON)
    items = nested(answer, "data", "products", "items")
    if not isinstance(items, list):
        return Page(unreadable=NO_PRODUCTS)
    pages = count_of(nested(answer, "data", "products", "page_info", "total_pages")) or -(-total_of(text) // PAGE_SIZE)
    base = text_of(nested(answer, "data", "storeConfig", "base_link_url")) or urljoin(url, "/")
    suffix = text_of(nested(answer, "data", "storeConfig", "product_url_suffix"))
    looks = (look for node in items for look in _looks(node, base, suffix, currency))
    return Page(tuple(looks), pages=pages)


def _looks(node: Any, base: str, suffix: str, currency: str) -> Iterator[ScrapedProduct | LeftOut]:
    sku = text_of(nested(node, "sku"))
    if not sku:
        yield LeftOut("", "a product has no id")
    elif text_of(node.get("__typename")) in _SETS:
        yield LeftOut(sku, "it is a group of other products")
    else:
        key = text_of(node.get("url_key"))
        product = ScrapedProduct(
            id=sku,
            name=text_of(node.get("name")),
            category=_category(objects_in(node.get("categories"))),
            url=absolute_url(base, f"{key}{suffix}") if key else "",
            image_urls=_images(node, base),
        )
        own = Variant({}, *_prices(node), node.get("stock_status") != "OUT_OF_STOCK", ())
        yield from looks_of_variants(product, list(_variants(node, base)) or [own], currency)


def _variants(node: Node, base: str) -> Iterator[Variant]:
    labels = {
        text_of(option.get("attribute_code")): text_of(option.get("label"))
        for option in objects_in(node.get("configurable_options"))
    }
    for variant in objects_in(node.get("variants"))[:_MAX_VARIANTS]:
        product = variant.get("product")
        # Variants that the shop has disabled are null.
        if isinstance(product, dict):
            attributes = objects_in(variant.get("attributes"))
            options = {_name(text_of(each.get("code")), labels): text_of(each.get("label")) for each in attributes}
            in_stock = product.get("stock_status") != "OUT_OF_STOCK"
            yield Variant(options, *_prices(product), in_stock, _images(product, base))


def _name(code: str, labels: Mapping[str, str]) -> str:
    """Return the name of an option by its code, which may be one of our words, or by the label that people read."""
    return code if code in LOOK_OPTIONS | SIZE_OPTIONS else labels.get(code, code)


def _prices(node: Node) -> tuple[Price, float | None]:
    minimum = nested(node, "price_range", "minimum_price")
    price, regular = (
        read_exact_price(nested(minimum, name, "value"), text_of(nested(minimum, name, "currency")))
        for name in ("final_price", "regular_price")
    )
    return price, price.reduced_from(regular)


def _images(node: Node, base: str) -> tuple[str, ...]:
    """Return the images in their order, without those that stand for none."""
    gallery = [image for image in objects_in(node.get("media_gallery")) if image.get("disabled") is not True]
    gallery.sort(key=lambda image: image["position"] if isinstance(image.get("position"), int) else 0)
    urls = image_urls_of(base, gallery or node.get("image"))
    return tuple(url for url in urls if "/placeholder/" not in url)


def _category(categories: list[dict[str, Any]]) -> str:
    """Return the path of the deepest category."""
    deepest = max(categories, key=lambda each: each["level"] if isinstance(each.get("level"), int) else 0, default={})
    steps = [text_of(step.get("category_name")) for step in objects_in(deepest.get("breadcrumbs"))]
    return STEP.join(filter(None, (*steps, text_of(deepest.get("name")))))
