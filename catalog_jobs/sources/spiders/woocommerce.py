"""The spider of WooCommerce's shops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.sources.items import Page
from catalog_jobs.sources.page_reading import read_page, response_text, unless_empty
from catalog_jobs.sources.parsers.json_answers import objects_in, read_json
from catalog_jobs.sources.parsers.woocommerce import Node, ids_with_variations, list_url, read_list, variations_url
from catalog_jobs.sources.spiders.base import CallbackResult, ShopSpider

NO_VARIATIONS = "page: the shop does not list variations (its products are kept without them)"

TOO_MANY_VARIATIONS = "page: its products have too many variations (some are missing)"

MAX_VARIATION_PAGES = 50
"""Pages of variations of a page of products: fifty variations of each. Each takes 3 KB until the last one is read."""


@dataclass(frozen=True)
class _Listed:
    """A page of the list that waits for its variations; ``parents`` are the ids of the products that have some."""

    start: str
    text: str
    url: str
    parents: Sequence[str]
    currency: str

    def page(self, variations: Sequence[Node]) -> Page:
        """Return the page's products with their variations."""
        return read_page(partial(read_list, currency=self.currency, variations=variations), self.text, self.url)


class WooCommerceSpider(ShopSpider):
    """Reads the product list of the Store API page by page, and after each page the variations of its products."""

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the first page of every list."""
        for url in self.shop.start_urls:
            yield from self._request_list(url, 1)

    def _request_list(self, start: str, number: int) -> Iterator[Request]:
        yield from self.request_page(list_url(start, number), self.parse_list, listing=True, start=start, number=number)

    def parse_list(self, response: Response, start: str, number: int) -> CallbackResult:
        """Request a page's variations and the next page."""
        parser = self.seen_pages.checked(read_list, start)
        page = self.parse_page(response, unless_empty(parser) if pages_named(response) >= number else parser)
        if page.products and not self.collector.is_full and not is_last(response, number):
            yield from self._request_list(start, number + 1)
        text = response_text(response)
        if page.unreadable or not (parents := ids_with_variations(text)):
            yield from self.usable_products(page)
        else:
            yield from self._request_variations(_Listed(start, text, response.url, parents, self.shop.currency), 1, ())

    def _request_variations(self, listed: _Listed, number: int, found: Sequence[Node]) -> CallbackResult:
        requests = list(
            self.request_page(
                variations_url(listed.start, listed.parents, number),
                self.parse_variations,
                listing=True,
                if_absent=self.without_variations,
                listed=listed,
                number=number,
                found=found,
            )
        )
        yield from requests or self.usable_products(listed.page(found))

    def parse_variations(
        self, response: Response, listed: _Listed, number: int, found: Sequence[Node]
    ) -> CallbackResult:
        """Yield a page's products with their variations, after the last page of those; ``found`` are the earlier."""
        page = self.parse_page(response, read_list)
        more = objects_in(read_json(response_text(response)))
        has_more = bool(more) and not is_last(response, number)
        if has_more and number == MAX_VARIATION_PAGES:
            self.collector.left_out[TOO_MANY_VARIATIONS] += 1
        if has_more and number < MAX_VARIATION_PAGES:
            yield from self._request_variations(listed, number + 1, (*found, *more))
        elif not page.unreadable:
            yield from self.usable_products(listed.page((*found, *more)))

    def without_variations(self, request: Request) -> CallbackResult:
        """Yield a page's products as the list has them."""
        self.collector.left_out[NO_VARIATIONS] += 1
        yield from self.usable_products(request.cb_kwargs["listed"].page(()))


def is_last(response: Response, number: int) -> bool:
    """Return whether a page is the last one, by WordPress's header; without it, a page without products is."""
    return 0 < pages_named(response) <= number


def pages_named(response: Response) -> int:
    """Return the number of pages in WordPress's header, 0 if it names none."""
    pages = (response.headers.get("X-WP-TotalPages") or b"").decode("latin-1")
    return int(pages) if pages.isdecimal() and len(pages) < 10 else 0
