"""The spider of Shopify's shops."""

from collections.abc import Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.sources.parsers.shopify import list_url, read_list
from catalog_jobs.sources.spiders.base import CallbackResult, ShopSpider
from catalog_jobs.sources.spiders.repetition import unless_repeated


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
        page = self.parse_page(response, unless_repeated(read_list, previous))
        yield from self.usable_products(page)
        if page.products and not self.collector.is_full:
            following: dict[str, Any] = {"start": start, "number": number + 1, "previous": page.product_ids}
            yield from self.request_page(list_url(start, number + 1), self.parse_list, listing=True, **following)
