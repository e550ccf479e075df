"""The spider of Shopify's shops."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response

from catalog_jobs.sources.items import MAX_ITEMS
from catalog_jobs.sources.page_reading import response_text
from catalog_jobs.sources.parsers.shopify import PAGE_SIZE
from catalog_jobs.sources.parsers.shopify_collections import (
    Collection,
    collections_url,
    handle_of,
    ids_in_order,
    is_sitemap_of_products,
    list_url_since,
    read_collections,
    sitemap_url,
)
from catalog_jobs.sources.parsers.shopify_product import product_url, read_product
from catalog_jobs.sources.spiders.base import CallbackResult, CrawlContext, ignore_absence
from catalog_jobs.sources.spiders.shopify_lists import LAST_PAGE, ShopifyLists
from catalog_jobs.sources.spiders.sitemaps import SitemapSpider

NOT_LISTED = "page: it is beyond the 25,000 products that Shopify lists"
"""The reason where nothing leads to the rest. No setting would help, so it is no failure."""

BATCH = 1_000
"""Requests that are made at once. Each takes 2 KB, and a sitemap may name 500,000 products."""


class ShopifySpider(ShopifyLists, SitemapSpider):
    """Reads a shop's lists, and what they do not show.

    If the shop has more products than a list shows, the spider reads them in the order of their ids. If the shop does
    not answer in that order, it compares the sitemap with what it has read, then reads collections, then each product
    that is still missing.
    """

    needs_sitemaps = False

    def __init__(self, context: CrawlContext) -> None:
        super().__init__(context)
        self._named: set[str] = set()
        self._collections: list[Collection] = []
        self._stages: list[Iterator[Request]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        """Build the spider; Scrapy calls it."""
        spider = super().from_crawler(crawler, *args, **arguments)
        crawler.signals.connect(spider.on_idle, signals.spider_idle)
        return spider

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the first page of every list."""
        for url in self.shop.start_urls:
            yield from self.request_list(url)

    def on_end_of_list(self, request: Request) -> CallbackResult:
        """Read the rest of the shop; of a collection, nothing leads to the rest."""
        start, is_collection = request.cb_kwargs["start"], "/collections/" in request.cb_kwargs["start"]
        if not is_collection and not self.root:
            self.root = start
            yield from self._request_since(0)
        elif not is_collection or not self.root:
            self.collector.left_out[NOT_LISTED] += 1

    def parse_since(self, response: Response, last_id: int) -> CallbackResult:
        """Yield a page's products and request those with higher ids, if the shop answers in that order."""
        page = self.parse_page(response, self.parser)
        ids = ids_in_order(page)
        if ids is None or not (ids[0] > last_id if ids else last_id > 0):
            yield from self.read_otherwise()
            return
        yield from self.new_products(page)
        if ids and not self.collector.is_full:
            yield from self._request_since(ids[-1])

    def _request_since(self, last_id: int) -> Iterator[Request]:
        url = list_url_since(self.root, last_id)
        yield from self.request_page(
            url, self.parse_since, listing=True, if_absent=self.read_otherwise, last_id=last_id
        )

    def read_otherwise(self, _request: Request | None = None) -> Iterator[Request]:
        """Request what names the shop's products and collections; `on_idle` then requests those."""
        self._stages = [self._from_collections(), self._one_by_one()]
        yield from self.request_sitemap(sitemap_url(self.root))
        yield from self._request_collections(1)

    def on_idle(self) -> None:
        """Request a batch of the next stage that has any; Scrapy calls it if nothing is left to request."""
        while self._stages and not self.collector.is_full:
            batch = list(islice(self._stages[0], BATCH))
            if not batch:
                del self._stages[0]
                continue
            for request in batch:
                self.crawler.engine.crawl(request)
            raise DontCloseSpider

    def leads_to_products(self, sitemap: str) -> bool:
        """Return whether a sitemap is one of products: others have pages, collections and posts."""
        return is_sitemap_of_products(sitemap)

    def on_named_page(self, url: str) -> Iterator[Request]:
        """Note a product; those that no list had are requested last."""
        if (handle := handle_of(url)) and len(self._named) < MAX_ITEMS:
            self._named.add(handle)
        return iter(())

    def parse_collections(self, response: Response, number: int) -> CallbackResult:
        """Note the collections of a page of their list, and request the next page."""
        collections = read_collections(response_text(response), self.root)
        if collections is None:
            self.count_unreadable(response, "it has no list of collections")
            return
        self.count_read(response)
        self._collections += collections
        if collections and number < LAST_PAGE:
            yield from self._request_collections(number + 1)

    def parse_product(self, response: Response) -> CallbackResult:
        """Yield the looks of a product."""
        yield from self.new_products(self.parse_page(response, partial(read_product, currency=self.shop.currency)))

    def _request_collections(self, number: int) -> Iterator[Request]:
        url = collections_url(self.root, number)
        yield from self.request_page(url, self.parse_collections, listing=True, if_absent=ignore_absence, number=number)

    def _from_collections(self) -> Iterator[Request]:
        """Yield requests for all collections, unless it takes fewer to read what is missing one by one."""
        pages = sum(-(-collection.products // PAGE_SIZE) for collection in self._collections)
        if not self._named or len(self._named - self.handles) > pages:
            for collection in self._collections:
                yield from self.request_list(collection.url)

    def _one_by_one(self) -> Iterator[Request]:
        """Yield requests for the products that the sitemap names and no list had."""
        if not self._named:
            self.collector.left_out[NOT_LISTED] += 1
        for handle in sorted(self._named - self.handles):
            yield from self.request_page(product_url(self.root, handle), self.parse_product)
