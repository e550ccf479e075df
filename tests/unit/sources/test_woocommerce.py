"""The product list of WooCommerce's Store API."""

import json
from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.parsers.woocommerce import ids_with_variations, list_url, read_list, variations_url
from closetspace.domain.index.indexed_item import LeftOut
from tests.support.woocommerce_shop import prices, simple, variable, variation

URL = "https://ono.example/wp-json/wc/store/v1/products"


def read(*products: Any, variations: tuple[Any, ...] = ()) -> list[ScrapedProduct]:
    page = read_list(json.dumps(products), URL, variations=variations)
    assert page.unreadable == ""
    return [product for product in page.products if isinstance(product, ScrapedProduct)]


def test_product_without_variations_is_one_item() -> None:
    [item] = read(simple(7))
    assert (item.id, item.name, item.brand, item.category) == ("7", "Scarf & shawl 7", "Ono", "Men > Scarves")
    assert (item.price, item.list_price, item.currency, item.in_stock) == (19.99, None, "EUR", True)
    assert (item.url, item.image_urls) == ("https://ono.example/product/scarf-7/", ("https://ono.example/7.jpg",))


@pytest.mark.parametrize(
    ("written", "price", "list_price", "currency"),
    [
        (prices("1999", regular="2999"), 19.99, 29.99, "EUR"),
        (prices("1999", regular="999"), 19.99, None, "EUR"),
        (prices("12500", currency="KWD", decimals=3), 12.5, None, "KWD"),
        (prices("1300", currency="JPY", decimals=0), 1300.0, None, "JPY"),
        (prices("13", decimals=0), 13.0, None, "EUR"),
        (prices(""), None, None, "EUR"),
        (prices("0"), None, None, "EUR"),
        (prices("-1999"), None, None, "EUR"),
        (prices("19.99"), None, None, "EUR"),
        (prices("1e9"), None, None, "EUR"),
        (prices("1999", decimals=99), None, None, "EUR"),
        ({"price": "1999", "currency_code": "EUR"}, None, None, ""),
        ({}, None, None, ""),
        (None, None, None, ""),
        ([1], None, None, ""),
    ],
)
def test_price_is_in_the_units_that_the_shop_names(
    written: Any, price: float | None, list_price: float | None, currency: str
) -> None:
    [item] = read(simple(7, prices=written))
    assert (item.price, item.list_price, item.currency) == (price, list_price, currency)


def test_colours_of_variations_are_items_with_the_lowest_price_that_can_be_paid() -> None:
    coat = variable(3)
    [red, blue] = read(
        coat,
        variations=(
            variation(coat, 0, "5000", in_stock=False),
            variation(coat, 1, "8000"),
            variation(coat, 2, "9000", in_stock=False, prices=prices("9000", regular="12000")),
            variation(coat, 3, "9500", in_stock=False),
        ),
    )
    assert (red.id, red.group, red.variant, red.colours) == ("3-red", "3", "Red", ("Red",))
    assert (red.price, red.in_stock, red.sizes) == (80.0, True, ("M",))
    assert (blue.id, blue.variant, blue.image_urls) == (
        "3-dark-blue",
        "Dark Blue",
        ("https://ono.example/3-dark-blue.jpg",),
    )
    assert (blue.price, blue.list_price, blue.in_stock, blue.sizes) == (90.0, 120.0, False, ())


def test_variations_with_one_image_are_one_item() -> None:
    coat = variable(3)
    same = [{"src": "https://ono.example/3.jpg"}]
    [item] = read(coat, variations=(variation(coat, 0, images=same), variation(coat, 2, "7000", images=same)))
    assert (item.id, item.variant, item.price, item.sizes) == ("3", "", 70.0, ("S",))


def test_variation_for_any_colour_is_one_of_each() -> None:
    coat = variable(3)
    coat["variations"] = [{"id": 300, "attributes": [{"name": "Color", "value": ""}, {"name": "Size", "value": None}]}]
    [item] = read(coat, variations=(variation(coat | variable(3), 0),))
    assert (item.id, item.sizes) == ("3", ("S", "M"))


def test_product_whose_variations_are_not_known_is_one_item() -> None:
    coat, other = variable(3), variable(4)
    [item] = read(coat, variations=(variation(other, 0),))
    assert (item.id, item.price) == ("3", 19.99)


def test_colours_and_brand_of_a_product_without_variations_are_read_in_any_language() -> None:
    terms = [{"name": "Rot", "slug": "rot"}, {"name": "Blau", "slug": "blau"}]
    attributes = [{"name": "Farbe", "has_variations": False, "terms": terms}, {"name": "Marke", "terms": terms}]
    [item] = read(simple(7, attributes=attributes, brands=[]))
    assert (item.id, item.colours, item.brand) == ("7", ("Rot", "Blau"), "Rot")


def test_colours_that_one_can_choose_are_not_those_of_an_image() -> None:
    [item] = read(variable(3))
    assert item.colours == ()
    [item] = read(variable(3, colours=("Red",)))
    assert item.colours == ("Red",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>not found</html>", "it is not JSON"),
        ("", "it is not JSON"),
        ("[" * 50_000, "it is not JSON"),
        ('{"code": "rest_no_route", "message": "No route", "data": {"status": 404}}', "it has no list of products"),
    ],
)
def test_answer_without_a_list_is_unreadable(text: str, reason: str) -> None:
    assert read_list(text, URL).unreadable == reason


def test_faulty_products_are_left_out_individually() -> None:
    broken: list[Any] = [None, 7, {}, {"id": []}, simple(8, type="grouped"), simple(9, name="")]
    page = read_list(json.dumps([*broken, simple(10)]), URL)
    left = [product.reason for product in page.products if isinstance(product, LeftOut)]
    assert left == ["a product has no id"] * 4 + ["it is a group of other products"]
    assert page.product_ids == {"9", "10"}


def test_hostile_product_costs_little_and_is_kept() -> None:
    many = [{"name": name, "value": None} for name in ("color", "size", "style", "print", "pattern", "design")]
    terms = [{"name": str(number), "slug": str(number)} for number in range(1_000)]
    attributes = [{"name": each["name"], "terms": terms} for each in many]
    links = [{"name": "A", "link": "http://[::1"}, {"name": "B", "link": 7}, "C"]
    node = simple(3, attributes=attributes, categories=links, brands="x", images={"src": 3})
    node["variations"] = [{"id": 300, "attributes": many}]
    [item] = read(node, variations=({"id": 300, "parent": 3, "prices": prices("100"), "images": "x"},))
    assert (item.id, item.price) == ("3-0", 1.0)


def test_parameters_of_the_start_are_kept() -> None:
    fixed = "per_page=100&page=2&orderby=id&order=asc&catalog_visibility=catalog&_fields="
    assert list_url("https://ono.example/", 2).startswith(f"{URL}?{fixed}id%2Cparent")
    assert list_url(f"{URL}?category=12", 2).startswith(f"{URL}?category=12&{fixed}")
    assert list_url("https://ono.example/shop?category=12", 1).startswith(
        "https://ono.example/shop/wp-json/wc/store/v1/products?category=12&"
    )
    plain = "https://ono.example/?rest_route=/wc/store/v1/products"
    assert list_url(plain, 1).startswith("https://ono.example/?rest_route=%2Fwc%2Fstore%2Fv1%2Fproducts&per_page=100")
    assert variations_url("https://ono.example", ["3", "4"], 1).endswith("&type=variation&parent=3%2C4")


def test_products_with_variations_are_named() -> None:
    assert ids_with_variations(json.dumps([simple(1), variable(2), 3, {"variations": [{}]}])) == ["2"]
