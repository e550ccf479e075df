"""The base of all spiders: requests pages once, counts what becomes of each, and reports it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.bounded_xml import BrokenXml
from catalog_jobs.sources.events import EventWriter
from catalog_jobs.sources.fetch_failures import CHALLENGE, NOT_INDEXED, FetchFailure, fetch_failure, is_challenge
from catalog_jobs.sources.items import TOO_MANY, ItemCollector, Page, SourceDefaults
from catalog_jobs.sources.page_reading import Parser, failed_on, is_too_complex, read_page, response_text
from catalog_jobs.sources.pages import UnreadablePages
from catalog_jobs.sources.robots import NOINDEX, requests_of
from catalog_jobs.sources.settings import MAX_PAGE_BYTES
from catalog_jobs.sources.shops import Shop
from catalog_jobs.sources.spiders.repetition import SeenPages
from catalog_jobs.sources.spiders.urls import INVALID_URL, allowed_hosts, is_on_hosts, requestable
from catalog_jobs.sources.stats import CrawlStats, failure_message
from closetspace.domain.index.indexed_item import LeftOut

CallbackResult = Iterator[ScrapedProduct | Request]


@dataclass(frozen=True)
class CrawlContext:
    """One crawl of one shop, and where its output goes."""

    shop: Shop
    now: datetime
    events: EventWriter
    unreadable_pages: UnreadablePages


class ShopSpider(Spider, ABC):
    """A spider of one shop. Subclasses define the first requests and the callbacks."""

    def __init__(self, context: CrawlContext) -> None:
        super().__init__(name=context.shop.name)
        self.shop = context.shop
        self.context = context
        self.hosts = self.allowed_domains = allowed_hosts(context.shop)
        self.collector = ItemCollector(SourceDefaults.from_shop(context.shop), context.now)
        self.stats = CrawlStats()
        self.seen_pages = SeenPages()
        self._requested: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        """Build the spider; Scrapy calls it."""
        spider = super().from_crawler(crawler, *args, **arguments)
        crawler.signals.connect(spider.on_callback_error, signals.spider_error)
        return spider

    @abstractmethod
    def first_requests(self) -> Iterator[Request]:
        """Yield the first requests."""

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first requests; Scrapy calls it."""
        for request in self.first_requests():
            yield request

    def make_request(self, url: str, **options: Any) -> Request:
        """Build a request."""
        return Request(url, **options)

    def request_page(
        self,
        url: str,
        callback: Callable[..., CallbackResult],
        listing: bool = False,
        max_bytes: int = MAX_PAGE_BYTES,
        if_absent: Callable[[Request], CallbackResult] | None = None,
        **arguments: Any,
    ) -> Iterator[Request]:
        """Yield a request unless the URL was requested before, is not valid, or ``max_pages`` is reached.

        ``if_absent`` is called in place of ``callback`` if the shop answers that it has no such page, or refuses it in
        robots.txt; the page is then none of those that failed.
        """
        if url in self._requested:
            return
        if len(self._requested) >= self.shop.max_pages:
            self.collector.left_out["page: it is beyond max_pages"] += 1
            return
        try:
            request = self.make_request(
                requestable(url),
                callback=callback,
                errback=partial(self._on_error, if_absent=if_absent) if if_absent else self.on_error,
                meta={"listing": listing, "download_maxsize": max_bytes},
                cb_kwargs=arguments,
                dont_filter=True,
            )
        except ValueError:
            self.collector.left_out[INVALID_URL] += 1
            return
        self._requested.add(url)
        yield request

    def is_shop_url(self, url: str) -> bool:
        """Return whether a URL is on one of the shop's hosts."""
        return is_on_hosts(url, self.hosts)

    def parse_page(self, response: Response, parser: Parser) -> Page:
        """Return the parsed page and count it."""
        text = response_text(response)
        # Answers in JSON, as of WordPress, have the header whatever the shop's pages ask for.
        is_json = text.lstrip()[:1] in ("{", "[")
        if not is_json and not is_too_complex(text) and self.is_asked(NOINDEX, response):
            self.count_refused(response, NOT_INDEXED)
            return Page(unreadable=NOT_INDEXED)
        page = read_page(parser, text, response.url)
        if page.unreadable:
            self.count_unreadable(response, page.unreadable)
        else:
            self.count_read(response)
        return page

    def is_asked(self, request: str, response: Response) -> bool:
        """Return whether a page asks for `NOINDEX` or `NOFOLLOW`, and the crawl obeys."""
        return self.shop.obey_robots and request in requests_of(response)

    def usable_products(self, page: Page) -> Iterator[ScrapedProduct]:
        """Yield the page's products and count the unusable ones. Raises `CloseSpider` if the shop has too many."""
        for product in page.products:
            if self.collector.has_too_many:
                raise CloseSpider(TOO_MANY)
            if isinstance(product, LeftOut):
                self.collector.collect(product)
            else:
                yield product

    def count_read(self, response: Response) -> None:
        """Count a page that was read."""
        self.stats.read += not response.meta.get("listing", False)
        self._report_progress()

    def count_unreadable(self, response: Response, reason: str) -> None:
        """Count a page without usable content, and keep it."""
        challenge = is_challenge(response_text(response))
        self._count_failure(
            response.request or Request(response.url),
            FetchFailure(CHALLENGE if challenge else reason, challenge, response),
        )

    def count_refused(self, response: Response, reason: str) -> None:
        """Count a page that the shop does not let us use."""
        self._count_failure(response.request or Request(response.url), FetchFailure(reason))

    def on_error(self, failure: Failure) -> None:
        """Count a page that could not be fetched."""
        self._count_failure(failure.request, fetch_failure(failure))  # type: ignore[attr-defined]

    def _on_error(self, failure: Failure, if_absent: Callable[[Request], CallbackResult]) -> CallbackResult:
        request: Request = failure.request  # type: ignore[attr-defined]
        if not fetch_failure(failure).is_absent:
            self.on_error(failure)
            return
        self._report_progress()
        yield from if_absent(request)

    def on_callback_error(self, failure: Failure, response: Response) -> None:
        """Count a page whose callback failed: Scrapy only logs it, and the page would be missing in silence."""
        reason = str(failure.value) if isinstance(failure.value, BrokenXml) else failed_on(failure.value)
        self._count_failure(response.request or Request(response.url), FetchFailure(reason, response=response))

    def closed(self, reason: str) -> None:
        """Write the last events; Scrapy calls it."""
        for left_out, count in self.collector.left_out.items():
            self.context.events.left_out(left_out, count)
        self.context.events.end(failure_message(self.stats, reason))

    def _count_failure(self, request: Request, failure: FetchFailure) -> None:
        self.collector.left_out[f"page: {failure.reason}"] += 1
        self.stats.record_failure(request.url, failure.reason, request.meta.get("listing", False), failure.challenge)
        if failure.response is not None and not failure.is_gone:
            self.context.unreadable_pages.keep(failure.response.url, failure.response.body, failure.reason)
        self._report_progress()

    def _report_progress(self) -> None:
        self.stats.settled += 1
        self.context.events.pages(self.stats.settled, len(self._requested))


def ignore_absence(_request: Request) -> CallbackResult:
    """Go on without a page that need not be there: an ``if_absent`` of `ShopSpider.request_page`."""
    return iter(())
