"""The spiders, one a kind of shop: what to ask next. How to read an answer is their parsers'."""

import re
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from scrapy import Request
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import LinkExtractor
from scrapy.utils.sitemap import Sitemap, sitemap_urls_from_robots
from w3lib.url import add_or_replace_parameter

from catalog_jobs.sources.items import joined
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.parsers.page import Page
from catalog_jobs.sources.parsers.shopify import list_address, read_list
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.settings import LARGEST_LIST
from catalog_jobs.sources.spiders.base import Outcome, ShopSpider

REPEATS = "it repeats an earlier page"


class StructuredSpider(ShopSpider):
    """Product pages found through sitemaps and through links from the start pages."""

    def first_requests(self) -> Iterator[Request]:
        """The start pages and the sitemaps."""
        for url in self.shop.start_urls:
            yield from self.ask(url, self.read_start, listing=True)
        for url in self.shop.sitemap_urls:
            yield from self.ask(url, self.read_sitemap, listing=True)

    def read_product(self, response: Response) -> Outcome:
        """One page of a product."""
        yield from self.products(self.read(response, read_product_page))

    def read_start(self, response: Response) -> Outcome:
        """A page of links, which may itself be of a product."""
        links, lists = self._links(response, self.shop.follow), self._links(response, self.shop.listings)
        if not links and not lists:
            yield from self.read_product(response)
            return
        self.settle_read(response)
        for url in lists:
            yield from self.ask(url, self.read_start, listing=True)
        for url in links:
            yield from self.ask(url, self.read_product)

    def read_sitemap(self, response: Response) -> Outcome:
        """A sitemap, an index of sitemaps, or robots.txt, which names them."""
        kind, addresses = read_sitemap(response.body, response.url)
        if not kind:
            self.unreadable(response, "it is no sitemap, and names none")
            return
        self.settle_read(response)
        for url in addresses:
            if kind == "sitemapindex":
                yield from self.ask(url, self.read_sitemap, listing=True)
            elif not self.shop.follow or any(re.search(pattern, url) for pattern in self.shop.follow):
                yield from self.ask(url, self.read_product)

    def _links(self, response: Response, patterns: tuple[str, ...]) -> list[str]:
        if not patterns or not isinstance(response, TextResponse):
            return []
        links = LinkExtractor(allow=patterns).extract_links(response)
        return [link.url for link in links if self.is_inside(link.url)]


class EmbeddedStateSpider(ShopSpider):
    """Search pages, as many as the first says there are."""

    def first_requests(self) -> Iterator[Request]:
        """The first page of every search."""
        for url in self.shop.start_urls:
            yield from self.ask(url, self.read_search, listing=True, search=url)

    def read_search(self, response: Response, search: str, first: frozenset[str] | None = None) -> Outcome:
        """One page; the first asks for all others. ``first`` are the products of the first page."""
        page = self.read(response, partial(_unrepeated_search, self.shop.state, self.shop.results_path, first))
        yield from self.products(page)
        if first is not None or page.unreadable:
            return
        # One more than may be asked for, so that it is counted that there are more.
        for number in range(2, min(page.pages, self.shop.max_pages + 1) + 1):
            url = add_or_replace_parameter(search, self.shop.page_parameter, str(number))
            yield from self.ask(url, self.read_search, listing=True, search=search, first=page.products)


class ShopifySpider(ShopSpider):
    """The shop's own list, page by page until one is empty."""

    def first_requests(self) -> Iterator[Request]:
        """The first page of every list."""
        for url in self.shop.start_urls:
            yield from self.ask(list_address(url, 1), self.read_list, listing=True, start=url, number=1)

    def read_list(self, response: Response, start: str, number: int, last: frozenset[str] = frozenset()) -> Outcome:
        """One page, then the next. ``last`` are the products of the page before."""
        page = self.read(response, partial(_unrepeated_list, last))
        yield from self.products(page)
        if page.found and not self.gathering.full:
            following = {"start": start, "number": number + 1, "last": page.products}
            yield from self.ask(list_address(start, number + 1), self.read_list, listing=True, **following)


def _unrepeated_search(name: str, path: str, first: frozenset[str] | None, text: str, url: str) -> Page:
    page = read_search_page(text, url, name, path)
    return Page(unreadable=REPEATS) if page.products and page.products == first else page


def _unrepeated_list(last: frozenset[str], text: str, url: str) -> Page:
    page = read_list(text, url)
    return Page(unreadable=REPEATS) if page.products and page.products == last else page


SPIDERS: dict[str, type[ShopSpider]] = {
    "structured": StructuredSpider,
    "embedded_state": EmbeddedStateSpider,
    "shopify": ShopifySpider,
}


def read_sitemap(body: bytes, url: str) -> tuple[str, Iterator[str]]:
    """What it is (``sitemapindex``, ``urlset`` or nothing of the kind) and the addresses in it."""
    if url.endswith("/robots.txt"):
        named = list(sitemap_urls_from_robots(body, base_url=url))
        return "sitemapindex" if named else "", iter(named)
    if body.startswith(b"\x1f\x8b"):
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, LARGEST_LIST)
        except zlib.error:
            return "", iter(())
    try:
        sitemap = Sitemap(body)
    except (etree.XMLSyntaxError, StopIteration):
        return "", iter(())
    known: Any = sitemap.type if sitemap.type in ("sitemapindex", "urlset") else ""
    return known, (joined(url, entry["loc"]) for entry in sitemap if entry.get("loc"))
