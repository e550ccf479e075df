"""The spiders, one for each kind of shop. They choose the requests; parsers read the responses."""

import re
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

from scrapy import Request
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import LinkExtractor
from scrapy.utils.sitemap import sitemap_urls_from_robots
from w3lib.url import add_or_replace_parameter

from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml, local_name
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.parsers.shopify import list_url, read_list
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.parsers.values import absolute_url
from catalog_jobs.sources.robots import NOFOLLOW
from catalog_jobs.sources.settings import MAX_SITEMAP_BYTES
from catalog_jobs.sources.spiders.base import (
    TOO_COMPLEX,
    CallbackResult,
    Parser,
    ShopSpider,
    is_too_complex,
    response_text,
)
from catalog_jobs.sources.stats import NOT_FOLLOWED

LINKS_NOT_FOLLOWED = "link: the shop asks not to follow it (nofollow)"
REPEATED = "it repeats an earlier page"
TOO_MANY_LINKS = "it has too many links"

MAX_LINKS = 50_000
"""Links of a page, each of which takes 40 microseconds twice."""

MAX_SITEMAP_ENTRIES = 500_000
"""Ten times what sitemaps may have."""

MAX_ENTRY_BYTES = 1_000_000
"""Bytes of a sitemap from one URL to the next, in which it may have images, translations and videos."""


class StructuredSpider(ShopSpider):
    """Reads product pages that sitemaps and start pages link to."""

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the start pages and the sitemaps."""
        for url in self.shop.start_urls:
            yield from self.request_page(url, self.parse_start, listing=True)
        for url in self.shop.sitemap_urls:
            yield from self.request_page(url, self.parse_sitemap, listing=True, max_bytes=MAX_SITEMAP_BYTES)

    def parse_product(self, response: Response) -> CallbackResult:
        """Yield the products of a product page."""
        yield from self.usable_products(self.parse_page(response, read_product_page))

    def parse_start(self, response: Response) -> CallbackResult:
        """Follow the links of a start page. A page without links to follow is read as a product page."""
        if reason := _unreadable_links(response):
            self.count_unreadable(response, reason)
            return
        products, listings = self._links(response, self.shop.follow), self._links(response, self.shop.listings)
        if not products and not listings:
            yield from self.parse_product(response)
            return
        if self.is_asked(NOFOLLOW, response):
            self.count_refused(response, NOT_FOLLOWED)
            return
        self.count_read(response)
        for url in listings:
            yield from self.request_page(url, self.parse_start, listing=True)
        for url in products:
            yield from self.request_page(url, self.parse_product)

    def parse_sitemap(self, response: Response) -> CallbackResult:
        """Follow the URLs of a sitemap, of an index of sitemaps, or of robots.txt."""
        kind, urls = read_sitemap(response.body, response.url)
        if not kind:
            self.count_unreadable(response, "it is no sitemap, and names none")
            return
        self.count_read(response)
        for url in urls:
            if kind == "sitemapindex":
                yield from self.request_page(url, self.parse_sitemap, listing=True, max_bytes=MAX_SITEMAP_BYTES)
            elif not self.shop.follow or any(re.search(pattern, url) for pattern in self.shop.follow):
                yield from self.request_page(url, self.parse_product)

    def _links(self, response: Response, patterns: tuple[str, ...]) -> list[str]:
        if not patterns or not isinstance(response, TextResponse):
            return []
        links = [link for link in LinkExtractor(allow=patterns).extract_links(response) if self.is_shop_url(link.url)]
        followed = [link.url for link in links if not (link.nofollow and self.shop.obey_robots)]
        if len(followed) < len(links):
            self.collector.left_out[LINKS_NOT_FOLLOWED] += len(links) - len(followed)
        return followed


class EmbeddedStateSpider(ShopSpider):
    """Reads all pages of searches; the first page says how many there are."""

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the first page of every search."""
        for url in self.shop.start_urls:
            yield from self.request_page(url, self.parse_search, listing=True, search=url)

    def parse_search(self, response: Response, search: str, first: frozenset[str] | None = None) -> CallbackResult:
        """Yield a page's products; the first page also requests all others. ``first`` are the first page's ids."""
        parser = partial(read_search_page, name=self.shop.state, path=self.shop.results_path)
        page = self.parse_page(response, _unless_repeated(parser, first))
        yield from self.usable_products(page)
        if first is not None or page.unreadable:
            return
        # One more than max_pages, so that the excess is counted.
        for number in range(2, min(page.pages, self.shop.max_pages + 1) + 1):
            url = add_or_replace_parameter(search, self.shop.page_parameter, str(number))
            yield from self.request_page(url, self.parse_search, listing=True, search=search, first=page.product_ids)


