"""The spider of shops whose search pages have their results as JSON in a script."""

from collections.abc import Iterator
from functools import partial

from scrapy import Request
from scrapy.http import Response
from w3lib.url import add_or_replace_parameter

from catalog_jobs.sources.page_reading import unless_empty
from catalog_jobs.sources.parsers.embedded_state import read_search_page
from catalog_jobs.sources.spiders.base import CallbackResult, ShopSpider


class EmbeddedStateSpider(ShopSpider):
    """Reads all pages of searches; the first page says how many there are."""

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the first page of every search."""
        for url in self.shop.start_urls:
            yield from self.request_page(url, self.parse_search, listing=True, search=url, number=1)

    def parse_search(self, response: Response, search: str, number: int) -> CallbackResult:
        """Yield a page's products; the first page also requests all others."""
        parser = partial(read_search_page, name=self.shop.state, path=self.shop.results_path)
        checked = self.seen_pages.checked(parser, search)
        page = self.parse_page(response, unless_empty(checked) if number > 1 else checked)
        yield from self.usable_products(page)
        if number > 1 or page.unreadable:
            return
        # One more than max_pages, so that the excess is counted.
        for other in range(2, min(page.pages, self.shop.max_pages + 1) + 1):
            url = add_or_replace_parameter(search, self.shop.page_parameter, str(other))
            yield from self.request_page(url, self.parse_search, listing=True, search=search, number=other)
