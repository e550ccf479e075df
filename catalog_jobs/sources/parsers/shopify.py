"""The list of products that every Shopify shop serves: ``/products.json``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from w3lib.url import add_or_replace_parameters

from catalog_jobs.sources.items import LeftOut, ScrapedProduct, id_of, joined, listed, pictures_of, text_of, variant_id
from catalog_jobs.sources.parsers.page import Page
from catalog_jobs.sources.parsers.prices import read_price

PAGE_SIZE = 250
"""The most that Shopify gives at once."""

_COLOUR = {"color", "colour", "colors", "colours", "colorway", "farbe", "couleur", "colore", "kleur", "färg", "farve"}
LOOKS = frozenset(_COLOUR | {"väri", "cor", "kolor", "style", "print", "pattern", "design", "finish"})
"""The names of options that change how a thing looks. Any other (size, length, fit) makes no new item."""

Product = Mapping[str, Any]


def list_address(start: str, page: int) -> str:
    """The address of a page of the list, of a whole shop or, where ``start`` is one, of a collection."""
    base = start.partition("?")[0].removesuffix("products.json").rstrip("/")
    return add_or_replace_parameters(f"{base}/products.json", {"limit": str(PAGE_SIZE), "page": str(page)})


def read_list(text: str, url: str) -> Page:
    """The products of one page of the list; a page without any is the end."""
    try:
        answer = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Page(unreadable="it is not JSON")
    products = answer.get("products") if isinstance(answer, dict) else None
    if not isinstance(products, list):
        return Page(unreadable="it has no list of products")
    return Page(tuple(one for product in products for one in _looks(product, url)))


def _looks(product: Any, url: str) -> Iterator[ScrapedProduct | LeftOut]:
    if not isinstance(product, dict) or not id_of(product.get("id")):
        yield LeftOut("a product has no id")
        return
    if not text_of(product.get("title")):
        yield LeftOut("a product has no name")
        return
    option = _look_option(product)
    by_look: dict[str, list[Product]] = {}
    for variant in (one for one in listed(product.get("variants")) if isinstance(one, dict)):
        by_look.setdefault(text_of(variant.get(option)) if option else "", []).append(variant)
    pictures = {look: _pictures(product, variants, url) for look, variants in by_look.items()}
    if len(by_look) != 1 and len({shown[:1] for shown in pictures.values()}) < 2:
        # Colours that share their picture look the same to whoever sees it.
        yield _found(
            product, "", [variant for same in by_look.values() for variant in same], _all_pictures(product, url), url
        )
        return
    for look, variants in by_look.items():
        shown = pictures[look] if len(by_look) > 1 else _all_pictures(product, url)
        yield _found(product, look, variants, shown, url)


def _look_option(product: Product) -> str:
    for position, option in enumerate(listed(product.get("options"))[:3], start=1):
        name = text_of(option.get("name") if isinstance(option, dict) else option)
        if name.casefold() in LOOKS:
            return f"option{position}"
    return ""


def _found(
    product: Product, look: str, variants: Sequence[Product], pictures: tuple[str, ...], url: str
) -> ScrapedProduct:
    product_id = id_of(product.get("id"))
    in_stock = [variant for variant in variants if variant.get("available") is not False]
    prices = [read_price(variant.get("price"))[0] for variant in in_stock or variants]
    handle = text_of(product.get("handle"))
    return ScrapedProduct(
        id=variant_id(product_id, look),
        name=text_of(product.get("title")),
        group=product_id,
        variant=look,
        brand=text_of(product.get("vendor")),
        category=text_of(product.get("product_type")),
        colours=tuple(part.strip() for part in look.split("/") if part.strip())[:5],
        price=min((price for price in prices if price is not None), default=None),
        available=bool(in_stock) or not variants,
        url=joined(url, f"/products/{handle}") if handle else "",
        image_urls=pictures,
    )


def _all_pictures(product: Product, url: str) -> tuple[str, ...]:
    return pictures_of(url, product.get("images") or product.get("image"))


def _pictures(product: Product, variants: Sequence[Product], url: str) -> tuple[str, ...]:
    """A look's own pictures; where it has none, those that belong to no look."""
    ids = {id_of(variant.get("id")) for variant in variants}
    images = [image for image in listed(product.get("images")) if isinstance(image, dict)]
    tied = [(image, {id_of(one) for one in listed(image.get("variant_ids"))}) for image in images]
    featured = [variant["featured_image"] for variant in variants if isinstance(variant.get("featured_image"), dict)]
    own = featured + [image for image, its in tied if its & ids]
    return pictures_of(url, own or [image for image, its in tied if not its])
