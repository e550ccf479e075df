"""The spider of Salesforce Commerce's shops (Demandware)."""

from collections.abc import Iterator
from urllib.parse import urljoin

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.sources.page_links import unreadable_links
from catalog_jobs.sources.parsers.salesforce import GRID, PAGE_SIZE, grid_url, product_urls
from catalog_jobs.sources.spiders.base import CallbackResult
from catalog_jobs.sources.spiders.repetition import REPEATED
from catalog_jobs.sources.spiders.structured import StructuredSpider


class SalesforceSpider(StructuredSpider):
    """Reads the product pages that the sitemap names, or those in the tiles of categories."""

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the sitemap of every shop and the first tiles of every category."""
        for url in self.shop.start_urls:
            if GRID in url:
                yield from self._request_grid(url, 0)
            else:
                yield from self.request_sitemap(urljoin(url, "/sitemap_index.xml"))

    def leads_to_products(self, sitemap: str) -> bool:
        """Return whether a sitemap is one of products: others have categories, content and images."""
        return "-product" in sitemap

    def parse_grid(self, response: Response, start: str, first: int) -> CallbackResult:
        """Request the products of some tiles, and the tiles that follow."""
        if reason := unreadable_links(response):
            self.count_unreadable(response, reason)
            return
        products = frozenset(url for url in product_urls(response) if self.is_shop_url(url))
        if self.seen_pages.has(start, products):
            self.count_unreadable(response, REPEATED)
            return
        if not products and not first:
            self.count_unreadable(response, "it has no tiles of products")
            return
        self.count_read(response)
        for url in sorted(products):
            yield from self.request_page(url, self.parse_product)
        if products and not self.collector.is_full:
            yield from self._request_grid(start, first + PAGE_SIZE)

    def _request_grid(self, start: str, first: int) -> Iterator[Request]:
        yield from self.request_page(grid_url(start, first), self.parse_grid, listing=True, start=start, first=first)
