"""Parser for ``/products.json``, the product list of every Shopify shop."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from w3lib.url import add_or_replace_parameters

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS
from catalog_jobs.sources.parsers.prices import read_price
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

PAGE_SIZE = 250
"""Shopify's maximum."""

Product = Mapping[str, Any]


def list_url(start: str, page: int) -> str:
    """Return the URL of a page of the list, for a shop's or a collection's URL."""
    base = start.partition("?")[0].removesuffix("products.json").rstrip("/")
    return add_or_replace_parameters(f"{base}/products.json", {"limit": str(PAGE_SIZE), "page": str(page)})


def read_list(text: str, url: str) -> Page:
    """Return the products of a page of the list. A page without products ends the list."""
    try:
        answer = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Page(unreadable="it is not JSON")
    products = answer.get("products") if isinstance(answer, dict) else None
    if not isinstance(products, list):
        return Page(unreadable="it has no list of products")
    return Page(tuple(look for product in products for look in looks_of(product, url)))


def looks_of(product: Any, url: str) -> Iterator[ScrapedProduct | LeftOut]:
    """Yield each look of a product as the list has it, or why it is unusable."""
    if not isinstance(product, dict) or not id_of(product.get("id")):
        yield LeftOut("", "a product has no id")
        return
    if not text_of(product.get("title")):
        yield LeftOut(id_of(product["id"]), "a product has no name")
        return
    option = _look_option(product)
    by_look: dict[str, list[Product]] = {}
    for variant in (entry for entry in as_list(product.get("variants")) if isinstance(entry, dict)):
        by_look.setdefault(text_of(variant.get(option)) if option else "", []).append(variant)
    images = {look: _look_images(product, variants, url) for look, variants in by_look.items()}
    if len(by_look) != 1 and len({urls[:1] for urls in images.values()}) < 2:
        # All looks share their image, so they are one item.
        variants = [variant for same_look in by_look.values() for variant in same_look]
        yield _product(product, "", variants, _all_images(product, url), url)
        return
    for look, variants in by_look.items():
        yield _product(product, look, variants, images[look] if len(by_look) > 1 else _all_images(product, url), url)


def _look_option(product: Product) -> str:
    for position, option in enumerate(as_list(product.get("options"))[:3], start=1):
        name = text_of(option.get("name") if isinstance(option, dict) else option)
        if name.casefold() in LOOK_OPTIONS:
            return f"option{position}"
    return ""


def _product(
    product: Product, look: str, variants: Sequence[Product], image_urls: tuple[str, ...], url: str
) -> ScrapedProduct:
    product_id = id_of(product.get("id"))
    in_stock = [variant for variant in variants if variant.get("available") is not False]
    prices = [read_price(variant.get("price")).amount for variant in in_stock or variants]
    handle = text_of(product.get("handle"))
    return ScrapedProduct(
        id=variant_id(product_id, look),
        name=text_of(product.get("title")),
        group=product_id,
        variant=look,
        brand=text_of(product.get("vendor")),
        category=text_of(product.get("product_type")),
        colours=split_colours(look),
        price=min((price for price in prices if price is not None), default=None),
        in_stock=bool(in_stock) or not variants,
        url=absolute_url(url, f"/products/{handle}") if handle else "",
        image_urls=image_urls,
    )


def _all_images(product: Product, url: str) -> tuple[str, ...]:
    return image_urls_of(url, product.get("images") or product.get("image"))


def _look_images(product: Product, variants: Sequence[Product], url: str) -> tuple[str, ...]:
    """Return a look's own images; if it has none, the images that belong to no variant."""
    ids = {id_of(variant.get("id")) for variant in variants}
    images = [image for image in as_list(product.get("images")) if isinstance(image, dict)]
    with_variants = [(image, {id_of(entry) for entry in as_list(image.get("variant_ids"))}) for image in images]
    featured = [variant["featured_image"] for variant in variants if isinstance(variant.get("featured_image"), dict)]
    own = featured + [image for image, variant_ids in with_variants if variant_ids & ids]
    return image_urls_of(url, own or [image for image, variant_ids in with_variants if not variant_ids])
