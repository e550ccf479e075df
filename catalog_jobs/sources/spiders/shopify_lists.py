"""Reads Shopify's lists of products, each product once."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.page_reading import Parser
from catalog_jobs.sources.parsers.shopify import PAGE_SIZE, list_url, read_list
from catalog_jobs.sources.parsers.shopify_collections import handle_of
from catalog_jobs.sources.spiders.base import CallbackResult, CrawlContext, ShopSpider
from catalog_jobs.sources.spiders.repetition import SeenProducts

LAST_PAGE = 25_000 // PAGE_SIZE
"""The last page of a list that Shopify answers: to those beyond, it answers 400."""


class ShopifyLists(ShopSpider):
    """Reads lists page by page, until a page is empty.

    ``handles`` are those of the products that were read. ``root`` is the start of a list that has an end before the
    shop's last product, as soon as one was reached.
    """

    def __init__(self, context: CrawlContext) -> None:
        super().__init__(context)
        self.root = ""
        self.handles: set[str] = set()
        self._seen = SeenProducts()

    @property
    def parser(self) -> Parser:
        """The parser of a list."""
        return partial(read_list, currency=self.shop.currency)

    @abstractmethod
    def on_end_of_list(self, request: Request) -> CallbackResult:
        """Go on where a list has no page beyond `LAST_PAGE`, or where there is no such list although the shop named it.

        ``request`` is the one for the page that is absent.
        """

    def request_list(self, start: str, number: int = 1) -> Iterator[Request]:
        """Yield a request for a page of a list."""
        yield from self.request_page(
            list_url(start, number),
            self.parse_list,
            listing=True,
            if_absent=self.on_end_of_list if number > LAST_PAGE or self.root else None,
            start=start,
            number=number,
        )

    def parse_list(self, response: Response, start: str, number: int) -> CallbackResult:
        """Yield a page's products and request the next page."""
        page = self.parse_page(response, self.seen_pages.checked(self.parser, start))
        yield from self.new_products(page)
        if page.products and not self.collector.is_full:
            yield from self.request_list(start, number + 1)

    def new_products(self, page: Page) -> Iterator[ScrapedProduct]:
        """Yield the products of a page that no earlier page had: collections share them."""
        for product in self.usable_products(self._seen.unseen(page)):
            self.handles.add(handle_of(product.url))
            yield product
