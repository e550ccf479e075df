"""What leads to the products of a Shopify shop that its list does not show."""

import json
from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.shopify_collections import (
    Collection,
    handle_of,
    ids_in_order,
    is_sitemap_of_products,
    list_url_since,
    read_collections,
)
from catalog_jobs.sources.parsers.shopify_product import product_url, read_product
from closetspace.domain.index.indexed_item import LeftOut

ROOT = "https://ono.example/?x=1"


def in_js(**fields: Any) -> str:
    """Return a product of two colours as ``/products/HANDLE.js`` has it."""
    images = ["//cdn.example/1.jpg?v=1", "//cdn.example/2.jpg?v=1", "//cdn.example/3.jpg"]
    variants = [
        {
            "id": number,
            "option1": colour,
            "price": 119900,
            "compare_at_price": before,
            "available": number == 2,
            "featured_image": {"id": 1, "src": f"https:{images[number]}"},
        }
        for number, colour, before in ((1, "Red", None), (2, "Blue", 149900))
    ]
    product = {"id": 7, "title": "Coat", "handle": "coat", "vendor": "Ono", "type": "Coats", "images": images}
    return json.dumps(product | {"options": [{"name": "Color", "position": 1}], "variants": variants} | fields)


def test_product_alone_is_read_as_the_list_has_it() -> None:
    red, blue = (look for look in read_product(in_js(), ROOT, "EUR").products if isinstance(look, ScrapedProduct))
    assert (red.id, red.group, red.category, red.price, red.in_stock) == ("7-red", "7", "Coats", 1199.0, False)
    assert (blue.price, blue.list_price, blue.in_stock) == (1199.0, 1499.0, True)
    assert (blue.url, blue.image_urls) == ("https://ono.example/products/coat", ("https://cdn.example/3.jpg",))


@pytest.mark.parametrize("price", [None, "", "119900", 1199.5, True, -1, 0, {}])
def test_price_that_is_no_whole_number_of_hundredths_is_none(price: Any) -> None:
    [look] = read_product(in_js(variants=[{"id": 1, "price": price}]), ROOT).products
    assert isinstance(look, ScrapedProduct)
    assert look.price is None


def test_product_alone_that_is_none_is_unreadable() -> None:
    assert read_product("<html>", ROOT).unreadable == "it is not JSON"
    assert read_product("[]", ROOT).unreadable == "it is not JSON"
    assert read_product('{"error": "x"}', ROOT).products == (LeftOut("", "a product has no id"),)


def test_collections_without_products_are_not_read() -> None:
    listed = [
        {"handle": "men", "products_count": 3},
        {"handle": "a/b?c", "products_count": 1},
        {"handle": "none", "products_count": 0},
        {"handle": "x", "products_count": "9"},
        {"products_count": 9},
        {"handle": "\ud800", "products_count": 1},
        7,
    ]
    assert read_collections(json.dumps({"collections": listed}), ROOT) == [
        Collection("https://ono.example/collections/men", 3),
        Collection("https://ono.example/collections/a%2Fb%3Fc", 1),
        Collection("https://ono.example/collections/%3F", 1),
    ]
    assert read_collections('{"collections": {}}', ROOT) is None
    assert read_collections("<html>", ROOT) is None


def test_ids_of_a_page_count_only_if_they_ascend() -> None:
    looks = [ScrapedProduct(id=f"{number}-red", group=str(number), name="Coat") for number in (3, 3, 10, 200)]
    assert ids_in_order(Page(tuple(looks))) == [3, 10, 200]
    assert ids_in_order(Page((*looks, LeftOut("201", "a product has no name"), LeftOut("", "no id")))) == [
        *(3, 10, 200, 201)
    ]
    assert ids_in_order(Page(tuple(reversed(looks)))) is None
    assert ids_in_order(Page((ScrapedProduct(id="9" * 5_000, group="9" * 5_000, name="x"),))) == []


def test_handle_is_the_last_part_of_a_products_url() -> None:
    assert handle_of("https://ono.example/de/products/m%C3%A4ntel?variant=3#a") == "mäntel"
    assert handle_of("https://ono.example/collections/men/products/coat/") == "coat"
    assert handle_of("https://ono.example/pages/about") == handle_of("https://ono.example/products/") == ""
    assert product_url(ROOT, "mäntel/..") == "https://ono.example/products/m%C3%A4ntel%2F...js"
    assert list_url_since("https://ono.example/products.json", 9).endswith("/products.json?limit=250&since_id=9")


def test_sitemaps_of_products_are_known_by_their_names() -> None:
    assert is_sitemap_of_products("https://ono.example/de/sitemap_products_12.xml?from=1&to=2")
    assert not is_sitemap_of_products("https://ono.example/sitemap_pages_1.xml")
