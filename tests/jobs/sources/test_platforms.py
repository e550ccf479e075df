"""Crawls of local shops that answer as the documentation of their platform says."""

from pathlib import Path

from tests.support import magento_shop as magento
from tests.support import shopify_shop as shopify
from tests.support.crawling import addresses, crawled, products, shop_of
from tests.support.shop_server import Answer, Asked, ShopServer, as_json, as_xml, sitemap, sitemap_index
from tests.support.woocommerce_shop import API, Node, simple, store_api, variable, variation


def coats(count: int) -> tuple[list[Node], list[Node]]:
    """Return products with four variations each, and those variations; of the first colour, the second size is left."""
    products = [variable(number) for number in range(1, count + 1)]
    return products, [variation(coat, position, in_stock=position != 0) for coat in products for position in range(4)]


def test_woocommerce_shop_is_read_with_its_variations(server: ShopServer, tmp_path: Path) -> None:
    listed, variations = coats(60)
    server.routes = store_api([*listed, *(simple(number) for number in range(1_000, 1_060))], variations)
    result = crawled(shop_of("woocommerce", start_urls=[server.url]), tmp_path)
    assert (result.failure, dict(result.left_out)) == ("", {})
    items = {item.id: item for item in result.items}
    assert len(items) == 60 * 2 + 60
    assert (items["ono:60-red"].sizes, items["ono:60-red"].price, items["ono:60-red"].gender) == (("M",), 89.0, "Men")
    # Two pages of products, and three of the variations of the first one.
    assert server.times_asked(API) == 5


def test_woocommerce_shop_without_variations_in_its_list_is_read(server: ShopServer, tmp_path: Path) -> None:
    products, _ = coats(2)
    listed = store_api(products)[API]
    assert callable(listed)
    server.routes = {API: lambda asked: Answer("{}", 400) if asked.query.get("type") == "variation" else listed(asked)}
    result = crawled(shop_of("woocommerce", start_urls=[server.url]), tmp_path)
    assert ([item.id for item in result.items], result.failure) == (["ono:1", "ono:2"], "")
    assert dict(result.left_out) == {"page: the shop does not list variations (its products are kept without them)": 1}


def test_woocommerce_list_without_an_end_is_ended(server: ShopServer, tmp_path: Path) -> None:
    coat = variable(1)
    endless = {"X-WP-TotalPages": "9" * 30}

    def answer(body: Node) -> Answer:
        return Answer(as_json([body]).body, headers=endless, kind="application/json")

    server.routes = {API: lambda asked: answer(variation(coat, 0) if asked.query.get("type") == "variation" else coat)}
    result = crawled(shop_of("woocommerce", start_urls=[server.url]), tmp_path)
    assert [item.id for item in result.items] == ["ono:1-red"]
    assert "it repeats an earlier page" in result.failure
    assert result.left_out["page: its products have too many variations (some are missing)"] == 1
    assert server.times_asked(API) == 52


def test_shopify_shop_is_read_beyond_its_list_in_the_order_of_ids(server: ShopServer, tmp_path: Path) -> None:
    numbers = range(1, shopify.LISTED + 51)
    server.routes = shopify.lists(numbers, answers_since=True)
    result = crawled(shop_of("shopify", start_urls=[server.url], currency="EUR"), tmp_path)
    assert (result.failure, dict(result.left_out), len(result.items)) == ("", {}, len(numbers))
    # All pages of the list, the one beyond, and the products by their ids, sixty at a time.
    assert server.times_asked("/products.json") == 101 + 6


def test_shopify_shop_is_read_beyond_its_list_by_collections_and_one_by_one(server: ShopServer, tmp_path: Path) -> None:
    listed = range(51, shopify.LISTED + 51)
    server.routes = shopify.lists([*listed]) | shopify.sitemaps(server.url, range(1, shopify.LISTED + 51))
    server.routes |= shopify.collections({"old": [*range(5, 60)], "none": [], "secret": [3]})
    server.routes |= {"/collections/secret/products.json": Answer("no", 404)}
    for number in (1, 2, 3):
        server.routes |= shopify.single(number)
    result = crawled(shop_of("shopify", start_urls=[f"{server.url}/"], currency="EUR"), tmp_path)
    items = {item.id: item for item in result.items}
    assert (result.failure, dict(result.left_out)) == ("", {"page: HTTP 404": 1})
    assert set(items) == {f"ono:{number}-black" for number in range(1, shopify.LISTED + 51)} - {"ono:4-black"}
    single = items["ono:2-black"]
    assert (single.price, single.list_price, single.category, single.in_stock) == (1199.0, 1499.0, "Coats", True)
    assert single.image_urls == ("http://cdn.example/2-0.jpg",)
    assert (server.times_asked("/sitemap_pages_1.xml"), server.times_asked("/products/coat-5.js")) == (0, 0)


