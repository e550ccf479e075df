"""The answers of Magento's GraphQL interface."""

import json
import math
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.parsers.magento import PriceRange, query_url, read_products, total_of
from closetspace.domain.index.indexed_item import LeftOut
from tests.support.magento_shop import answer_of, configurable, price_range, simple, variant

URL = "https://ono.example/graphql?query=x"


def read(*items: Any) -> list[ScrapedProduct]:
    page = read_products(json.dumps(answer_of(items)), URL)
    assert page.unreadable == ""
    return [product for product in page.products if isinstance(product, ScrapedProduct)]


def test_product_without_variants_is_one_item() -> None:
    [item] = read(simple("A1"))
    assert (item.id, item.name, item.category, item.in_stock) == ("A1", "Scarf A1", "Men > Scarves", True)
    assert (item.price, item.list_price, item.currency) == (19.99, None, "EUR")
    assert item.url == "https://ono.example/de/scarf-A1.html"
    assert item.image_urls == ("https://ono.example/media/A1.jpg", "https://ono.example/media/A1-2.jpg")


def test_colours_are_items_with_the_lowest_price_that_can_be_paid() -> None:
    variants: tuple[Any, ...] = (
        variant("Red", "38", 50, in_stock=False),
        variant("Red", "39", 80, regular=100),
        variant("Red", "40", 90),
        variant("Blue", "38", 70, in_stock=False),
        {"attributes": [], "product": None},
        7,
    )
    red, blue = read(configurable("S", *variants))
    assert (red.id, red.group, red.colours, red.sizes) == ("S-red", "S", ("Red",), ("39", "40"))
    assert (red.price, red.list_price, red.in_stock) == (80.0, 100.0, True)
    assert (blue.price, blue.in_stock, blue.sizes) == (70.0, False, ())
    assert blue.image_urls == ("https://ono.example/media/Blue.jpg",)


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        (price_range(12.995, currency="EUR"), 12.99, "EUR"),
        (price_range(1.299, currency="KWD"), 1.299, "KWD"),
        (price_range(1299.0, currency="JPY"), 1299.0, "JPY"),
        (price_range(0), None, "EUR"),
        (price_range(-5), None, "EUR"),
        (price_range(1e300), None, ""),
        (price_range(math.nan), None, ""),
        (price_range("19.99"), None, ""),  # type: ignore[arg-type]
        ({"minimum_price": None}, None, ""),
        ([], None, ""),
        (None, None, ""),
    ],
)
def test_price_is_the_number_that_the_shop_answers(written: Any, price: float | None, currency: str) -> None:
    [item] = read(simple("A", price_range=written))
    assert (item.price, item.currency) == (price, currency)


def test_address_that_is_none_costs_no_product() -> None:
    answer = answer_of([simple("A")])
    answer["data"]["storeConfig"]["base_link_url"] = "http://[::1"
    [item] = read_products(json.dumps(answer), URL).products
    assert isinstance(item, ScrapedProduct)
    assert (item.id, item.url) == ("A", "")


def test_image_that_stands_for_none_is_none() -> None:
    placeholder = "https://ono.example/static/frontend/Magento_Catalog/images/product/placeholder/image.jpg"
    [item] = read(simple("A", media_gallery=[], image={"url": placeholder}))
    assert item.image_urls == ()


def test_sets_and_faulty_products_are_left_out_individually() -> None:
    items = [None, 7, {}, {"sku": ""}, simple("B", __typename="BundleProduct"), simple("C", categories=3, variants={})]
    page = read_products(json.dumps(answer_of([*items, simple("D", media_gallery=[{"position": "x"}, 3])])), URL)
    left = [product.reason for product in page.products if isinstance(product, LeftOut)]
    assert left == ["a product has no id"] * 4 + ["it is a group of other products"]
    assert page.product_ids == {"C", "D"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>", "it is not JSON"),
        ("[]", "it is not JSON"),
        ('{"errors": [{"message": "Syntax Error"}]}', "its GraphQL answers without products"),
        ('{"errors": [], "data": {"products": null}}', "its GraphQL answers without products"),
        ('{"data": {"products": {"items": {}}}}', "its GraphQL answers without products"),
    ],
)
def test_answer_without_products_is_unreadable(text: str, reason: str) -> None:
    assert read_products(text, URL).unreadable == reason
    assert total_of(text) == 0


def test_query_names_the_page_and_the_prices() -> None:
    url = query_url("https://ono.example/de/?x=1", 3, PriceRange(10, 20.5))
    assert url.startswith("https://ono.example/de/graphql?variables=")
    assert json.loads(parse_qs(urlsplit(url).query)["variables"][0]) == {
        "page": 3,
        "size": 50,
        "from": "10.00",
        "to": "20.50",
    }
    assert query_url("https://ono.example/graphql", 1, PriceRange()).startswith(
        "https://ono.example/graphql?variables="
    )
    assert len(url) < 2_000


def test_range_of_prices_is_halved_until_it_is_a_cent() -> None:
    assert PriceRange().halves() == (PriceRange(0, 50), PriceRange(50))
    assert PriceRange(50).halves() == (PriceRange(50, 100), PriceRange(100))
    assert PriceRange(10, 20).halves() == (PriceRange(10, 15), PriceRange(15, 20))
    assert PriceRange(10, 10.01).halves() is None
    assert PriceRange(1e9).halves() is None
