"""Crawls of local shops whose answers mislead: what is missing is counted, and the shop is not taken as complete."""

from pathlib import Path

import pytest

from tests.support import magento_shop as magento
from tests.support.crawling import addresses, crawled, products, shop_of, structured
from tests.support.shop_server import (
    Answer,
    Asked,
    ShopServer,
    as_json,
    as_xml,
    dress,
    listed_product,
    search_page,
    sitemap,
    sitemap_index,
)
from tests.support.woocommerce_shop import API, simple


def woocommerce_page(asked: Asked, last: int, **headers: str) -> Answer:
    """Return a page with one product, an empty one behind the ``last``."""
    number = int(asked.query["page"])
    return Answer(as_json([simple(number)] if number <= last else []).body, kind="application/json", headers=headers)


def test_sitemap_that_breaks_off_fails_the_shop(server: ShopServer, tmp_path: Path) -> None:
    whole = sitemap(*addresses(server, 5))
    server.routes = products(5) | {"/sitemap.xml": as_xml(whole[: whole.rindex("<url>")])}
    result = crawled(structured(server), tmp_path)
    assert (len(result.items), dict(result.left_out)) == (4, {"page: it breaks off before its end": 1})
    assert "sitemap.xml: it breaks off before its end" in result.failure


def test_urls_that_are_not_valid_are_counted_and_the_others_are_read(server: ShopServer, tmp_path: Path) -> None:
    hostile = ("http://[::1/p/", "http://127.0.0.1:99999/p/1", "javascript:'/p/'", "/p/" + "x" * 9_000)
    first, *others = addresses(server, 5)
    server.routes = products(5) | {"/sitemap.xml": as_xml(sitemap(first, *hostile, *others))}
    result = crawled(structured(server), tmp_path)
    assert (len(result.items), result.failure) == (5, "")
    assert dict(result.left_out) == {"link: its URL is not valid": 4}


def test_base_that_is_no_url_counts_as_none(server: ShopServer, tmp_path: Path) -> None:
    links = '<base href="http://[::1"><a href="/p/0">a</a><a href="/p/1">b</a>'
    server.routes = products(2) | {"/women": Answer(links)}
    result = crawled(structured(server, sitemap_urls=[], start_urls=[f"{server.url}/women"]), tmp_path)
    assert (len(result.items), result.failure) == (2, "")


def test_page_with_a_long_url_is_read(server: ShopServer, tmp_path: Path) -> None:
    long = f"{server.url}/sitemap.xml?x={'x' * 3_000}"
    server.routes = products(1) | {"/sitemap.xml": as_xml(sitemap(*addresses(server, 1)))}
    server.routes["/index.xml"] = as_xml(sitemap_index(long))
    assert len(crawled(structured(server, sitemap_urls=[f"{server.url}/index.xml"]), tmp_path).items) == 1


def test_list_that_goes_round_in_circles_fails_the_shop(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {
        "/products.json": lambda asked: as_json({"products": [listed_product(int(asked.query["page"]) % 3)]})
    }
    result = crawled(shop_of("shopify", start_urls=[server.url]), tmp_path)
    assert (len(result.items), server.times_asked("/products.json")) == (6, 4)
    assert "page=4: it repeats an earlier page" in result.failure


def test_list_with_more_than_a_thousand_pages_is_read_to_its_end(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {API: lambda asked: woocommerce_page(asked, last=1_010)}
    result = crawled(shop_of("woocommerce", start_urls=[server.url]), tmp_path)
    assert (len(result.items), result.failure) == (1_010, "")


def test_list_that_ends_before_its_last_page_fails_the_shop(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {API: lambda asked: woocommerce_page(asked, 2, **{"X-WP-TotalPages": "7"})}
    result = crawled(shop_of("woocommerce", start_urls=[server.url]), tmp_path)
    assert (len(result.items), server.times_asked(API)) == (2, 3)
    assert "it has no products, although the shop names more pages" in result.failure


@pytest.mark.parametrize("count", ["0", "-3", "two"])
def test_number_of_pages_that_cannot_be_is_ignored(server: ShopServer, tmp_path: Path, count: str) -> None:
    server.routes = {API: lambda asked: woocommerce_page(asked, 2, **{"X-WP-TotalPages": count})}
    result = crawled(shop_of("woocommerce", start_urls=[server.url]), tmp_path)
    assert (len(result.items), result.failure) == (2, "")


def test_errors_beside_products_are_counted(server: ShopServer, tmp_path: Path) -> None:
    answer = magento.answer_of([magento.simple("A"), None]) | {"errors": [{"message": "Internal server error"}]}
    server.routes = {"/graphql": as_json(answer)}
    result = crawled(shop_of("magento", start_urls=[server.url]), tmp_path)
    assert len(result.items) == 1
    assert dict(result.left_out) == {
        "a product has no id": 1,
        "page: its GraphQL reports errors (what they concern is missing)": 1,
    }


@pytest.mark.parametrize("pages", [None, "3", 3.0, -1])
def test_all_pages_are_read_however_their_number_is_written(server: ShopServer, tmp_path: Path, pages: object) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query["variables"].split('"page": ')[1].split(",")[0])
        listed = magento.answer_of([magento.simple(str(page))], total=150)
        listed["data"]["products"]["page_info"]["total_pages"] = pages
        return as_json(listed)

    server.routes = {"/graphql": answer}
    assert len(crawled(shop_of("magento", start_urls=[server.url]), tmp_path).items) == 3


@pytest.mark.parametrize(("pages", "missing"), [('"3"', 0), ("5", 2), (str(10**12), 3)])
def test_search_is_read_to_the_last_page_that_it_names(
    server: ShopServer, tmp_path: Path, pages: str, missing: int
) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query.get("page", "1"))
        shown = {str(page): dress(page)} if page <= 3 else {}
        return Answer(search_page(shown).replace('"pageCount": 1', f'"pageCount": {pages}'))

    server.routes = {"/browse": answer}
    result = crawled(shop_of("embedded_state", start_urls=[f"{server.url}/browse"], max_pages=6), tmp_path)
    assert (len(result.items), bool(result.failure)) == (3, missing > 0)
    assert result.left_out.get("page: it has no products, although the shop names more pages", 0) == missing


def test_tiles_that_are_json_are_no_page(server: ShopServer, tmp_path: Path) -> None:
    path = "/on/demandware.store/Sites-ono-Site/en/Search-UpdateGrid"
    server.routes = {path: as_json({"grid": "<div></div>"})}
    result = crawled(shop_of("salesforce", start_urls=[f"{server.url}{path}?cgid=women"]), tmp_path)
    assert "it is JSON, and has no links" in result.failure
