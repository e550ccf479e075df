"""Crawls of a local shop that asks for something: delays, pages that are not indexed, links that are not followed."""

from pathlib import Path

from catalog_jobs.sources.spiders.structured import LINKS_NOT_FOLLOWED
from tests.support.crawling import addresses, crawled, products, shop_of, structured
from tests.support.shop_server import Answer, ShopServer, as_json, as_xml, listed_product, product_page, shirt, sitemap

NOINDEX = '<meta name="robots" content="noindex, follow">'


def test_crawl_waits_as_long_as_robots_txt_asks(server: ShopServer, tmp_path: Path) -> None:
    server.routes = products(3) | {
        "/robots.txt": Answer("User-agent: *\nCrawl-delay: 0.5\n", kind="text/plain"),
        "/sitemap.xml": as_xml(sitemap(*addresses(server, 3))),
    }
    result = crawled(structured(server), tmp_path)
    assert (len(result.items), result.failure) == (3, "")
    times = [asked.at for asked in server.asked]
    # The server's clock begins when a request arrives, which may be a little late.
    assert times[-1] - times[0] >= 0.45 * (len(times) - 1)


def test_failure_names_the_delay_that_took_the_time(server: ShopServer, tmp_path: Path) -> None:
    server.routes = products(3) | {
        "/robots.txt": Answer("User-agent: *\nCrawl-delay: 3\n", kind="text/plain"),
        "/sitemap.xml": as_xml(sitemap(*addresses(server, 3))),
    }
    result = crawled(structured(server, timeout_seconds=2), tmp_path)
    assert "ran out of time, with 3 s from page to page, as robots.txt asks" in result.failure


def test_pages_that_ask_not_to_be_indexed_are_counted_and_not_read(server: ShopServer, tmp_path: Path) -> None:
    server.routes = products(5) | {
        "/sitemap.xml": Answer(
            sitemap(*addresses(server, 5)), kind="application/xml", headers={"X-Robots-Tag": "noindex"}
        ),
        "/p/1": Answer(product_page(shirt("1"), before=NOINDEX)),
        "/p/2": Answer(product_page(shirt("2")), headers={"X-Robots-Tag": "noindex"}),
        "/p/3": Answer(product_page(shirt("3")), headers={"X-Robots-Tag": "googlebot: noindex"}),
    }
    result = crawled(structured(server), tmp_path)
    assert sorted(item.id for item in result.items) == ["ono:0", "ono:3", "ono:4"]
    assert (result.failure, dict(result.left_out)) == ("", {"page: it asks not to be indexed (noindex)": 2})
    assert not (tmp_path / "ono").exists()
    with_permission = crawled(structured(server, obey_robots=False), tmp_path)
    assert len(with_permission.items) == 5


def test_links_that_ask_not_to_be_followed_are_not_requested(server: ShopServer, tmp_path: Path) -> None:
    links = '<a href="/p/0">a</a> <a rel="nofollow" href="/p/1">b</a> <a rel="nofollow" href="?page=2">c</a>'
    server.routes = products(3) | {"/women": Answer(links)}
    shop = {"sitemap_urls": [], "start_urls": [f"{server.url}/women"], "listings": [r"page=\d+"]}
    result = crawled(structured(server, **shop), tmp_path)
    assert ([item.id for item in result.items], result.failure) == (["ono:0"], "")
    assert dict(result.left_out) == {LINKS_NOT_FOLLOWED: 2}
    assert server.times_asked("/p/1") == 0
    server.routes["/women"] = Answer('<meta name="robots" content="nofollow">' + links)
    refused = crawled(structured(server, **shop), tmp_path)
    assert refused.items == ()
    assert "it asks not to follow its links (nofollow): ask the shop for permission" in refused.failure
    assert server.times_asked("/p/0") == 1


def test_header_of_a_list_in_json_is_not_about_the_products(server: ShopServer, tmp_path: Path) -> None:
    pages = [[listed_product(1)], []]
    server.routes = {
        "/products.json": lambda asked: Answer(
            as_json({"products": pages[int(asked.query["page"]) - 1]}).body,
            kind="application/json",
            headers={"X-Robots-Tag": "noindex"},
        )
    }
    result = crawled(shop_of("shopify", start_urls=[server.url]), tmp_path)
    assert (len(result.items), result.failure) == (2, "")
