"""Values that no platform answers, in each place of an answer: they cost a field or a product, never an error."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pytest

from catalog_jobs.sources.items import ItemCollector, Page, SourceDefaults
from catalog_jobs.sources.parsers import bigcommerce, magento, shopify, shopify_product, woocommerce
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.parsers.structured import read_product_page
from tests.support import magento_shop, shopify_shop, woocommerce_shop
from tests.support.shop_server import dress, listed_product, product_page, shirt

URL = "https://ono.example/answer"
HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, float("nan"), "", "x" * 3_000, "http://[::1", "javascript:1", [], {}, [None], [[]]),
    *({"url": {}}, "\ud800", "\0", [1, 2, 3], "9" * 5_000, 10**400, {"a": 1}),
)

COAT = woocommerce_shop.variable(3)
VARIATIONS = [woocommerce_shop.variation(COAT, position) for position in range(4)]
SHOE = magento_shop.configurable("S", magento_shop.variant("Red", "38", 80), magento_shop.variant("Blue", "38", 90))
SINGLE = json.loads(next(iter(shopify_shop.single(2).values())).body)  # type: ignore[union-attr]


STATE = {"view": {"productsById": {"7": dress(7, colours=2)}, "query": {"pageCount": 2}}}
TAXED = {"value": 5.5, "currency": "EUR", "formatted": "5,50 €"}
BIGCOMMERCE = {
    "product_attributes": {
        "price": {"with_tax": TAXED, "non_sale_price_with_tax": TAXED, "rrp_without_tax": TAXED},
        "instock": True,
        "purchasable": True,
        "in_stock_attributes": [1, 2],
    }
}
PAGE = product_page(shirt("1"))
FAMILY = {
    "@type": "ProductGroup",
    "productGroupID": "g",
    "name": "Shirt",
    "variesBy": ["https://schema.org/color"],
    "audience": {"@type": "PeopleAudience", "suggestedGender": "female", "suggestedAge": {"maxValue": 12}},
    "hasVariant": [shirt("1", color="Red"), shirt("2", size={"name": "M"}, offers=[{"price": 5, "seller": {}}])],
    "offers": {"@type": "AggregateOffer", "lowPrice": "5", "priceSpecification": [{"price": 4, "priceType": "Sale"}]},
    "isVariantOf": {"@id": "#g"},
}


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from places(entry, (*place, key))


def replaced(value: Any, place: tuple[Any, ...], hostile: Any) -> Any:
    if not place:
        return hostile
    changed = copy.deepcopy(value)
    owner = changed
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = hostile
    return changed


def read_with_variations(text: str) -> Page:
    variations = json.loads(text)
    nodes = [entry for entry in variations if isinstance(entry, dict)] if isinstance(variations, list) else []
    return woocommerce.read_list(json.dumps([COAT]), URL, variations=nodes)


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ([COAT, woocommerce_shop.simple(4)], lambda text: woocommerce.read_list(text, URL, "EUR", VARIATIONS)),
        (VARIATIONS[:2], read_with_variations),
        (magento_shop.answer_of([SHOE, magento_shop.simple("A")]), lambda text: magento.read_products(text, URL)),
        (SINGLE, lambda text: shopify_product.read_product(text, URL)),
        ({"products": [listed_product(1)]}, lambda text: shopify.read_list(text, URL, "EUR")),
        (STATE, lambda text: read_search_page(f"<script>STATE = {text};</script>", URL, "STATE")),
        (BIGCOMMERCE, lambda text: bigcommerce.read_product(f"{PAGE}<script>BCData = {text};</script>", URL)),
        (FAMILY, lambda text: read_product_page(product_page(text), URL)),
    ],
)
def test_hostile_value_costs_a_field_or_a_product(answer: Any, read: Callable[[str], Page]) -> None:
    hostile = cycle(HOSTILE)
    # Twice, so that each place has a different value the second time.
    for place in [*places(answer)] * 2:
        page = read(json.dumps(replaced(answer, place, next(hostile))))
        collector = ItemCollector(SourceDefaults("ono"), datetime(2026, 11, 24, tzinfo=UTC))
        for product in page.products:
            collector.collect(product)
