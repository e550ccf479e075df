"""Returns the addresses by which to find the products of a Shopify shop that its list does not reach.

They are of the list in the order of ids, of collections, and of the products in the sitemap.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from w3lib.url import add_or_replace_parameters

from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.json_answers import nested, objects_in, read_json
from catalog_jobs.sources.parsers.shopify import PAGE_SIZE
from catalog_jobs.sources.parsers.values import text_of
from closetspace.domain.index.indexed_item import LeftOut

_PRODUCT = re.compile(r"/products/([^/?#]+)/?$")
_ID = re.compile(r"[0-9]{1,18}")
_SITEMAP = re.compile(r"/sitemap_products_\d+\.xml$")


class Collection(NamedTuple):
    """A collection's URL and the number of its products."""

    url: str
    products: int


def list_url_since(root: str, last_id: int) -> str:
    """Return the URL of the products whose ids follow ``last_id``."""
    return add_or_replace_parameters(
        urljoin(root, "/products.json"), {"limit": str(PAGE_SIZE), "since_id": str(last_id)}
    )


def collections_url(root: str, page: int) -> str:
    """Return the URL of a page of the list of collections."""
    return add_or_replace_parameters(urljoin(root, "/collections.json"), {"limit": str(PAGE_SIZE), "page": str(page)})


def sitemap_url(root: str) -> str:
    """Return the URL of the shop's index of sitemaps."""
    return urljoin(root, "/sitemap.xml")


def read_collections(text: str, root: str) -> list[Collection] | None:
    """Return the collections of a page of their list that have products, None if it is no such list."""
    listed = nested(read_json(text), "collections")
    if not isinstance(listed, list):
        return None
    counts = {text_of(node.get("handle")): node.get("products_count") for node in objects_in(listed)}
    return [
        Collection(urljoin(root, f"/collections/{quote(handle, safe='', errors='replace')}"), count)
        for handle, count in counts.items()
        if handle and isinstance(count, int) and count > 0
    ]


def ids_in_order(page: Page) -> list[int] | None:
    """Return the ids of a page's products, None if they do not ascend."""
    named = (look.id if isinstance(look, LeftOut) else look.group for look in page.products)
    ids = [int(product_id) for product_id in dict.fromkeys(named) if _ID.fullmatch(product_id)]
    return ids if ids == sorted(ids) else None


def is_sitemap_of_products(url: str) -> bool:
    """Return whether a sitemap is one of products: others have pages, collections and posts."""
    return _SITEMAP.search(urlsplit(url).path) is not None


def handle_of(url: str) -> str:
    """Return the handle in the URL of a product, ``""`` if it is not a product's."""
    found = _PRODUCT.search(urlsplit(url).path)
    return unquote(found[1]) if found else ""
