"""``closetspace catalog add-shop``: what it proposes for sites of each kind, and how it asks them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog_jobs.cli.app import app
from catalog_jobs.sources.discovery import Proposal, SiteExplorer
from catalog_jobs.sources.inspection import Inspector
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.polite_client import PoliteClient
from catalog_jobs.sources.runner import crawl
from catalog_jobs.sources.shops import read_shops
from closetspace.errors import InvalidInput
from tests.conftest import ignore_progress
from tests.support import magento_shop as magento
from tests.support.crawling import FEED, NOW
from tests.support.shop_server import (
    Answer,
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
from tests.support.woocommerce_shop import simple, store_api


class Exploration:
    """A look at the local shop, with the lines that it reported and the seconds that it waited."""

    def __init__(self, server: ShopServer) -> None:
        self.server = server
        self.lines: list[str] = []
        self.waits: list[float] = []

    def propose(self, path: str = "/") -> Proposal:
        client = PoliteClient(wait=self.waits.append)
        inspector = Inspector(SourceDefaults("ono"), NOW, client=client)
        return SiteExplorer(inspector, "ono", self.lines.append).explore(self.server.url + path)

    def settings(self, path: str = "/") -> dict[str, object]:
        """Return the proposed settings, once a crawl by them has read what was shown."""
        return self.propose(path).shop.model_dump(exclude_unset=True, exclude={"name"})


@pytest.fixture
def look(server: ShopServer) -> Exploration:
    return Exploration(server)


def home(*links: str, head: str = "") -> Answer:
    body = "".join(f'<a href="{link}">x</a>' for link in links)
    return Answer(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>")


def test_shopify_shop_is_proposed_with_its_currency(server: ShopServer, look: Exploration) -> None:
    script = '<script src="https://cdn.shopify.com/x.js"></script><script>Shopify.currency = {"active":"GBP"};</script>'
    server.routes = {"/": home(head=script), "/products.json": as_json({"products": [listed_product(7)]})}
    proposal = look.propose()
    assert proposal.shop.model_dump(exclude_unset=True) == {
        "name": "ono",
        "kind": "shopify",
        "start_urls": (f"{server.url}/",),
        "currency": "GBP",
    }
    assert {item.currency for item in proposal.result.items} == {"GBP"}
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/", "/products.json"]


def test_woocommerce_shop_is_proposed(server: ShopServer, look: Exploration) -> None:
    server.routes = store_api([simple(1)]) | {"/": home(head='<body class="theme-x woocommerce-js">')}
    assert look.settings() == {"kind": "woocommerce", "start_urls": (f"{server.url}/",)}
    assert len(server.asked) == 3


def test_magento_shop_is_proposed(server: ShopServer, look: Exploration) -> None:
    server.routes = magento.graphql([magento.simple("1")])
    server.routes |= {"/": home(head='<script type="text/x-magento-init">{}</script>')}
    assert look.settings() == {"kind": "magento", "start_urls": (f"{server.url}/",)}


@pytest.mark.parametrize(
    ("kind", "script", "index", "part"),
    [
        ("bigcommerce", "https://cdn11.bigcommerce.com/theme.js", "/xmlsitemap.php", "/products.xml"),
        ("salesforce", "/on/demandware.static/main.js", "/sitemap_index.xml", "/sitemap_0-product.xml"),
    ],
)
def test_shop_whose_platform_names_its_products_in_a_sitemap_is_proposed(
    server: ShopServer, look: Exploration, kind: str, script: str, index: str, part: str
) -> None:
    server.routes = {
        "/": home(head=f'<script src="{script}"></script>'),
        index: as_xml(sitemap_index(f"{server.url}/category.xml", server.url + part)),
        part: as_xml(sitemap(f"{server.url}/coat-1", f"{server.url}/coat-2")),
        "/coat-2": Answer(product_page(shirt("2"))),
    }
    assert look.settings() == {"kind": kind, "start_urls": (f"{server.url}/",)}
    assert len(server.asked) == 5


def test_sitemap_of_robots_txt_is_followed_to_products(server: ShopServer, look: Exploration, tmp_path: Path) -> None:
    products = [f"{server.url}/products/{number}" for number in range(9)]
    server.routes = {
        "/robots.txt": Answer(f"Sitemap: {server.url}/index.xml\nUser-agent: *\nCrawl-delay: 7\n", kind="text/plain"),
        "/": home("/about"),
        "/index.xml": as_xml(sitemap_index(f"{server.url}/pages.xml", f"{server.url}/products.xml")),
        "/pages.xml": as_xml(sitemap(f"{server.url}/about")),
        "/products.xml": as_xml(sitemap(*products)),
    }
    server.routes |= {f"/products/{number}": Answer(product_page(shirt(str(number)))) for number in range(9)}
    assert look.settings() == {
        "kind": "structured",
        "sitemap_urls": (f"{server.url}/index.xml",),
        "follow": (r"/products/[^/?#]+/?$",),
    }
    assert set(look.waits) == {7.0}
    assert "robots.txt asks for 7 s between two requests: crawls respect it" in look.lines
    assert len(server.asked) == 5
    shop = look.propose().shop.model_copy(update={"obey_robots": False, "delay_seconds": 0.0})
    assert len(crawl(shop, tmp_path, NOW, ignore_progress).items) == 9


def test_links_of_a_page_are_followed_if_there_is_no_sitemap(server: ShopServer, look: Exploration) -> None:
    server.routes = {
        "/women": home("/p/1", "/p/2", "/help", "?page=2"),
        "/p/1": Answer(product_page(shirt("1"))),
        "/p/2": Answer(product_page(shirt("2"))),
    }
    assert look.settings("/women") == {
        "kind": "structured",
        "start_urls": (f"{server.url}/women",),
        "listings": (r"[?&]page=\d+",),
        "follow": (r"/p/[^/?#]+/?$",),
    }


def test_page_of_a_product_leads_to_the_others(server: ShopServer, look: Exploration) -> None:
    urls = [f"{server.url}/{name}" for name in ("coat", "about", "shirt")]
    server.routes = {"/sitemap.xml": as_xml(sitemap(*urls)), "/shirt": Answer(product_page(shirt("1")))}
    assert look.settings("/shirt")["sitemap_urls"] == (f"{server.url}/sitemap.xml",)
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/shirt", "/sitemap.xml"]


def test_addresses_of_feeds_lists_and_searches_are_taken_as_they_are(server: ShopServer, look: Exploration) -> None:
    server.routes = {
        "/feed.xml": as_xml(FEED),
        "/browse": Answer(search_page({"7": dress(7)})),
        "/": home(head='<link rel="alternate" type="application/rss+xml" href="/feed.xml">'),
    }
    feed = {"kind": "feed", "feed": f"{server.url}/feed.xml"}
    assert look.settings("/feed.xml") == look.settings("/") == feed
    assert look.settings("/browse") == {"kind": "embedded_state", "start_urls": (f"{server.url}/browse",)}


def test_site_is_not_asked_for_what_it_refuses(server: ShopServer, look: Exploration) -> None:
    server.routes = {
        "/robots.txt": Answer("User-agent: *\nDisallow: /p/1\nDisallow: /sitemap.xml\n", kind="text/plain"),
        "/": home("/p/1", "/item/2", "http://elsewhere.example/product/3", "/goods/4"),
        "/item/2": Answer(product_page(shirt("2"), before='<meta name="robots" content="noindex">')),
    }
    with pytest.raises(InvalidInput, match=r"No product could be read .* ask the shop for a feed"):
        look.propose()
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/", "/item/2", "/goods/4"]
    assert f"{server.url}/item/2: it asks not to be indexed (noindex)." in look.lines
    assert f"{server.url}/sitemap.xml can't be read: robots.txt refuses it: ask the shop for permission." in look.lines


def test_few_requests_are_sent_to_a_site_without_products(server: ShopServer, look: Exploration) -> None:
    urls = [f"{server.url}/{folder}/{number}" for folder in "abcdefghijk" for number in range(40)]
    parts = [f"{server.url}/part-{number}.xml" for number in range(50)]
    server.routes = {"/": home(*urls), "/sitemap.xml": as_xml(sitemap_index(*parts))}
    server.routes |= {f"/part-{number}.xml": as_xml(sitemap(*urls)) for number in range(50)}
    with pytest.raises(InvalidInput, match="No product could be read"):
        look.propose()
    assert len(server.asked) <= 14
    assert len(look.waits) == len(server.asked) - 1


@pytest.mark.parametrize(
    "page",
    [
        Answer("<html>" + "<p>" * 500_001),
        Answer(b"\x00\xff" * 1_000, kind="image/png"),
        Answer("<html><title>Just a moment...</title></html>"),
        Answer(""),
        Answer("{}", kind="application/json"),
    ],
)
def test_pages_of_other_kinds_are_refused_with_a_reason(server: ShopServer, look: Exploration, page: Answer) -> None:
    server.routes = {"/": page, "/sitemap.xml": as_xml("<urlset>" + "<x/>" * 400_000)}
    with pytest.raises(InvalidInput, match="No product could be read"):
        look.propose()
    assert look.lines


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://127.0.0.1:99999/p/1", "javascript:1", "//", "mailto:x", "x" * 9_000, ""]
)
def test_addresses_that_are_not_valid_are_passed_over(server: ShopServer, look: Exploration, address: str) -> None:
    feed = f'<link rel="alternate" type="application/rss+xml" href="{address}">'
    server.routes = {
        "/": home("/p/1", "/p/2", address, head=f'<base href="{address}">{feed}'),
        "/robots.txt": Answer(f"Sitemap: {address}\nSitemap: {server.url}/index.xml\n", kind="text/plain"),
        "/index.xml": as_xml(sitemap_index(address, f"{server.url}/products.xml")),
        "/products.xml": as_xml(sitemap(address)),
        "/p/2": Answer(product_page(shirt("2"))),
    }
    assert look.settings()["follow"] == (r"/p/[^/?#]+/?$",)


def test_link_to_a_feed_never_leads_to_a_file(
    server: ShopServer, look: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "local:feed.xml").write_text(FEED)
    server.routes = {"/": home(head='<link rel="alternate" type="application/rss+xml" href="local:feed.xml">')}
    with pytest.raises(InvalidInput, match="No product could be read"):
        look.propose()


def test_page_of_a_product_that_nothing_leads_on_from_is_refused_with_a_reason(
    server: ShopServer, look: Exploration
) -> None:
    server.routes = {"/p/1": Answer(product_page(shirt("1")))}
    with pytest.raises(InvalidInput, match="shows a product, but neither a sitemap nor a link leads to others"):
        look.propose("/p/1")


def test_page_with_too_many_links_is_given_up(server: ShopServer, look: Exploration) -> None:
    server.routes = {"/": home(*["/p/1"] * 50_001)}
    with pytest.raises(InvalidInput, match="No product could be read"):
        look.propose()
    assert f"{server.url}/: it has too many links" in look.lines


def add_shop(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["catalog", "add-shop", *arguments], env={"COLUMNS": "200"})


def test_table_is_printed_and_appended(server: ShopServer, tmp_path: Path) -> None:
    server.routes = {"/feed.xml": as_xml(FEED)}
    file = tmp_path / "shops.toml"
    result = add_shop(f"{server.url}/feed.xml", "--name", "sund", "--write", str(file))
    assert (result.exit_code, read_shops(file)["sund"].feed) == (0, f"{server.url}/feed.xml")
    assert "50.00 USD" in result.stdout
    assert file.read_text() in result.stdout
    as_line = json.loads(add_shop(f"{server.url}/feed.xml", "--json").stdout.splitlines()[-1])
    assert as_line["shop"] == {"name": "127-0-0-1", "kind": "feed", "feed": f"{server.url}/feed.xml"}
    assert as_line["items"][0]["price"] == 50
    again = add_shop(f"{server.url}/feed.xml", "--name", "sund", "--write", str(file))
    assert (again.exit_code, "give another name with --name" in again.stderr) == (1, True)


def test_name_that_is_not_valid_is_an_error_before_the_site_is_asked(server: ShopServer) -> None:
    result = add_shop(server.url, "--name", "Ono Shop")
    assert (result.exit_code, "[shops.Ono Shop] name: " in result.stderr, server.asked) == (1, True, [])


def test_addresses_that_are_too_long_for_a_pattern_are_an_error(server: ShopServer, look: Exploration) -> None:
    deep = "/p" + "/folder" * 200 + "/1"
    server.routes = {"/": home(deep), deep: Answer(product_page(shirt("1")))}
    with pytest.raises(InvalidInput, match=r"\[shops.ono\] follow.0: "):
        look.propose()


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999/", "https://", "file:///etc/passwd"])
def test_address_that_is_not_valid_is_an_error(url: str) -> None:
    result = add_shop(url)
    assert (result.exit_code, "is not a valid http or https URL" in result.stderr) == (1, True)


def test_public_shop_is_not_asked_without_a_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOSETSPACE_CONTACT", raising=False)
    result = add_shop("www.ono-shop.example")
    assert (result.exit_code, "Set CLOSETSPACE_CONTACT" in result.stderr) == (1, True)
