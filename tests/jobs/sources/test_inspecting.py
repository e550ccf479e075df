"""``closetspace catalog inspect``: what it reads of files, folders and addresses, and what it says of the rest."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog_jobs.cli.app import app
from catalog_jobs.sources.settings import MAX_PAGE_BYTES
from tests.support.crawling import FEED
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
)
from tests.support.woocommerce_shop import simple

TABLE = "id,title,image_link\n1,Coat,https://a.example/1.jpg\n"


def inspect(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["catalog", "inspect", *map(str, arguments)], env={"COLUMNS": "200"})


def inspected(*arguments: object) -> dict[str, Any]:
    """Return the last line of standard output, parsed."""
    line: dict[str, Any] = json.loads(inspect(*arguments, "--json").stdout.splitlines()[-1])
    return line


def saved(folder: Path, content: str | bytes, name: str = "saved") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_item_has_every_field_and_absent_ones_are_null_or_empty(tmp_path: Path) -> None:
    page = saved(tmp_path, product_page(shirt("7")))
    assert inspected(page, "--base-url", "https://ono.example/p/7") == {
        "items": [
            {
                "id": "7",
                "group": None,
                "variant": "Navy",
                "name": "Linen shirt 7",
                "brand": "Ono",
                "price": 49.9,
                "list_price": None,
                "currency": "EUR",
                "available": True,
                "category": None,
                "gender": None,
                "colours": ["Navy"],
                "sizes": [],
                "url": "https://ono.example/p/7",
                "image_urls": ["https://ono.example/pictures/7.jpg"],
            }
        ],
        "left_out": {},
        "trouble": "",
    }


@pytest.mark.parametrize(
    ("content", "kind", "first"),
    [
        (product_page(shirt("7", image="https://a.example/7.jpg")), "structured", "7"),
        ("\ufeff\n<!-- saved --><HTML>" + product_page(shirt("7", image="https://a.example/7.jpg")), "structured", "7"),
        ("<div></div>" + product_page(shirt("7", image="https://a.example/7.jpg")), "structured", "7"),
        (product_page(shirt("7", image="https://a.example/7.jpg")).encode("utf-16"), "structured", "7"),
        (search_page({"7": dress(7)}), "embedded_state", "7-70"),
        (json.dumps({"products": [listed_product(7)]}), "shopify", "7-black"),
        (json.dumps([simple(7)]), "woocommerce", "7"),
        (FEED, "feed", "1"),
        (TABLE, "feed", "1"),
    ],
)
def test_kind_is_found_from_the_content(tmp_path: Path, content: str | bytes, kind: str, first: str) -> None:
    path = saved(tmp_path, content)
    assert f"Read as {kind}, " in inspect(path).stderr
    assert inspected(path)["items"][0]["id"] == inspected(path, "--kind", kind)["items"][0]["id"] == first


def test_feed_larger_than_a_page_is_read_as_a_feed(tmp_path: Path) -> None:
    path = saved(tmp_path, TABLE + f"2,{'x' * 500_000},\n" * (MAX_PAGE_BYTES // 500_000 + 1))
    assert [item["id"] for item in inspected(path)["items"]] == ["1"]
    assert "too many for a page" in inspected(path, "--kind", "structured")["trouble"]


def test_folder_is_read(drawn_catalog: Path) -> None:
    found = inspected(drawn_catalog)
    assert len(found["items"]) > 10
    assert found["items"] == inspected(drawn_catalog, "--kind", "folder")["items"]


def test_table_shows_prices_stock_and_pictures(tmp_path: Path) -> None:
    sold_out = {"@type": "Offer", "price": "5", "availability": "https://schema.org/SoldOut"}
    path = saved(tmp_path, product_page(shirt("7", image="https://a.example/7.jpg", offers=sold_out)))
    result = inspect(path, "--currency", "GBP")
    assert result.exit_code == 0
    assert "5.00 GBP, sold out" in result.stdout
    assert "https://a.example/7.jpg" in result.stdout


def test_table_shows_as_many_decimals_as_the_currency_has(tmp_path: Path) -> None:
    header = "id,title,image_link,price,sale_price\n"
    path = saved(tmp_path, f"{header}1,Coat,https://a.example/1.jpg,12.500 KWD,9.250 KWD\n", "feed.csv")
    assert "9.250 KWD (from 12.500)" in " ".join(inspect(path).stdout.split())


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        ("<html></html>", "structured", "it shows no product"),
        (
            "<html></html>",
            "auto",
            "as structured, it shows no product; as embedded_state, there is no",
        ),
        ("<html><title>Just a moment...</title></html>", "structured", "it is a challenge (captcha)"),
        ("<html>" + "<p>" * 500_001, "structured", "it has too many elements"),
        ("<!---->" * 5_000 + "x", "auto", "is no product feed"),
        ("<urlset/>", "auto", "is no product feed: its XML begins with <urlset>"),
        ("", "auto", "is no product feed"),
        ("{}", "shopify", "it has no list of products"),
        ('{"products": []}', "shopify", "it has no products"),
        ("<html></html>", "shopfy", "There is no kind shopfy: there are auto, structured"),
    ],
)
def test_reason_is_given_if_nothing_can_be_read(tmp_path: Path, content: str, kind: str, reason: str) -> None:
    path = saved(tmp_path, content)
    result = inspect(path, "--kind", kind, "--json")
    assert result.exit_code == 1
    assert reason in json.loads(result.stdout)["trouble"]
    assert reason in result.stderr


def test_source_is_read_as_a_shop_is_configured(tmp_path: Path) -> None:
    shops = saved(
        tmp_path,
        """
        [shops.ono]
        kind = "feed"
        feed = "feed.csv"
        currency = "GBP"
        columns = {title = "Bezeichnung"}

        [shops.vela]
        kind = "embedded_state"
        start_urls = ["https://vela.example"]
        state = "RESULTS"
        """,
        "shops.toml",
    )
    table = saved(tmp_path, "id,Bezeichnung,image_link,price\n1,Coat,https://a.example/1.jpg,5.00\n", "feed.csv")
    [item] = inspected(table, "--shop", "ono", "--shops", shops)["items"]
    assert (item["id"], item["name"], item["currency"]) == ("ono:1", "Coat", "GBP")
    page = saved(tmp_path, search_page({"7": dress(7)}, name="RESULTS"))
    assert inspected(page, "--shop", "vela", "--shops", shops)["items"][0]["id"] == "vela:7-70"
    assert "has no shop sund: it has ono, vela" in inspected(page, "--shop", "sund", "--shops", shops)["trouble"]


def test_products_that_are_left_out_are_counted(tmp_path: Path) -> None:
    path = saved(tmp_path, product_page([shirt("7"), shirt("8", name=""), shirt("9", image="https://a.example/9.jpg")]))
    found = inspected(path)
    assert [item["id"] for item in found["items"]] == ["9"]
    assert found["left_out"] == {"image_urls: it has no image": 1, "a product has no name": 1}


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    for kind in ("auto", "structured", "feed", "folder"):
        result = inspect(tmp_path / "missing", "--kind", kind)
        assert (result.exit_code, result.stderr.startswith("error: ")) == (1, True)


def test_address_is_read_once_robots_txt_allows_it(server: ShopServer) -> None:
    server.routes = {
        "/robots.txt": Answer("User-agent: *\nDisallow: /private\n", kind="text/plain"),
        "/p/1": Answer(product_page(shirt("1"))),
        "/moved": Answer("", 301, {"Location": "/private/1"}),
        "/out": Answer("", 301, {"Location": "http://elsewhere.example/p/1"}),
        "/feed.xml": as_xml(FEED),
        "/products.json": as_json({"products": [listed_product(7)]}),
    }
    assert inspected(f"{server.url}/p/1")["items"][0]["image_urls"] == [f"{server.url}/pictures/1.jpg"]
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/p/1"]
    assert inspected(f"{server.url}/feed.xml")["items"][0]["price"] == 50
    assert inspected(f"{server.url}/products.json")["items"][0]["name"] == "Coat 7"
    server.routes["/busy"] = Answer("", 503)
    assert (
        "/busy can't be read now, try again later: 127.0.0.1 answered 503."
        in inspected(f"{server.url}/busy")["trouble"]
    )
    for path in ("/private/1", "/moved"):
        assert "robots.txt refuses it" in inspected(server.url + path)["trouble"]
    assert "leads out of 127.0.0.1" in inspected(f"{server.url}/out")["trouble"]
    assert "answered 404" in inspected(f"{server.url}/gone")["trouble"]
    assert server.times_asked("/private/1") == 0


@pytest.mark.parametrize("kind", ["auto", "feed", "structured"])
@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999/"])
def test_address_that_is_not_valid_is_an_error(url: str, kind: str) -> None:
    assert "alid http or https URL" in inspected(url, "--kind", kind)["trouble"]


def test_address_is_not_read_if_robots_txt_asks_for_long_waits(server: ShopServer) -> None:
    server.routes = {
        "/robots.txt": Answer("User-agent: *\nCrawl-delay: 31536000\n", kind="text/plain"),
        "/p/1": Answer(product_page(shirt("1"))),
    }
    trouble = inspected(f"{server.url}/p/1")["trouble"]
    assert "its robots.txt asks for more than five minutes between two requests: ask the shop" in trouble
    assert server.times_asked("/p/1") == 0


def test_address_that_is_not_public_is_refused(server: ShopServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOSETSPACE_PRIVATE_HOSTS")
    assert "not a host on the public internet" in inspected(f"{server.url}/p/1")["trouble"]
    assert server.asked == []
