"""The spider of Magento's shops (Adobe Commerce)."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.sources.page_reading import response_text, unless_empty
from catalog_jobs.sources.parsers.magento import PAGE_SIZE, PriceRange, has_errors, query_url, read_products, total_of
from catalog_jobs.sources.spiders.base import CallbackResult, CrawlContext, ShopSpider
from catalog_jobs.sources.spiders.repetition import SeenProducts

MAX_RESULTS = 10_000
"""Products of a query that Magento's search engine answers, unless a shop has set it otherwise."""

NOT_LISTED = "page: it is beyond the 10,000 products of one price that Magento lists"

WITH_ERRORS = "page: its GraphQL reports errors (what they concern is missing)"


class MagentoSpider(ShopSpider):
    """Asks GraphQL for all products, page by page; if they are too many, for those in ranges of prices."""

    def __init__(self, context: CrawlContext) -> None:
        super().__init__(context)
        self._seen = SeenProducts()

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the first page of every shop."""
        for url in self.shop.start_urls:
            yield from self._request(url, 1, PriceRange())

    def make_request(self, url: str, **options: Any) -> Request:
        """Build a request for the configured store view."""
        headers = {"headers": {"Store": self.shop.store_view}} if self.shop.store_view else {}
        return super().make_request(url, **options, **headers)

    def parse_products(self, response: Response, start: str, number: int, prices: PriceRange) -> CallbackResult:
        """Yield a page's products; the first page also requests all others."""
        parser = self.seen_pages.checked(partial(read_products, currency=self.shop.currency), (start, prices))
        page = self.parse_page(response, unless_empty(parser) if number > 1 else parser)
        if has_errors(text := response_text(response)) and not page.unreadable:
            self.collector.left_out[WITH_ERRORS] += 1
        yield from self.usable_products(self._seen.unseen(page))
        if number > 1 or page.unreadable:
            return
        has_too_many = total_of(text) > MAX_RESULTS
        if has_too_many and (halves := prices.halves()):
            for half in halves:
                yield from self._request(start, 1, half)
            return
        if has_too_many:
            self.collector.left_out[NOT_LISTED] += 1
        # One more than max_pages, so that the excess is counted.
        for number in range(2, min(page.pages, MAX_RESULTS // PAGE_SIZE, self.shop.max_pages + 1) + 1):
            yield from self._request(start, number, prices)

    def _request(self, start: str, number: int, prices: PriceRange) -> Iterator[Request]:
        url = query_url(start, number, prices)
        yield from self.request_page(url, self.parse_products, listing=True, start=start, number=number, prices=prices)
