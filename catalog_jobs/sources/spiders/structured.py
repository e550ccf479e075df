"""The spider of shops with schema.org data on their product pages."""

import re
from collections.abc import Iterator
from functools import partial

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.sources.fetch_failures import NOT_FOLLOWED
from catalog_jobs.sources.page_links import links_of, unreadable_links
from catalog_jobs.sources.page_reading import Parser
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.robots import NOFOLLOW
from catalog_jobs.sources.spiders.base import CallbackResult
from catalog_jobs.sources.spiders.sitemaps import SitemapSpider

LINKS_NOT_FOLLOWED = "link: the shop asks not to follow it (nofollow)"


class StructuredSpider(SitemapSpider):
    """Reads product pages that sitemaps and start pages link to."""

    @property
    def parser(self) -> Parser:
        """The parser of a product page."""
        return partial(read_product_page, currency=self.shop.currency, now=self.context.now)

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the start pages and the sitemaps."""
        for url in self.shop.start_urls:
            yield from self.request_page(url, self.parse_start, listing=True)
        for url in self.shop.sitemap_urls:
            yield from self.request_sitemap(url)

    def on_named_page(self, url: str) -> Iterator[Request]:
        """Request the page if it is one of a product."""
        if not self.shop.follow or any(re.search(pattern, url) for pattern in self.shop.follow):
            yield from self.request_page(url, self.parse_product)

    def parse_product(self, response: Response) -> CallbackResult:
        """Yield the products of a product page."""
        yield from self.usable_products(self.parse_page(response, self.parser))

    def parse_start(self, response: Response) -> CallbackResult:
        """Follow the links of a start page. A page without links to follow is read as a product page."""
        if reason := unreadable_links(response):
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

    def _links(self, response: Response, patterns: tuple[str, ...]) -> list[str]:
        if not patterns:
            return []
        links = [link for link in links_of(response, patterns) if self.is_shop_url(link.url)]
        followed = [link.url for link in links if not (link.nofollow and self.shop.obey_robots)]
        if len(followed) < len(links):
            self.collector.left_out[LINKS_NOT_FOLLOWED] += len(links) - len(followed)
        return followed
