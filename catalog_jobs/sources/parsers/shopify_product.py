"""Parser for ``/products/HANDLE.js``, one product of a Shopify shop."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin

from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.json_answers import NOT_JSON, objects_in, read_json
from catalog_jobs.sources.parsers.shopify import looks_of
from catalog_jobs.sources.parsers.values import as_list, id_of, text_of

_PRICES = ("price", "compare_at_price")


def product_url(root: str, handle: str) -> str:
    """Return the URL of a product. Unlike ``.json``, ``.js`` says which variants are in stock."""
    return urljoin(root, f"/products/{quote(handle, safe='')}.js")


def read_product(text: str, url: str, currency: str = "") -> Page:
    """Return the looks of a product. ``currency`` is the shop's: the answer names none."""
    answer = read_json(text)
    if not isinstance(answer, dict):
        return Page(unreadable=NOT_JSON)
    return Page(tuple(looks_of(_as_listed(answer), url, currency)))


def _as_listed(product: Mapping[str, Any]) -> dict[str, Any]:
    """Return a product as the list has it, with prices in units of the currency and images that name their variants."""
    variants = objects_in(product.get("variants"))
    owners: dict[str, list[str]] = {}
    for variant in variants:
        image = variant.get("featured_image")
        if isinstance(image, dict):
            owners.setdefault(_without_scheme(image.get("src")), []).append(id_of(variant.get("id")))
    return {
        **product,
        "product_type": product.get("type"),
        "variants": [{**variant, **{name: _amount(variant.get(name)) for name in _PRICES}} for variant in variants],
        "images": [
            {"src": image, "variant_ids": owners.get(_without_scheme(image), [])}
            for image in as_list(product.get("images"))
        ],
    }


def _amount(hundredths: Any) -> str:
    """Return a price, which is in hundredths whatever the currency's decimals are."""
    is_whole = isinstance(hundredths, int) and not isinstance(hundredths, bool) and hundredths >= 0
    return f"{hundredths // 100}.{hundredths % 100:02}" if is_whole else ""


def _without_scheme(url: Any) -> str:
    address = text_of(url)
    return address.partition("//")[2] or address
