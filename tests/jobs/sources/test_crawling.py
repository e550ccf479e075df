"""Crawls of a local shop over HTTP: each kind of shop and each kind of fault."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog_jobs.cli.console import Interrupted
from catalog_jobs.sources.pages import INDEX
from catalog_jobs.sources.runner import crawl
from tests.conftest import ignore_progress
from tests.support.crawling import NOW, addresses, crawled, products, shop_of, structured
from tests.support.shop_server import (
    Answer,
    Asked,
    Route,
    ShopServer,
    as_json,
    as_xml,
    dress,
    listed_product,
    product_page,
    search_page,
    shirt,
    sitemap,
    sitemap_index,
)
from tests.support.waiting import eventually

CAPTCHA = Answer("<html><title>Just a moment...</title><div class='captcha'>Are you a human?</div></html>")


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """Return a route that gives the answers in order, and the last one repeatedly."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_shop_with_sitemaps_is_read_despite_faulty_pages(server: ShopServer, tmp_path: Path) -> None:
    server.routes = products(40) | {
        "/robots.txt": Answer(f"Sitemap: {server.url}/index.xml\nUser-agent: *\nDisallow: /p/39\n", kind="text/plain"),
        "/index.xml": as_xml(sitemap_index(f"{server.url}/a.xml", f"{server.url}/b.xml.gz")),
        "/a.xml": as_xml(sitemap(*addresses(server, 30), f"{server.url}/about")),
        "/b.xml.gz": Answer(
            gzip.compress(sitemap(*addresses(server, 40), "javascript:x").encode()), kind="application/gzip"
        ),
        "/p/1": Answer(product_page('{"@type": "Product", "name": "Sh')),
        "/p/2": Answer(product_page(shirt("2", offers={"@type": "Offer"}))),
        "/p/3": in_turn(Answer("slow down", 429, {"Retry-After": "1"}), Answer(product_page(shirt("3")))),
        "/p/4": in_turn(Answer("oops", 500), Answer(product_page(shirt("4")))),
        "/p/5": Answer("", 301, {"Location": "/p/5-new"}),
        "/p/5-new": Answer(product_page(shirt("5"))),
        "/p/6": Answer("", 302, {"Location": "/p/6"}),
        "/p/7": Answer("gone", 404),
        "/p/8": Answer("", 302, {"Location": server.url.replace("127.0.0.1", "localhost") + "/p/elsewhere"}),
        "/p/9": Answer(product_page(shirt("10"))),
        "/p/11": Answer("x" * 17_000_000),
        "/p/12": Answer(product_page(shirt("12", image="javascript:alert(1)"))),
        "/p/13": in_turn(Answer("busy", 503), Answer("", 302, {"Location": "http://169.254.169.254/"})),
    }
    progress: list[tuple[int, int]] = []
    shop = structured(server, sitemap_urls=[f"{server.url}/robots.txt"])
    result = crawl(shop, tmp_path, NOW, lambda done, known: progress.append((done, known)))
    items = {item.id: item for item in result.items}
    assert result.failure == ""
    left = {"1", "6", "7", "8", "11", "12", "13", "39"}
    assert set(items) | {"ono:9"} == {f"ono:{number}" for number in range(40) if str(number) not in left} | {"ono:9"}
    assert (items["ono:2"].price, items["ono:3"].price) == (None, 49.9)
    assert (items["ono:0"].source, items["ono:0"].currency, items["ono:0"].first_seen) == ("ono", "EUR", NOW)
    assert dict(result.left_out) == {
        "page: its structured data is broken": 1,
        "page: it has too many redirects": 1,
        "page: HTTP 404": 1,
        "page: it leads out of the shop": 2,
        "page: it is too large": 1,
        "page: robots.txt refuses it": 1,
        "image_urls: it has no image": 1,
        "it came before": 1,
    }
    assert progress[-1] == (44, 44)
    attempts = [asked.at for asked in server.asked if asked.path == "/p/3"]
    assert attempts[1] - attempts[0] >= 1
    assert server.times_asked("/p/39") == server.times_asked("/p/elsewhere") == server.times_asked("/about") == 0
    [kept] = [json.loads(line) for line in (tmp_path / "ono" / INDEX).read_text().splitlines()]
    assert kept["url"] == f"{server.url}/p/1"
    assert '{"@type": "Product", "name": "Sh' in (tmp_path / "ono" / kept["file"]).read_text()


