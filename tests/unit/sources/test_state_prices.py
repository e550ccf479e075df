"""Prices in the embedded state of search pages: by id, as ranges, in units and nanos."""

from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.parsers.state_prices import price_of_state
from tests.support.shop_server import dress, search_page


def usd(units: Any, nanos: Any = 0) -> dict[str, Any]:
    return {"currencyCode": "USD", "units": units, "nanos": nanos}


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ({"price": {"totalPriceRange": {"min": usd(48, 500_000_000), "max": usd(65)}}}, (48.5, "USD", None)),
        ({"price": {"totalPriceRange": {"min": usd("48", "990000000")}}}, (48.99, "USD", None)),
        (
            {"price": {"totalPriceRange": {"min": {"units": 48}}, "priceCurrencyCode": "CAD"}},
            (48.0, "CAD", None),
        ),
        (
            {"price": {"totalPriceRange": {"min": {"units": 12_500}}}, "priceCurrencyCode": "JPY"},
            (12500.0, "JPY", None),
        ),
        (
            {"price": {"totalPriceRange": {"min": usd(40)}, "originalPriceRange": {"min": usd(80), "max": usd(90)}}},
            (40.0, "USD", 80.0),
        ),
        (
            {"price": {"totalPriceRange": {"min": usd(40)}, "regularPrice": usd(40)}},
            (40.0, "USD", None),
        ),
        ({"price": {"salePrice": "40.00", "price": "80.00", "currency": "EUR"}}, (40.0, "EUR", None)),
        ({"price": "$48.50", "pricesById": {}}, (48.5, "$", None)),
        ({"price": 48.5, "priceCurrencyCode": "USD", "pricesById": {"a": None}}, (48.5, "USD", None)),
        ({"pricesById": {"1": {"type": "REGULAR", "price": usd(80)}, "2": {"price": usd(60)}}}, (60.0, "USD", 80.0)),
        ({"pricesById": {"regular": {"price": usd(80)}}}, (80.0, "USD", None)),
        ({"price": {"totalPriceRange": {"min": None, "max": usd(65)}}}, (None, "", None)),
        ({"price": {"totalPriceRange": {"min": usd(0), "max": usd(65)}}}, (None, "", None)),
        ({"price": {"totalPriceRange": {"min": usd(-5)}}}, (None, "", None)),
        ({"price": {"totalPriceRange": {"min": usd(5, 10**12)}}}, (None, "", None)),
        ({"price": {"price": {"price": {"price": {"price": {"price": {"price": "5"}}}}}}}, (None, "", None)),
        ({"price": [1], "pricesById": [2]}, (None, "", None)),
        ({}, (None, "", None)),
    ],
)
def test_price_is_read_in_every_form(product: dict[str, Any], expected: tuple[float | None, str, float | None]) -> None:
    price, list_price = price_of_state(product)
    assert (price.amount, price.currency, list_price) == expected


def test_search_for_women_has_things_for_women() -> None:
    products = {"7": dress(7), "8": dress(8) | {"gender": "Men"}}
    page = read_search_page(search_page(products), "https://vela.example/browse/women?sort=New", "__INITIAL_CONFIG__")
    assert [product.gender for product in page.products if isinstance(product, ScrapedProduct)] == ["Women", "Men"]


def test_colour_that_is_not_available_is_out_of_stock() -> None:
    product = dress(7, colours=2)
    product["colorsById"]["71"]["isAvailable"] = False
    page = read_search_page(search_page({"7": product}), "https://vela.example/", "__INITIAL_CONFIG__")
    assert [item.in_stock for item in page.products if isinstance(item, ScrapedProduct)] == [True, False]
