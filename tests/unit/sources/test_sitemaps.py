"""Sitemaps: all of their URLs are read, or it is said that some are missing."""

import gzip
from functools import partial

import pytest

from catalog_jobs.sources.bounded_xml import BrokenXml
from catalog_jobs.sources.parsers import sitemaps
from catalog_jobs.sources.parsers.sitemaps import CUT_OFF, read_sitemap
from tests.support.shop_server import sitemap, sitemap_index

URL = "https://ono.example/sitemap.xml"
NAMED = [f"https://ono.example/p/{number}" for number in range(9)]
WHOLE = sitemap(*NAMED).encode()
# Without the time in the header: every worker that runs tests has to find the same ones.
pack = partial(gzip.compress, mtime=0)
PACKED = pack(WHOLE)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        WHOLE + b"\n<!-- made in 0.2 s -->\n",
        WHOLE.replace(b"</lastmod>", b"</lasmod>", 1),
        WHOLE.replace(b"urlset", b"s:urlset").replace(b"xmlns", b"xmlns:s"),
        WHOLE.decode().replace('"?>', '" encoding="utf-16"?>').encode("utf-16"),
        PACKED,
        PACKED[:-1] + b"x",
        pack(WHOLE[:200]) + pack(WHOLE[200:]),
    ],
)
def test_whole_sitemap_is_read(body: bytes) -> None:
    kind, urls = read_sitemap(body, URL)
    assert (kind, list(urls)) == ("urlset", NAMED)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE[: len(WHOLE) // 2],
        WHOLE[: WHOLE.rindex(b"</urlset")],
        PACKED[: len(PACKED) * 3 // 4],
        pack(WHOLE[:400]),
        sitemap_index(*NAMED).encode()[:-20],
    ],
)
def test_sitemap_that_breaks_off_is_noticed_behind_its_urls(body: bytes) -> None:
    _, urls = read_sitemap(body, URL)
    assert next(urls) == NAMED[0]
    with pytest.raises(BrokenXml, match=CUT_OFF):
        list(urls)


def test_sitemap_that_unpacks_to_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_SITEMAP_BYTES", 500)
    with pytest.raises(BrokenXml, match="unpacks to more than 500 bytes"):
        read_sitemap(PACKED, URL)


@pytest.mark.parametrize("body", [b"<urlset/>", b'<sitemapindex xmlns="x" />', b"<urlset></urlset>"])
def test_empty_sitemap_is_one(body: bytes) -> None:
    kind, urls = read_sitemap(body, URL)
    assert (bool(kind), list(urls)) == (True, [])


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\x1f\x8bx", b"{}", pack(b"<html/>")])
def test_other_content_is_no_sitemap(body: bytes) -> None:
    assert read_sitemap(body, URL)[0] == ""


def test_sitemaps_of_robots_txt_are_absolute_and_need_not_be_valid() -> None:
    body = b"Sitemap: /a.xml\nSitemap: http://[::1\nSitemap: https://ono.example/b.xml\n"
    kind, urls = read_sitemap(body, "https://ono.example/robots.txt")
    assert (kind, list(urls)) == (
        "sitemapindex",
        ["https://ono.example/a.xml", "http://[::1", "https://ono.example/b.xml"],
    )