class ShopifySpider(ShopSpider):
    """Reads Shopify's product lists page by page, until a page is empty."""

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the first page of every list."""
        for url in self.shop.start_urls:
            yield from self.request_page(list_url(url, 1), self.parse_list, listing=True, start=url, number=1)

    def parse_list(
        self, response: Response, start: str, number: int, previous: frozenset[str] | None = None
    ) -> CallbackResult:
        """Yield a page's products and request the next page. ``previous`` are the ids of the page before."""
        page = self.parse_page(response, _unless_repeated(read_list, previous))
        yield from self.usable_products(page)
        if page.products and not self.collector.is_full:
            following: dict[str, Any] = {"start": start, "number": number + 1, "previous": page.product_ids}
            yield from self.request_page(list_url(start, number + 1), self.parse_list, listing=True, **following)


def _unreadable_links(response: Response) -> str:
    """Return why the links of a page are not read, ``""`` if they are."""
    if is_too_complex(response_text(response)):
        return TOO_COMPLEX
    is_html = isinstance(response, TextResponse)
    return TOO_MANY_LINKS if is_html and response.xpath(f"count(//a|//area) > {MAX_LINKS}").get() == "1" else ""


def _unless_repeated(parser: Parser, earlier: frozenset[str] | None) -> Parser:
    """Return a parser that finds pages unreadable if they have the same products as an earlier page."""

    def parse(text: str, url: str) -> Page:
        page = parser(text, url)
        return Page(unreadable=REPEATED) if page.product_ids and page.product_ids == earlier else page

    return parse


SPIDERS: dict[str, type[ShopSpider]] = {
    "structured": StructuredSpider,
    "embedded_state": EmbeddedStateSpider,
    "shopify": ShopifySpider,
}


def read_sitemap(body: bytes, url: str) -> tuple[str, Iterator[str]]:
    """Return the kind of a sitemap (``sitemapindex``, ``urlset``, ``""`` if it is neither) and its URLs."""
    if url.endswith("/robots.txt"):
        named = list(sitemap_urls_from_robots(body, base_url=url))
        return "sitemapindex" if named else "", iter(named)
    if body.startswith(b"\x1f\x8b"):
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, MAX_SITEMAP_BYTES)
        except zlib.error:
            return "", iter(())
    try:
        # Broken XML is common: URLs with an unescaped "&".
        sitemap = BoundedXml(BytesIO(body), ("url", "sitemap"), MAX_ENTRY_BYTES, recover=True)
    except BrokenXml:
        return "", iter(())
    kind = sitemap.root if sitemap.root in ("sitemapindex", "urlset") else ""
    return kind, (absolute_url(url, location) for location in _locations(sitemap))


def _locations(sitemap: BoundedXml) -> Iterator[str]:
    for number, entry in enumerate(sitemap):
        if number == MAX_SITEMAP_ENTRIES:
            raise BrokenXml(f"it has more than {MAX_SITEMAP_ENTRIES:,} entries")
        location = next((child.text or "" for child in entry if local_name(child) == "loc"), "").strip()
        if location:
            yield location