def test_shopify_shop_that_names_no_other_products_is_complete(server: ShopServer, tmp_path: Path) -> None:
    server.routes = shopify.lists(range(shopify.LISTED + 50))
    result = crawled(shop_of("shopify", start_urls=[server.url]), tmp_path)
    assert (result.failure, len(result.items)) == ("", shopify.LISTED)
    assert dict(result.left_out) == {"page: it is beyond the 25,000 products that Shopify lists": 1}


def test_magento_shop_is_read_page_by_page(server: ShopServer, tmp_path: Path) -> None:
    shoe = magento.configurable("S", magento.variant("Red", "38", 80), magento.variant("Blue", "38", 90))
    server.routes = magento.graphql([shoe, *(magento.simple(str(number)) for number in range(119))])
    result = crawled(shop_of("magento", start_urls=[server.url], store_view="de"), tmp_path)
    assert (result.failure, dict(result.left_out), len(result.items)) == ("", {}, 121)
    assert [asked.headers["store"] for asked in server.asked if asked.path == "/graphql"] == ["de"] * 3


def test_magento_shop_with_too_many_products_is_read_by_ranges_of_prices(server: ShopServer, tmp_path: Path) -> None:
    prices = [*(5.0 + number for number in range(60)), *[50.0] * 60]
    listed = [magento.simple(str(number), price) for number, price in enumerate(prices)]
    server.routes = magento.graphql(listed, counted_as=150)
    result = crawled(shop_of("magento", start_urls=[server.url]), tmp_path)
    assert (result.failure, len(result.items)) == ("", 120)
    assert dict(result.left_out) == {}


def test_bigcommerce_shop_is_read_by_its_sitemap_of_products(server: ShopServer, tmp_path: Path) -> None:
    def xml_sitemap(asked: Asked) -> Answer:
        if asked.query.get("type") == "products":
            return as_xml(sitemap(*addresses(server, 3)))
        kinds = ("pages", "products", "categories")
        return as_xml(sitemap_index(*(f"{server.url}/xmlsitemap.php?type={kind}&amp;page=1" for kind in kinds)))

    server.routes = {**products(3), "/xmlsitemap.php": xml_sitemap}
    result = crawled(shop_of("bigcommerce", start_urls=[server.url]), tmp_path)
    assert (sorted(item.id for item in result.items), result.failure) == (["ono:0", "ono:1", "ono:2"], "")
    assert server.times_asked("/xmlsitemap.php") == 2


def test_salesforce_shop_is_read_by_its_sitemap_of_products(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {
        **products(2),
        "/sitemap_index.xml": as_xml(
            sitemap_index(f"{server.url}/sitemap_0-product.xml", f"{server.url}/sitemap_1-category.xml")
        ),
        "/sitemap_0-product.xml": as_xml(sitemap(*addresses(server, 2))),
    }
    result = crawled(shop_of("salesforce", start_urls=[f"{server.url}/en/"]), tmp_path)
    assert (sorted(item.id for item in result.items), result.failure) == (["ono:0", "ono:1"], "")
    assert server.times_asked("/sitemap_1-category.xml") == 0


def test_salesforce_shop_is_read_by_the_tiles_of_its_categories(server: ShopServer, tmp_path: Path) -> None:
    def grid(asked: Asked) -> Answer:
        listed = range(0 if asked.query["cgid"] == "none" else 60)
        shown = listed[int(asked.query["start"]) :][: int(asked.query["sz"])]
        return Answer(
            "".join(
                f'<div class="product" data-pid="{number}"><a href="/on/demandware.store/Wishlist-Add"></a>'
                f'<a href="/p/{number}#x">Shirt</a><a href="http://elsewhere.example/"></a></div>'
                for number in shown
            )
            or "<p></p>"
        )

    path = "/on/demandware.store/Sites-ono-Site/en/Search-UpdateGrid"
    server.routes = {**products(60), path: grid}
    starts = [f"{server.url}{path}?cgid={category}" for category in ("women", "men", "none")]
    result = crawled(shop_of("salesforce", start_urls=starts), tmp_path)
    assert (len(result.items), dict(result.left_out)) == (60, {"page: it has no tiles of products": 1})
    assert "cgid=none&start=0&sz=48: it has no tiles of products" in result.failure
    assert server.times_asked(path) == 7