def test_pages_on_private_addresses_are_refused(server: ShopServer, tmp_path: Path) -> None:
    localhost, decimal = (server.url.replace("127.0.0.1", host) for host in ("localhost", "2130706433"))
    server.routes = products(5) | {
        "/sitemap.xml": as_xml(sitemap(f"{server.url}/p/0", f"{localhost}/p/1", f"{decimal}/p/2", f"{server.url}/p/3")),
        "/p/3": Answer("", 302, {"Location": f"{localhost}/p/4"}),
    }
    result = crawled(structured(server, allowed_hosts=["localhost", "2130706433"]), tmp_path)
    assert [item.id for item in result.items] == ["ono:0"]
    assert dict(result.left_out) == {"page: its host is not on the public internet": 3}
    assert sorted(asked.path for asked in server.asked) == ["/p/0", "/p/3", "/robots.txt", "/sitemap.xml"]


def test_configured_shop_on_a_private_address_is_refused(
    server: ShopServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOSETSPACE_PRIVATE_HOSTS")
    result = crawled(structured(server), tmp_path)
    assert "/sitemap.xml: its host is not on the public internet." in result.failure
    assert server.asked == []


def test_hostile_pages_fail_and_others_are_read(server: ShopServer, tmp_path: Path) -> None:
    server.routes = products(2) | {
        "/good.xml": as_xml(sitemap(*addresses(server, 4))),
        "/p/2": Answer("<p>" * 500_001),
        "/p/3": Answer(gzip.compress(b" " * 17_000_000), headers={"Content-Encoding": "gzip"}),
        "/bomb.xml": Answer(gzip.compress(b"<urlset>" + b"<x/>" * 5_000_000), kind="application/gzip"),
        "/links": Answer('<a href="/p/1">a</a>' * 50_001),
    }
    sitemaps = [f"{server.url}/bomb.xml", f"{server.url}/good.xml"]
    result = crawled(structured(server, sitemap_urls=sitemaps, start_urls=[f"{server.url}/links"]), tmp_path)
    assert sorted(item.id for item in result.items) == ["ono:0", "ono:1"]
    assert dict(result.left_out) == {
        "page: it has no entry within 1,000,000 bytes": 1,
        "page: it has too many elements": 1,
        "page: it is too large": 1,
        "page: it has too many links": 1,
    }
    assert "2 of the pages that lead to products could not be read" in result.failure


def test_links_of_start_pages_and_listings_are_followed(server: ShopServer, tmp_path: Path) -> None:
    first = '<a href="/p/0">a</a> <a href="/p/1#top">b</a> <a href="/help">c</a> <a href="?page=2">next</a>'
    second = '<a href="/p/2">a</a> <a href="http://elsewhere.example/p/9">b</a> <a href="/women?page=1">back</a>'
    server.routes = products(3) | {"/women": lambda asked: Answer(second if asked.query.get("page") == "2" else first)}
    shop = structured(server, sitemap_urls=[], start_urls=[f"{server.url}/women"], listings=[r"page=\d+"])
    result = crawled(shop, tmp_path)
    assert (sorted(item.id for item in result.items), result.failure) == (["ono:0", "ono:1", "ono:2"], "")
    assert server.times_asked("/help") == 0


def test_all_search_pages_are_read(server: ShopServer, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query.get("page", "1"))
        return Answer(search_page({str(page): dress(page, colours=2, pictures=27)}, pages=3))

    server.routes = {"/browse/women": answer}
    result = crawled(shop_of("embedded_state", start_urls=[f"{server.url}/browse/women?sort=new"]), tmp_path)
    assert result.failure == ""
    assert sorted(item.id for item in result.items) == [
        f"ono:{page}-{page}{colour}" for page in (1, 2, 3) for colour in (0, 1)
    ]
    assert {item.group for item in result.items} == {"ono:S1", "ono:S2", "ono:S3"}
    assert {item.name for item in result.items if item.group == "ono:S1"} == {"Dress 1 & belt"}
    assert all(asked.query["sort"] == "new" for asked in server.asked if asked.path == "/browse/women")


def test_repeated_or_broken_search_pages_fail_the_crawl_but_do_not_end_it(server: ShopServer, tmp_path: Path) -> None:
    broken = Answer(search_page({"3": dress(3)})[:-300])
    pages = {"1": Answer(search_page({"1": dress(1)}, pages=4)), "3": broken, "4": Answer(search_page({"4": dress(4)}))}
    server.routes = {"/browse": lambda asked: pages.get(asked.query.get("page", "1"), pages["1"])}
    result = crawled(shop_of("embedded_state", start_urls=[f"{server.url}/browse"]), tmp_path)
    assert sorted(item.id for item in result.items) == ["ono:1-10", "ono:4-40"]
    assert result.left_out["page: it repeats an earlier page"] == 1
    assert result.left_out["page: __INITIAL_CONFIG__ is broken or cut off"] == 1
    assert "2 of the pages that lead to products could not be read" in result.failure


def test_shopify_list_is_read_until_a_page_is_empty(server: ShopServer, tmp_path: Path) -> None:
    pages = {"1": [listed_product(1), listed_product(2)], "2": [listed_product(3, colours=("Black",), available=False)]}
    server.routes = {"/products.json": lambda asked: as_json({"products": pages.get(asked.query["page"], [])})}
    result = crawled(shop_of("shopify", start_urls=[server.url], currency="CHF", gender="Women"), tmp_path)
    assert [item.id for item in result.items] == [
        "ono:1-black",
        "ono:1-sand",
        "ono:2-black",
        "ono:2-sand",
        "ono:3-black",
    ]
    assert [item.in_stock for item in result.items] == [True] * 4 + [False]
    assert {(item.currency, item.gender, item.category) for item in result.items} == {("CHF", "Women", "Coats")}
    assert (result.failure, server.times_asked("/products.json")) == ("", 3)


def test_endless_list_is_ended(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {"/products.json": as_json({"products": [listed_product(1)]})}
    result = crawled(shop_of("shopify", start_urls=[server.url]), tmp_path)
    assert (len(result.items), server.times_asked("/products.json")) == (2, 2)
    assert "it repeats an earlier page" in result.failure
    server.routes = {"/products.json": lambda asked: as_json({"products": [listed_product(int(asked.query["page"]))]})}
    result = crawled(shop_of("shopify", start_urls=[server.url], max_pages=4), tmp_path)
    assert (len(result.items), result.failure) == (8, "")
    assert dict(result.left_out) == {"page: it is beyond max_pages": 1}


def test_limit_ends_the_crawl(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {"/products.json": lambda asked: as_json({"products": [listed_product(int(asked.query["page"]))]})}
    result = crawled(shop_of("shopify", start_urls=[server.url], limit=3), tmp_path)
    assert (len(result.items), result.failure) == (3, "")


def test_feed_can_be_configured_as_a_shop(tmp_path: Path) -> None:
    table = tmp_path / "feed.tsv"
    table.write_text("id\ttitle\timage_link\tprice\n1\tCoat\thttps://a.example/1.jpg\t9,90\n")
    result = crawled(shop_of("feed", feed=str(table), currency="EUR", brand="Ono"), tmp_path)
    assert [(item.id, item.price, item.currency, item.brand) for item in result.items] == [("ono:1", 9.9, "EUR", "Ono")]
    assert "There is no file" in crawled(shop_of("feed", feed=str(tmp_path / "none")), tmp_path).failure


@pytest.mark.parametrize(
    ("routes", "trouble"),
    [
        ({"/robots.txt": Answer("User-agent: Closetspace\nDisallow: /\n", kind="text/plain")}, "robots.txt refuses"),
        (
            {"/robots.txt": Answer("oops", 503)},
            "sitemap.xml: its robots.txt can't be read (HTTP 503). Try again later.",
        ),
        (
            {"/robots.txt": Answer("#" * 17_000_000)},
            "sitemap.xml: its robots.txt can't be read (it is too large). Try again later.",
        ),
        (
            {"/robots.txt": Answer("User-agent: *\nCrawl-delay: 301\n", kind="text/plain")},
            "its robots.txt asks for more than five minutes between two requests: ask the shop for permission",
        ),
        ({"/sitemap.xml": CAPTCHA}, "refuses 1 page (it is a challenge (captcha)), first"),
        ({"/sitemap.xml": Answer("Denied", 403)}, "sitemap.xml: ask the shop for permission"),
        ({"/sitemap.xml": Answer("Who?", 401)}, "sitemap.xml: it wants a password"),
        ({"/sitemap.xml": Answer("Later", 429, {"Retry-After": "86400"})}, "sitemap.xml: raise delay_seconds"),
        ({"/sitemap.xml": Answer("<urlset", 500)}, "sitemap.xml: HTTP 500. Try again later."),
        ({"/sitemap.xml": Answer("gone", 410)}, "sitemap.xml: HTTP 410. Check the URLs"),
        ({"/sitemap.xml": Answer("", 302, {"Location": "http://elsewhere.example/"})}, "add it to allowed_hosts"),
        ({"/sitemap.xml": Answer("", 302, {"Location": "http://[::1"})}, "its answer can't be read (ValueError)"),
        ({"/sitemap.xml": Answer("x", kind="text/html; charset=zlib")}, "its answer can't be read (LookupError)"),
        ({"/sitemap.xml": Answer("x", headers={"Content-Encoding": "gzip"})}, "its answer can't be read"),
        ({f"/p/{number}": CAPTCHA for number in range(10)}, "refuses 10 pages"),
        ({f"/p/{number}": Answer("<html>new layout</html>") for number in range(6)}, "6 of 10 product pages could not"),
        ({"/sitemap.xml": as_xml(sitemap())}, "No product was found on 1 page: check the URLs"),
    ],
)
def test_incomplete_crawl_has_a_failure_message(
    server: ShopServer, tmp_path: Path, routes: dict[str, Route], trouble: str
) -> None:
    server.routes = products(10) | {"/sitemap.xml": as_xml(sitemap(*addresses(server, 10)))} | routes
    result = crawled(structured(server), tmp_path)
    assert trouble in result.failure


def test_page_that_times_out_is_named(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {"/sitemap.xml": Answer("", wait=5)}
    assert "sitemap.xml: it timed out" in crawled(structured(server, page_timeout_seconds=2), tmp_path).failure


def test_shop_that_does_not_answer_fails(tmp_path: Path) -> None:
    with ShopServer() as server:
        shop = structured(server)
    failure = crawled(shop, tmp_path).failure
    assert "its robots.txt can't be read (there was no answer). Try again later." in failure


def test_crawl_that_runs_out_of_time_keeps_its_items(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {
        "/products.json": lambda asked: Answer(
            json.dumps({"products": [listed_product(int(asked.query["page"]))]}),
            kind="application/json",
            wait=0 if asked.query["page"] == "1" else 1,
        )
    }
    result = crawled(shop_of("shopify", start_urls=[server.url], timeout_seconds=3), tmp_path)
    assert result.items
    assert "ran out of time" in result.failure


def test_unchanged_pages_come_from_the_cache(
    server: ShopServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"v1"':
            return Answer(b"", 304, {"ETag": '"v1"'})
        return Answer(product_page(shirt("0", name="Café")), headers={"ETag": '"v1"', "Cache-Control": "no-cache"})

    monkeypatch.setenv("CLOSETSPACE_PAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CLOSETSPACE_CONTACT", "https://closets.example/bot")
    server.routes = {"/p/0": page, "/sitemap.xml": as_xml(sitemap(*addresses(server, 1)))}
    first = crawled(structured(server), tmp_path)
    assert first.items[0].name == "Café"
    assert crawled(structured(server), tmp_path) == first
    asked = [asked for asked in server.asked if asked.path == "/p/0"]
    assert ["if-none-match" in each.headers for each in asked] == [False, True]
    assert asked[0].headers["user-agent"] == "Closetspace/0.1.0 (+https://closets.example/bot)"
    assert [path.parent for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != ".lock"] == [
        tmp_path / "cache" / "page-cache" / "ono"
    ]


@pytest.mark.parametrize(
    "answer", [Answer("busy", 503), Answer("gone", 404), Answer(product_page(shirt("0", price=1)))]
)
def test_cached_page_is_used_only_if_the_shop_says_that_it_has_not_changed(
    server: ShopServer, tmp_path: Path, answer: Answer
) -> None:
    page = Answer(product_page(shirt("0")), headers={"Last-Modified": "Tue, 24 Nov 2026 00:00:00 GMT"})
    server.routes = products(2) | {"/p/0": page, "/sitemap.xml": as_xml(sitemap(*addresses(server, 2)))}
    store = str(tmp_path / "store")
    assert len(crawl(structured(server), tmp_path, NOW, ignore_progress, store).items) == 2
    server.routes["/p/0"] = answer
    second = crawl(structured(server), tmp_path, NOW, ignore_progress, store)
    assert len(second.items) == (2 if answer.status == 200 else 1)
    asked = [asked for asked in server.asked if asked.path == "/p/0"]
    assert asked[1].headers["if-modified-since"] == "Tue, 24 Nov 2026 00:00:00 GMT"
    kept = [path for path in (tmp_path / "store" / "page-cache").rglob("*") if path.is_file()]
    assert len(kept) == 1


def test_requests_go_through_scrapfly(server: ShopServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"http://shop.example/browse": search_page({"1": dress(1)})}

    def scrape(asked: Asked) -> Answer:
        url = asked.query["url"]
        result = {"content": pages[url], "url": url, "status_code": 200, "reason": "OK", "success": True, "error": None}
        result |= {"response_headers": {"content-type": "text/html"}, "request_headers": {}, "cookies": []}
        result |= {"log_url": "", "status": "DONE", "duration": 0.1, "format": "text", "screenshots": {}}
        result |= {"dns": None, "ssl": None, "iframes": {}, "browser_data": {}}
        return as_json({"context": {}, "config": {"url": url, "headers": {}}, "result": result, "uuid": "1"})

    account = {"account": {"suspended": False}, "subscription": {"max_concurrency": 5}}
    server.routes = {"/scrape": scrape, "/account": as_json(account | {"project": {"concurrency_limit": None}})}
    monkeypatch.setenv("SCRAPFLY_KEY", "sesame")
    monkeypatch.setenv("SCRAPFLY_HOST", server.url)
    shop = shop_of("embedded_state", start_urls=["http://shop.example/browse"], scrapfly=True, obey_robots=False)
    result = crawled(shop, tmp_path)
    assert ([item.id for item in result.items], result.failure) == (["ono:1-10"], "")
    [asked] = [asked for asked in server.asked if asked.path == "/scrape"]
    assert (asked.query["key"], asked.query["asp"]) == ("sesame", "true")
    server.routes = {"/account": Answer("no", 401)}
    result = crawled(shop, tmp_path)
    assert "The crawl could not run: HTTPError: 401" in result.failure
    assert "sesame" not in result.failure


def test_shop_is_read_without_scrapfly_if_there_is_no_key(
    server: ShopServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCRAPFLY_KEY", raising=False)
    server.routes = {
        "/products.json": lambda asked: as_json({"products": [listed_product(1)][int(asked.query["page"]) - 1 :]})
    }
    shop = shop_of("shopify", start_urls=[server.url], scrapfly=True)
    result = crawled(shop, tmp_path)
    assert (len(result.items), result.failure) == (2, "")
    server.routes = {"/products.json": CAPTCHA}
    assert crawled(shop, tmp_path).failure.endswith("There is no SCRAPFLY_KEY, so it was read without Scrapfly.")


def children_of(parent: int) -> set[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return {int(line) for line in listed.stdout.split()}


def is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_interrupted_crawl_leaves_no_process(server: ShopServer, tmp_path: Path) -> None:
    server.routes = products(50) | {"/sitemap.xml": as_xml(sitemap(*addresses(server, 50)))}
    crawling: set[int] = set()

    def interrupt(*_: int) -> None:
        crawling.update(children_of(os.getpid()))
        raise Interrupted

    before = children_of(os.getpid())
    with pytest.raises(Interrupted):
        crawl(structured(server, delay_seconds=1), tmp_path, NOW, interrupt)
    assert crawling - before
    assert not any(is_running(pid) for pid in crawling - before)


def test_crawl_ends_if_its_parent_is_killed(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {"/sitemap.xml": Answer("", wait=30)}
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from catalog_jobs.sources.runner import crawl; from catalog_jobs.sources.shops import Shop\n"
        "crawl(Shop.model_validate_json(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC), lambda *_: None)"
    )
    shop = structured(server, page_timeout_seconds=60).model_dump_json()
    parent = subprocess.Popen([sys.executable, "-c", code, shop, str(tmp_path)])
    try:
        eventually(lambda: server.times_asked("/sitemap.xml") > 0)
        [child] = children_of(parent.pid)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    eventually(lambda: not is_running(child))
