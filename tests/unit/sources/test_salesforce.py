"""The tiles that a Salesforce Commerce shop adds to a category."""

import pytest
from scrapy.http import HtmlResponse, Response

from catalog_jobs.sources.parsers.salesforce import grid_url, product_urls

URL = "https://ono.example/on/demandware.store/Sites-ono-Site/en/Search-UpdateGrid?cgid=women"


def test_tiles_that_follow_are_asked_for_by_their_number() -> None:
    assert grid_url(f"{URL}&start=0&sz=12", 96) == f"{URL}&start=96&sz=48"


@pytest.mark.parametrize(
    ("tile", "urls"),
    [
        ('<div data-pid="1"><a href="#"></a><a href="/coat.html?dwvar_1_color=RED#top">Coat</a></div>', ["/coat.html"]),
        ('<div data-pid="1"><a href="/on/demandware.store/Wishlist-Add"></a></div>', []),
        ('<div data-pid="1"><a>Coat</a></div><div><a href="/help">Help</a></div>', []),
        ('<div data-pid="1"><a href="/a"></a></div><div data-pid="2"><a href="/a"></a></div>', ["/a"]),
        ('<div data-pid="1"><a href="http://[::1"></a><a href="/b">', ["/b"]),
        ("", []),
    ],
)
def test_product_of_a_tile_is_its_first_link_to_a_page(tile: str, urls: list[str]) -> None:
    found = product_urls(HtmlResponse(URL, body=tile.encode(), encoding="utf-8"))
    assert [url.removeprefix("https://ono.example").partition("?")[0] for url in found] == urls


def test_answer_without_text_has_no_tiles() -> None:
    assert product_urls(Response(URL, body=b"\0")) == []
