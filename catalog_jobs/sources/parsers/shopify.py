"""Parser for ``/products.json``, the product list of every Shopify shop."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from w3lib.url import add_or_replace_parameters

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.offers import Offer, best_of
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS, SIZE_OPTIONS
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


def read_list(text: str, url: str, currency: str = "") -> Page:
    """Return the products of a page of the list. A page without products ends the list.

    ``currency`` is the shop's: the list names none.
    """
    try:
        answer = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Page(unreadable="it is not JSON")
    products = answer.get("products") if isinstance(answer, dict) else None
    if not isinstance(products, list):
        return Page(unreadable="it has no list of products")
    return Page(tuple(look for product in products for look in looks_of(product, url, currency)))


def looks_of(product: Any, url: str, currency: str = "") -> Iterator[ScrapedProduct | LeftOut]:
    """Yield each look of a product as the list has it, or why it is unusable."""
    if not isinstance(product, dict) or not id_of(product.get("id")):
        yield LeftOut("", "a product has no id")
        return
    if not text_of(product.get("title")):
        yield LeftOut(id_of(product["id"]), "a product has no name")
        return
    option = _option(product, LOOK_OPTIONS)
    by_look: dict[str, list[Product]] = {}
    for variant in (entry for entry in as_list(product.get("variants")) if isinstance(entry, dict)):
        by_look.setdefault(text_of(variant.get(option)) if option else "", []).append(variant)
    images = {look: _look_images(product, variants, url) for look, variants in by_look.items()}
    if len(by_look) != 1 and len({urls[:1] for urls in images.values()}) < 2:
        # All looks share their image, so they are one item.
        variants = [variant for same_look in by_look.values() for variant in same_look]
        yield _product(product, "", variants, _all_images(product, url), url, currency)
        return
    for look, variants in by_look.items():
        own_images = images[look] if len(by_look) > 1 else _all_images(product, url)
        yield _product(product, look, variants, own_images, url, currency)


def _option(product: Product, names: Container[str]) -> str:
    """Return the key of the values of a product's first option with one of the names, ``""`` if it has none."""
    for position, option in enumerate(as_list(product.get("options"))[:3], start=1):
        name = text_of(option.get("name") if isinstance(option, dict) else option)
        if name.casefold() in names:
            return f"option{position}"
    return ""


def _product(
    product: Product, look: str, variants: Sequence[Product], image_urls: tuple[str, ...], url: str, currency: str
) -> ScrapedProduct:
    product_id, handle = id_of(product.get("id")), text_of(product.get("handle"))
    size = _option(product, SIZE_OPTIONS)
    offer = best_of([_offer(variant, size, currency) for variant in variants], currency)
    return ScrapedProduct(
        id=variant_id(product_id, look),
        name=text_of(product.get("title")),
        group=product_id,
        variant=look,
        brand=text_of(product.get("vendor")),
        category=text_of(product.get("product_type")),
        colours=split_colours(look),
        price=offer.price.amount,
        list_price=offer.list_price,
        currency=offer.price.currency,
        in_stock=offer.in_stock,
        sizes=offer.sizes,
        url=absolute_url(url, f"/products/{handle}") if handle else "",
        image_urls=image_urls,
        remarks=offer.price.remarks,
    )


def _offer(variant: Product, size: str, currency: str) -> Offer:
    price, before = (read_price(variant.get(name), "", currency) for name in ("price", "compare_at_price"))
    name = text_of(variant.get(size)) if size else ""
    is_available = variant.get("available") is not False
    return Offer(price, price.reduced_from(before), is_available, (name,) if name else ())


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
