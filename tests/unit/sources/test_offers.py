"""Which of a product's offers, and which of an offer's prices, is the price."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.parsers.prices import PRICE_AMBIGUOUS
from catalog_jobs.sources.parsers.shopify import read_list
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.parsers.values import is_in_stock
from tests.support.shop_server import product_page, shirt

URL = "https://shop.example/p/shirt"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SCHEMA = "https://schema.org/"
EUR = {"priceCurrency": "EUR"}


def look(offers: Any, currency: str = "", **fields: Any) -> ScrapedProduct:
    [product] = read_product_page(product_page(shirt("1", offers=offers, **fields)), URL, currency, NOW).products
    assert isinstance(product, ScrapedProduct)
    return product


def specified(*prices: dict[str, Any], **offer: Any) -> dict[str, Any]:
    return {"@type": "Offer", "priceSpecification": [EUR | price for price in prices], **offer}


@pytest.mark.parametrize(
    ("offer", "price", "list_price"),
    [
        (specified({"price": 80, "priceType": SCHEMA + "ListPrice"}, {"price": 60}), 60.0, 80.0),
        (specified({"price": 80, "priceType": SCHEMA + "StrikethroughPrice"}, price=60), 60.0, 80.0),
        (specified({"price": 80, "priceType": {"@id": "schema:StrikethroughPrice"}}, {"price": 60}), 60.0, 80.0),
        (specified({"price": 80, "priceType": "ListPrice"}, {"price": 60, "priceType": "SalePrice"}), 60.0, 80.0),
        (specified({"price": 90, "priceType": "MSRP"}, {"price": 80, "priceType": "ListPrice"}, price=60), 60.0, 80.0),
        (specified({"price": 90, "priceType": "SRP"}, {"price": 60}), 60.0, 90.0),
        (specified({"price": 55, "priceType": "InvoicePrice"}, {"price": 60}), 60.0, None),
        (specified({"price": 60, "priceType": "SalePrice"}, price=80), 60.0, 80.0),
        (specified({"price": 90, "priceType": "SalePrice"}, price=80), 80.0, None),
        (specified({"price": 50, "validForMemberTier": {"@id": "#gold"}}, {"price": 60}), 60.0, None),
        (specified({"price": 9, "referenceQuantity": {"value": 100, "unitCode": "MLT"}}, {"price": 60}), 60.0, None),
        (specified({"price": 60, "referenceQuantity": {"value": 1, "unitCode": "C62"}}), 60.0, None),
        (specified({"price": 50, "eligibleQuantity": {"minValue": 3}}, {"price": 60}), 60.0, None),
        (specified({"price": 5, "billingDuration": 12}, {"price": 60}), 60.0, None),
        (specified({"price": 5, "@type": "DeliveryChargeSpecification"}, {"price": 60}), 60.0, None),
        (specified({"price": 50, "valueAddedTaxIncluded": False}, {"price": 60}), 60.0, None),
        (specified({"price": 60}, {"price": 50, "priceCurrency": "USD"}), 60.0, None),
        (specified({"price": 70, "priceType": "ListPrice"}, price=80), 80.0, None),
        (specified({"price": 60, "validThrough": "2026-11-23", "priceType": "SalePrice"}, price=80), 80.0, None),
        (specified({"price": 60, "validFrom": "2026-12-01", "priceType": "SalePrice"}, price=80), 80.0, None),
        (
            specified(
                {"price": 60, "validThrough": "2026-11-23", "priceType": "SalePrice"},
                {"price": 80, "priceType": "ListPrice"},
            ),
            80.0,
            None,
        ),
        (specified({"price": 60, "validThrough": "2026-11-24", "priceType": "SalePrice"}, price=80), 60.0, 80.0),
        (specified({"minPrice": 60, "maxPrice": 80}), 60.0, None),
        ({"price": {"@type": "PriceSpecification", "price": "60", "priceCurrency": "EUR"}}, 60.0, None),
        ({"price": {"@value": "60.00"}, **EUR}, 60.0, None),
        ({"price": {"amount": 60, "currency": "EUR"}}, 60.0, None),
        ({"price": ["60.00", "60,00 €"], **EUR}, 60.0, None),
    ],
)
def test_price_of_an_offer_is_the_one_that_everyone_pays(
    offer: Any, price: float | None, list_price: float | None
) -> None:
    found = look(offer)
    assert (found.price, found.list_price, found.currency) == (price, list_price, "EUR")


@pytest.mark.parametrize(
    "offer",
    [
        specified({"price": 80, "priceType": "ListPrice"}),
        specified({"price": 50, "validForMemberTier": {"@id": "#gold"}}),
        specified({"price": 9, "referenceQuantity": {"value": 100, "unitCode": "MLT"}}),
        {"price": 50, "validForMemberTier": {"@id": "#gold"}, **EUR},
        {"price": 0, **EUR},
        {"highPrice": 80, **EUR},
    ],
)
def test_offer_without_a_price_to_pay_has_no_price(offer: Any) -> None:
    found = look(offer)
    assert (found.price, found.list_price, found.remarks) == (None, None, ())


@pytest.mark.parametrize(
    "offer",
    [
        specified({"price": 60}, {"price": 80}),
        {"price": ["60", "80"], **EUR},
        {"price": "12.500", **EUR},
        {"price": "2 for 30"},
    ],
)
def test_ambiguous_price_is_left_out_and_remarked(offer: Any) -> None:
    found = look(offer)
    assert (found.price, found.remarks) == (None, (PRICE_AMBIGUOUS,))


@pytest.mark.parametrize(
    ("offers", "price", "available"),
    [
        ([{"price": 100}, {"price": 20, "itemCondition": SCHEMA + "UsedCondition"}], 100.0, True),
        (
            [{"price": 100, "availability": "SoldOut"}, {"price": 20, "itemCondition": "RefurbishedCondition"}],
            100.0,
            False,
        ),
        (
            [{"price": 30, "itemCondition": "UsedCondition"}, {"price": 20, "itemCondition": "UsedCondition"}],
            20.0,
            True,
        ),
        ([{"price": 0}, {"price": 50}], 50.0, True),
        ([{"price": 20, "availability": "OutOfStock"}, {"price": 50}], 50.0, True),
        ([{"price": 20, "availability": "OutOfStock"}, {"availability": "InStock"}], None, True),
        ([{"price": 20, "priceValidUntil": "2025-01-01"}, {"price": 50, "priceValidUntil": "2027-01-01"}], 50.0, True),
        ([{"price": 20, "priceValidUntil": "2020-12-31"}], 20.0, True),
        ([{"price": 20, "validForMemberTier": {"@id": "#gold"}}, {"price": 50}], 50.0, True),
        ([{"price": 5, "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut"}, {"price": 50}], 50.0, True),
        ([{"price": 20, "inventoryLevel": {"value": 0}}, {"price": 50, "inventoryLevel": {"value": 3}}], 50.0, True),
        ([{"price": 20, "inventoryLevel": 0}], 20.0, False),
        ([{"price": 20, "inventoryLevel": {"value": 0}, "availability": "InStock"}], 20.0, True),
        ([{"price": "12.500"}, {"price": 50}], 50.0, True),
        ([{"price": "12.500"}, {"price": "49.90"}], 12.5, True),
    ],
)
def test_best_offer_is_the_lowest_that_can_be_paid_for_a_new_piece(
    offers: list[dict[str, Any]], price: float | None, available: bool
) -> None:
    found = look([EUR | offer for offer in offers])
    assert (found.price, found.in_stock) == (price, available)


def test_prices_of_two_currencies_are_not_compared() -> None:
    offers = [{"price": 50, "priceCurrency": "USD"}, {"price": 45, "priceCurrency": "EUR"}]
    assert (look(offers).price, look(offers).currency) == (50.0, "USD")
    assert (look(offers, "EUR").price, look(offers, "EUR").currency) == (45.0, "EUR")
    assert (look(offers, "GBP").price, look(offers, "GBP").currency) == (50.0, "USD")


def aggregate(*offers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"@type": "AggregateOffer", "offers": list(offers), **EUR, **fields}


@pytest.mark.parametrize(
    ("offers", "price", "available"),
    [
        (aggregate({"url": "/a"}, {"url": "/b"}, lowPrice="40", highPrice="70"), 40.0, True),
        (aggregate(lowPrice="40", highPrice="70"), 40.0, True),
        (aggregate({"price": "45"}, {"price": "40"}, lowPrice="40"), 40.0, True),
        (aggregate({"price": "40"}, lowPrice="40", availability="OutOfStock"), 40.0, False),
        (aggregate({"price": "40", "availability": "InStock"}, availability="OutOfStock"), 40.0, True),
        (aggregate({"price": "40", "availability": "OutOfStock"}, {"price": "45"}, lowPrice="40"), 45.0, True),
        (aggregate({"availability": "OutOfStock"}, {"availability": "InStock"}, lowPrice="40"), 40.0, True),
        (aggregate({"availability": "OutOfStock"}, lowPrice="40"), 40.0, False),
        (aggregate(aggregate({"price": 40}, {"price": 50})), 40.0, True),
        (aggregate(lowPrice="0", highPrice="70"), None, True),
    ],
)
def test_offers_of_an_aggregate_have_what_it_says_of_all(offers: Any, price: float | None, available: bool) -> None:
    found = look(offers)
    assert (found.price, found.in_stock) == (price, available)
    assert found.currency == ("EUR" if price else "")


def test_sizes_are_those_in_stock() -> None:
    variants = [
        {"sku": size, "color": "Red", "size": size, "offers": {"price": 10, "availability": stock}}
        for size, stock in (("S", "OutOfStock"), ("M", "InStock"), ("L", "InStock"))
    ]
    variants.append({"sku": "X", "color": "Red", "size": {"name": "XL"}, "offers": {"price": 10}})
    group = {"@type": "ProductGroup", "productGroupID": "G", "name": "Shirt", "hasVariant": variants}
    [found] = read_product_page(product_page(group), URL).products
    assert isinstance(found, ScrapedProduct)
    assert found.sizes == ("M", "L", "XL")
    assert look({"price": 5, **EUR}, size=["36", "38"]).sizes == ("36", "38")
    assert look({"price": 5, "availability": "SoldOut"}, size="36").sizes == ()


@pytest.mark.parametrize(
    "value",
    [
        *(
            "schema:OutOfStock",
            "https://schema.org#OutOfStock",
            "http://schema.org/SoldOut/",
            "out_of_stock",
            "Sold out!",
        ),
        *({"@id": SCHEMA + "OutOfStock"}, {"name": "Discontinued"}, [SCHEMA + "OutOfStock"], "InStoreOnly"),
        *("no", "N", "false", False, 0, "0", "0.0", "-2", "not available", "Currently unavailable", "n/a - sold out"),
        *("ausverkauft", "Nicht verfügbar", "Épuisé", "Rupture de stock", "agotado", "Non disponibile", "Esgotado"),
        *("uitverkocht", "Niedostępny", "Slutsåld", "Tükendi", "hayır", "在庫なし", "售罄", "품절", "Udsolgt", "нет"),  # noqa: RUF001
    ],
)
def test_out_of_stock_is_read_in_every_form_and_language(value: Any) -> None:
    assert not is_in_stock(value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "https://schema.org/InStock",
            "in stock",
            "in_stock",
            "preorder",
            "BackOrder",
            "LimitedAvailability",
            None,
            "",
        ),
        *(
            "yes",
            True,
            1,
            "12",
            "auf Lager",
            "disponible",
            "en stock",
            "dostępny",
            "在庫あり",
            {"@id": "InStock"},
            {},
            [],
        ),
    ],
)
def test_everything_else_is_in_stock(value: Any) -> None:
    assert is_in_stock(value)


def listed(*sizes: tuple[str, str, str | None, bool], currency: str = "EUR") -> ScrapedProduct:
    variants = [
        {"id": n, "option1": size, "price": price, "compare_at_price": before, "available": available}
        for n, (size, price, before, available) in enumerate(sizes)
    ]
    product = {"id": 1, "title": "Coat", "options": [{"name": "Size"}], "variants": variants, "images": []}
    [look] = read_list(json.dumps({"products": [product]}), URL, currency).products
    assert isinstance(look, ScrapedProduct)
    return look


@pytest.mark.parametrize(
    ("sizes", "price", "list_price", "in_stock"),
    [
        ([("S", "60.00", "80.00", True)], 60.0, 80.0, ("S",)),
        ([("S", "60.00", "60.00", True)], 60.0, None, ("S",)),
        ([("S", "60.00", "", True)], 60.0, None, ("S",)),
        ([("S", "60.00", "0.00", True)], 60.0, None, ("S",)),
        ([("S", "40.00", "80.00", False), ("M", "60.00", None, True)], 60.0, None, ("M",)),
        ([("S", "0.00", None, True), ("M", "60.00", "80.00", True)], 60.0, 80.0, ("S", "M")),
        ([("S", "40.00", "80.00", False)], 40.0, 80.0, ()),
    ],
)
def test_shopify_look_has_the_lowest_price_that_can_be_paid(
    sizes: Any, price: float, list_price: float | None, in_stock: tuple[str, ...]
) -> None:
    look = listed(*sizes)
    assert (look.price, look.list_price, look.sizes, look.currency) == (price, list_price, in_stock, "EUR")
    assert look.in_stock == bool(in_stock)


def test_shopify_prices_have_the_decimals_of_the_currency_of_the_shop() -> None:
    assert listed(("S", "12.500", None, True), currency="KWD").price == 12.5
    assert listed(("S", "12.500", None, True), currency="").remarks == (PRICE_AMBIGUOUS,)


def test_hostile_offers_cost_little() -> None:
    nested: Any = {"price": 5}
    for _ in range(200):
        nested = {"offers": [nested], "priceSpecification": [{"price": 1}] * 3}
    look(nested)
    look([{"price": ["1"] * 5_000, "priceSpecification": [{"price": n} for n in range(5_000)]}] * 20)
