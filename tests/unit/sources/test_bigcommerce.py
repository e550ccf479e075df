"""The product pages of BigCommerce's shops."""

import json
from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.parsers.bigcommerce import read_product
from tests.support.shop_server import product_page, shirt

URL = "https://ono.example/coat/"
FORM = """
<form>
  <div class="form-field" data-product-attribute="swatch">
    <label class="form-label">Colour: <small>(Required)</small></label>
    <label class="form-option" data-product-attribute-value="1"><span title="Red"></span></label>
    <label class="form-option" data-product-attribute-value="2"><span title="Blue"></span></label>
  </div>
  <div class="form-field" data-product-attribute="set-select">
    <label class="form-label">Size:</label>
    <select><option value="">Choose</option><option data-product-attribute-value="7">S</option>
    <option data-product-attribute-value="8"> M </option></select>
  </div>
</form>
"""


def price(value: Any, currency: str = "AUD") -> dict[str, Any]:
    return {"formatted": f"${value}", "value": value, "currency": currency}


def read(state: Any, form: str = "", **fields: Any) -> ScrapedProduct:
    text = state if isinstance(state, str) else json.dumps({"csrf_token": "x", "product_attributes": state})
    page = product_page(shirt("1", color="", **fields), after=f"<script>var BCData = {text};\n</script>{form}")
    [product] = read_product(page, URL, "AUD").products
    assert isinstance(product, ScrapedProduct)
    return product


def test_price_and_stock_of_the_script_count() -> None:
    prices = {"with_tax": price(55), "without_tax": price(50), "non_sale_price_with_tax": price(80)}
    item = read({"price": prices | {"rrp_with_tax": price(90)}, "instock": True, "purchasable": True})
    assert (item.price, item.list_price, item.currency, item.in_stock) == (55.0, 80.0, "AUD", True)
    assert read({"price": {"without_tax": price(50)}, "instock": False}).in_stock is False
    assert read({"price": {"without_tax": price(50)}, "purchasable": False}).in_stock is False


def test_currency_is_read_from_the_formatted_price_of_older_themes() -> None:
    item = read({"price": {"with_tax": {"formatted": "AUD $100.00", "value": 100}}})
    assert (item.price, item.currency) == (100.0, "AUD")


def test_sizes_in_stock_are_read_from_the_form() -> None:
    item = read({"price": {"with_tax": price(50)}, "in_stock_attributes": [1, 2, 8]}, FORM)
    assert (item.sizes, item.colours, item.variant) == (("M",), (), "")
    only_red = FORM.replace('<label class="form-option" data-product-attribute-value="2"><span title="Blue">', "<b>")
    assert read({"in_stock_attributes": [7, 8]}, only_red).colours == ("Red",)


@pytest.mark.parametrize(
    "state",
    [
        "{",
        "[" * 50_000,
        "{}",
        '{"product_attributes": []}',
        {},
        {"price": {"with_tax": {"formatted": "$5", "value": "5"}}},
        {"price": {"with_tax": price(0)}},
        {"price": 7, "in_stock_attributes": 7},
    ],
)
def test_without_prices_in_the_script_those_of_the_structured_data_count(state: Any) -> None:
    item = read(state, FORM)
    assert (item.price, item.currency, item.in_stock) == (49.9, "EUR", True)


def test_page_without_a_product_is_unreadable() -> None:
    assert read_product("<html><script>var BCData = {};</script></html>", URL).unreadable
