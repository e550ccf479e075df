"""Parsers of pages, prices and other values, and the collector that makes items of their products."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import DUPLICATE, ItemCollector, Page, SourceDefaults
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.parsers.shopify import list_url, read_list
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.parsers.values import is_in_stock
from closetspace.domain.index.indexed_item import LeftOut
from tests.support.shop_server import dress, listed_product, product_page, search_page, shirt

URL = "https://shop.example/p/shirt"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def products_of(page: Page) -> list[ScrapedProduct]:
    return [product for product in page.products if isinstance(product, ScrapedProduct)]


def reasons(page: Page) -> list[str]:
    return [product.reason for product in page.products if isinstance(product, LeftOut)]


def structured(product: Any, **around: str) -> list[ScrapedProduct]:
    return products_of(read_product_page(product_page(product, **around), URL))


def test_stock_values_are_normalised() -> None:
    assert is_in_stock("https://schema.org/InStock")
    assert is_in_stock("preorder")
    assert is_in_stock(None)
    assert not is_in_stock("http://schema.org/OutOfStock")
    assert not is_in_stock("out_of_stock")


def test_product_page_is_read_with_all_fields() -> None:
    trail = {
        "@type": "BreadcrumbList",
        "itemListElement": [{"item": {"name": "Men"}}, {"name": "Shirts"}, {"name": "Linen shirt 1"}],
    }
    page = {"@context": "https://schema.org", "@graph": [trail, shirt("1", audience={"suggestedGender": "male"})]}
    assert structured(page) == [
        ScrapedProduct(
            id="1",
            name="Linen shirt 1",
            variant="Navy",
            brand="Ono",
            category="Shirts",
            gender="Men",
            colours=("Navy",),
            price=49.9,
            currency="EUR",
            url=URL,
            image_urls=("https://shop.example/pictures/1.jpg",),
        )
    ]


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ({"@type": "AggregateOffer", "lowPrice": 20, "highPrice": 30, "priceCurrency": "EUR"}, (20.0, "EUR", True)),
        (
            {"@type": "AggregateOffer", "offers": [{"price": "7"}, {"price": "5", "availability": "SoldOut"}]},
            (7.0, "", True),
        ),
        ([{"price": "5", "availability": "SoldOut"}, {"price": "4", "availability": "OutOfStock"}], (4.0, "", False)),
        ({"priceSpecification": [{"price": "1.299,00", "priceCurrency": "EUR"}]}, (1299.0, "EUR", True)),
        ({"price": "", "availability": "InStock"}, (None, "", True)),
        ("call us", (None, "", True)),
        (None, (None, "", True)),
    ],
)
def test_offers_are_read_in_every_form(offers: Any, expected: tuple[float | None, str, bool]) -> None:
    [found] = structured(shirt("1", offers=offers))
    assert (found.price, found.currency, found.in_stock) == expected


def test_images_and_brands_are_read_in_every_form() -> None:
    pictures: list[Any] = ["//cdn.example/a.jpg", {"@type": "ImageObject", "contentUrl": "b.jpg"}, {"url": ["/c.jpg"]}]
    hostile: list[Any] = ["javascript:alert(1)", "data:image/png;base64,AA", "http://[", 7, None, {}]
    [found] = structured(shirt("1", image=pictures + hostile, brand=["Ono", "Other"]))
    assert found.image_urls == (
        "https://cdn.example/a.jpg",
        "https://shop.example/p/b.jpg",
        "https://shop.example/c.jpg",
    )
    assert found.brand == "Ono"
    assert len(structured(shirt("1", image=[f"/{n}.jpg" for n in range(300)]))[0].image_urls) == 30


def test_relative_urls_are_resolved_against_the_base_of_the_page() -> None:
    [found] = structured(shirt("1", image="a.jpg"), before='<base href="https://cdn.example/x/">')
    assert found.image_urls == ("https://cdn.example/x/a.jpg",)


def test_product_group_has_one_product_for_each_colour() -> None:
    variants = [
        {
            "@type": "Product",
            "sku": f"{colour}-{size}",
            "name": f"Shirt {colour} {size}",
            "color": colour,
            "size": size,
            "image": f"/{colour}.jpg",
            "offers": {"price": 10 + number, "availability": "OutOfStock" if number == 0 else "InStock"},
        }
        for colour in ("Red", "Dark Blue")
        for number, size in enumerate("SML")
    ]
    group = {
        "@type": "ProductGroup",
        "productGroupID": "G1",
        "name": "Shirt",
        "brand": "Ono",
        "hasVariant": [*variants, {"url": "/elsewhere"}],
    }
    found = structured(group)
    assert [(item.id, item.group, item.variant, item.name, item.price) for item in found] == [
        ("G1-red", "G1", "Red", "Shirt", 11.0),
        ("G1-dark-blue", "G1", "Dark Blue", "Shirt", 11.0),
    ]
    assert all(item.in_stock and item.brand == "Ono" for item in found)
    [alone] = structured(shirt("R-S", color="Red", inProductGroupWithID="G1"))
    assert (alone.id, alone.group) == ("G1-red", "G1")


def test_microdata_is_read_if_there_is_no_json_ld() -> None:
    html = """<html><body><div itemscope itemtype="https://schema.org/Product">
      <h1 itemprop="name">Wool coat</h1><meta itemprop="sku" content="W1"><img itemprop="image" src="/w.jpg">
      <span itemprop="brand" itemscope itemtype="https://schema.org/Brand"><b itemprop="name">Ono</b></span>
      <div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><span itemprop="price">1.299,00 €</span>
      <link itemprop="availability" href="https://schema.org/OutOfStock"></div></div></body></html>"""
    [found] = products_of(read_product_page(html, URL))
    assert (found.id, found.name, found.brand, found.price, found.currency, found.in_stock) == (
        "W1",
        "Wool coat",
        "Ono",
        1299.0,
        "EUR",
        False,
    )
    assert found.image_urls == ("https://shop.example/w.jpg",)


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "Product", "sku": "1", "name": "Shirt", }',
        '// generated\n{"@type": "Product", "sku": "1", "name": "Shirt"}',
        '//<![CDATA[\n{"@type": "Product", "sku": "1", "name": "Shirt"}\n//]]>',
        '/*<![CDATA[*/{"@type": "Product", "sku": "1", "name": "Shirt"}/*]]>*/',
        '[[{"@type": ["Thing", "http://schema.org/Product"], "sku": 1, "name": "Shirt"}]]',
        '{"@type": "WebPage", "mainEntity": {"@type": "schema:Product", "sku": 1.0, "name": "Shi\nrt"}}',
    ],
)
def test_slightly_invalid_json_ld_is_read(script: str) -> None:
    [found] = structured(script)
    assert (found.id, found.name.replace(" ", "")) == ("1", "Shirt")


@pytest.mark.parametrize(
    "script", ['{"@type": "Product", "name": "Sh', "[" * 100_000, "{" * 3 + " " * 1000, '{"a":' * 50_000, ","]
)
def test_page_with_broken_json_ld_is_unreadable(script: str) -> None:
    assert read_product_page(product_page(script), URL).unreadable == "its structured data is broken"


def test_huge_numbers_are_ignored() -> None:
    [found] = structured(shirt("1", color=10**400, offers={"price": 10**400}))
    assert (found.id, found.price) == ("1", None)
    product = dress(7) | {"pricesById": {"p": {"units": 10**400, "nanos": 1}}}
    [dressed] = products_of(read_search_page(search_page({"7": product}), URL, "__INITIAL_CONFIG__"))
    assert dressed.price is None


def test_broken_script_does_not_affect_the_others() -> None:
    broken = '<script type="application/ld+json">{"@type": </script>'
    assert len(structured(shirt("1"), before=broken)) == 1


@pytest.mark.parametrize(
    "page",
    [
        "<div itemscope itemprop=a>" * 60_000,
        "<div itemscope itemprop=a>" * 5 + "<p itemprop=b>x</p>" * 100_000,
        '<script type="application/ld+json">' + " " * 5_000_000 + "</script>",
        "<script>" + "__INITIAL_CONFIG__ = {" * 200_000,
    ],
)
def test_hostile_pages_are_given_up_quickly(page: str) -> None:
    assert read_product_page(page, URL).unreadable
    assert read_search_page(page, URL, "__INITIAL_CONFIG__").unreadable


def test_page_without_a_product_is_unreadable() -> None:
    assert read_product_page("<html><body>About us</body></html>", URL).unreadable == "it shows no product"
    assert read_product_page("", URL).unreadable == "it shows no product"


def test_product_without_an_id_gets_its_url_as_id() -> None:
    [found] = structured(shirt("", url="https://shop.example/p/shirt-1"))
    assert found.id == "https://shop.example/p/shirt-1"


def test_colours_of_a_product_share_a_group_and_each_has_its_own_images() -> None:
    page = read_search_page(search_page({"7": dress(7, colours=9, pictures=27)}, pages=3), URL, "__INITIAL_CONFIG__")
    found = products_of(page)
    assert (len(found), {item.group for item in found}, page.pages) == (9, {"S7"}, 3)
    assert len({item.id for item in found}) == 9
    assert [len(item.image_urls) for item in found] == [1] * 9


def test_search_page_is_read_with_all_fields() -> None:
    text = search_page({"7": dress(7)})
    expected = ScrapedProduct(
        id="7-70",
        name="Dress 7 & belt",
        group="S7",
        variant="Colour 0",
        brand="Vela",
        colours=("Colour 0",),
        price=89.5,
        list_price=129.0,
        currency="USD",
        url="https://shop.example/s/dress/7",
        image_urls=("https://pictures.example/7/0.jpg",),
    )
    assert products_of(read_search_page(text, URL, "__INITIAL_CONFIG__")) == [expected]
    assert products_of(read_search_page(text, URL, "__INITIAL_CONFIG__", "viewData.productResults")) == [expected]
    elsewhere = read_search_page(text, URL, "__INITIAL_CONFIG__", "search.productResults")
    assert elsewhere.unreadable == "__INITIAL_CONFIG__ has no productResults"


def test_price_in_units_and_nanos_is_read() -> None:
    product = dress(7) | {"pricesById": {"p": {"price": {"currencyCode": "USD", "units": 12, "nanos": 990_000_000}}}}
    [found] = products_of(read_search_page(search_page({"7": product}), URL, "__INITIAL_CONFIG__"))
    assert (found.price, found.currency) == (12.99, "USD")


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (search_page({"7": dress(7)})[:-400], "__INITIAL_CONFIG__ is broken or cut off"),
        ("<script>__INITIAL_CONFIG__ = " + '{"a":' * 100_000, "__INITIAL_CONFIG__ is broken or cut off"),
        ("<html>We have moved</html>", "there is no __INITIAL_CONFIG__"),
        ("<script>__INITIAL_CONFIG__ = {}</script>", "__INITIAL_CONFIG__ has no productResults"),
    ],
)
def test_unreadable_search_page_has_a_reason(page: str, why: str) -> None:
    assert read_search_page(page, URL, "__INITIAL_CONFIG__").unreadable == why


def test_invalid_products_of_a_search_page_are_left_out_individually() -> None:
    products = {
        "1": dress(1),
        "2": None,
        "3": dress(3) | {"id": ["3"]},
        "4": dress(4) | {"name": None},
        "5": dress(5) | {"mediaById": []},
        "6": dress(6) | {"pricesById": {"x": {"price": float("nan")}}, "colorsById": None},
    }
    page = read_search_page(search_page(products), URL, "__INITIAL_CONFIG__")
    assert [(item.id, item.price) for item in products_of(page)] == [("1-10", 89.5), ("6", None)]
    assert reasons(page) == [
        "a product has no id",
        "a product has no id",
        "a product has no name",
        "a product has no main image",
    ]


def test_shopify_product_has_one_item_for_each_colour() -> None:
    page = read_list(json.dumps({"products": [listed_product(5)]}), "https://shop.example/products.json?page=1")
    assert [(item.id, item.group, item.variant, item.price, item.in_stock) for item in products_of(page)] == [
        ("5-black", "5", "Black", 1299.0, True),
        ("5-sand", "5", "Sand", 1299.0, True),
    ]
    assert products_of(page)[1].image_urls == ("https://cdn.example/5-1.jpg",)
    assert products_of(page)[1].url == "https://shop.example/products/coat-5"


def test_shopify_colours_with_the_same_image_are_one_item() -> None:
    product = listed_product(5, available=False)
    product["images"] = [{"src": "https://cdn.example/all.jpg", "variant_ids": []}]
    [found] = products_of(read_list(json.dumps({"products": [product]}), URL))
    assert (found.id, found.variant, found.in_stock, found.price) == ("5", "", False, 1199.0)
    assert found.image_urls == ("https://cdn.example/all.jpg",)


def test_invalid_products_of_a_shopify_list_are_left_out_individually() -> None:
    assert read_list("<html>", URL).unreadable == "it is not JSON"
    assert read_list("[1]", URL).unreadable == "it has no list of products"
    assert read_list('{"products": []}', URL) == Page()
    odd = [None, {"id": 1}, {"id": {}, "title": "x"}, {"id": 2, "title": "Sock", "options": "?", "variants": [None]}]
    page = read_list(json.dumps({"products": odd}), URL)
    assert reasons(page) == ["a product has no id", "a product has no name", "a product has no id"]
    assert [item.id for item in products_of(page)] == ["2"]


def test_list_url_works_for_a_shop_and_a_collection() -> None:
    assert list_url("https://s.example", 2) == "https://s.example/products.json?limit=250&page=2"
    assert list_url("https://s.example/collections/women?sort=x", 1).startswith(
        "https://s.example/collections/women/products.json?limit=250"
    )


def test_category_names_the_gender_of_an_item_without_one() -> None:
    collector = ItemCollector(SourceDefaults("ono", gender="Women", categories={"men": "Clothes"}), NOW)
    images = ("https://a.example/1.jpg",)
    products = [
        ScrapedProduct(id="1", name="A", category="Men > Shirts", image_urls=images),
        ScrapedProduct(id="2", name="A", category="Men > Shirts", gender="Unisex", image_urls=images),
        ScrapedProduct(id="3", name="A", url="https://a.example/boys/shirt", image_urls=images),
        ScrapedProduct(id="4", name="A", category="Shirts", image_urls=images),
    ]
    items = list(map(collector.collect, products))
    assert [item.gender for item in items if item] == ["Men", "Unisex", "Boys", "Women"]


def test_collector_applies_defaults_and_counts_unusable_products() -> None:
    defaults = SourceDefaults(
        "ono", "ono:", brand="Ono", gender="Women", currency="EUR", categories={"/dress|kleid": "Dresses"}
    )
    collector = ItemCollector(defaults, NOW)
    product = ScrapedProduct(id="7", name="A", group="G", category="Kleider", image_urls=("https://a.example/1.jpg",))
    item = collector.collect(product)
    assert item is not None
    assert (item.id, item.group, item.brand, item.gender, item.currency, item.category) == (
        "ono:7",
        "ono:G",
        "Ono",
        "Women",
        "EUR",
        "Dresses",
    )
    assert collector.collect(product) is None
    assert collector.collect(ScrapedProduct(id="", name="A")) is None
    assert collector.collect(ScrapedProduct(id="8", name="A")) is None
    assert collector.collect(ScrapedProduct(id="9", name="A", image_urls=("https://a.example/\ud800.jpg",))) is None
    assert collector.left_out == {
        DUPLICATE: 1,
        "it has no id": 1,
        "image_urls: it has no image": 1,
        "its text is not valid Unicode": 1,
    }
