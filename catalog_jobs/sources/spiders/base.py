"""What every spider does: ask politely, count what becomes of each page, and tell it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from catalog_jobs.sources.challenge import is_challenge
from catalog_jobs.sources.events import EventWriter
from catalog_jobs.sources.fetch_failures import FetchFailure, fetch_failure
from catalog_jobs.sources.items import LeftOut, ScrapedProduct
from catalog_jobs.sources.kept_pages import KeptPages
from catalog_jobs.sources.parsers.page import Page
from catalog_jobs.sources.pipelines import Defaults, Gathering
from catalog_jobs.sources.settings import LARGEST_LIST, LARGEST_PAGE
from catalog_jobs.sources.shops import Shop
from catalog_jobs.sources.stats import CrawlStats, failure_message

Outcome = Iterator[ScrapedProduct | Request]
Read = Callable[[str, str], Page]

CHALLENGE = "it is a challenge (captcha)"


@dataclass(frozen=True)
class Crawl:
    """One run of one shop, and where it tells of itself."""

    shop: Shop
    now: datetime
    events: EventWriter
    kept: KeptPages


class ShopSpider(Spider, ABC):
    """A spider of one shop. Its kinds say what to ask first and how to read what comes."""

    def __init__(self, crawl: Crawl) -> None:
        super().__init__(name=crawl.shop.name)
        self.shop = crawl.shop
        self.crawl = crawl
        self.hosts = self.allowed_domains = hosts_of(crawl.shop)
        self.gathering = Gathering(Defaults.of_shop(crawl.shop), crawl.now)
        self.tally = CrawlStats()
        self._asked: set[str] = set()

    @abstractmethod
    def first_requests(self) -> Iterator[Request]:
        """Where to begin."""

    async def start(self) -> AsyncIterator[Any]:
        """Scrapy's hook for the first requests."""
        for request in self.first_requests():
            yield request

    def request(self, url: str, **options: Any) -> Request:
        """How a page is asked for."""
        return Request(url, **options)

    def ask(self, url: str, callback: Callable[..., Outcome], listing: bool = False, **told: Any) -> Iterator[Request]:
        """Ask for a page, unless it was asked for before or there have been enough."""
        if url in self._asked or not url.startswith(("http://", "https://")):
            return
        if len(self._asked) >= self.shop.max_pages:
            self.gathering.left_out["page: it is beyond max_pages"] += 1
            return
        self._asked.add(url)
        meta = {"listing": listing, "download_maxsize": LARGEST_LIST if listing else LARGEST_PAGE}
        yield self.request(url, callback=callback, errback=self.lost, meta=meta, cb_kwargs=told, dont_filter=True)

    def is_inside(self, url: str) -> bool:
        """Whether an address is one of the shop's."""
        host = f".{urlsplit(url).hostname or ''}"
        return any(host.endswith(f".{inside}") for inside in self.hosts)

    def read(self, response: Response, read: Read) -> Page:
        """The page as its kind's parser reads it; settles what became of it."""
        try:
            page = read(text_of_response(response), response.url)
        except Exception as exc:  # noqa: BLE001, RUF100 - whatever a hostile page breaks, it is one page.
            self.logger.exception("%s", response.url)
            page = Page(unreadable=f"the parser failed on it ({type(exc).__name__})")
        if page.unreadable:
            self.unreadable(response, page.unreadable)
        else:
            self.settle_read(response)
        return page

    def products(self, page: Page) -> Iterator[ScrapedProduct]:
        """What the page shows, without what can't be used."""
        for found in page.found:
            if isinstance(found, LeftOut):
                self.gathering.take(found)
            else:
                yield found

    def settle_read(self, response: Response) -> None:
        """Count a page that was read."""
        self.tally.read += not response.meta.get("listing", False)
        self._settle()

    def unreadable(self, response: Response, why: str) -> None:
        """Count a page that came and gave nothing, and keep it."""
        challenge = is_challenge(text_of_response(response))
        self._lose(
            response.request or Request(response.url),
            FetchFailure(CHALLENGE if challenge else why, challenge, response),
        )

    def lost(self, failure: Failure) -> None:
        """Count a page that did not come."""
        self._lose(failure.request, fetch_failure(failure))  # type: ignore[attr-defined]

    def closed(self, reason: str) -> None:
        """Tell how it ended."""
        for left_out, count in self.gathering.left_out.items():
            self.crawl.events.left_out(left_out, count)
        self.crawl.events.end(failure_message(self.tally, reason))

    def _lose(self, request: Request, loss: FetchFailure) -> None:
        self.gathering.left_out[f"page: {loss.why}"] += 1
        self.tally.lose(request.url, loss.why, request.meta.get("listing", False), loss.challenge)
        if loss.response is not None and not loss.gone:
            self.crawl.kept.keep(loss.response.url, loss.response.body, loss.why)
        self._settle()

    def _settle(self) -> None:
        self.tally.settled += 1
        self.crawl.events.pages(self.tally.settled, len(self._asked))


def text_of_response(response: Response) -> str:
    """What came, as text: also where the shop calls it something else."""
    return response.text if isinstance(response, TextResponse) else response.body.decode("utf-8", errors="replace")


def hosts_of(shop: Shop) -> list[str]:
    """The hosts that a crawl may ask, each with its subdomains."""
    told = (urlsplit(url).hostname or "" for url in (*shop.start_urls, *shop.sitemap_urls))
    return sorted({host.removeprefix("www.") for host in (*told, *shop.allowed_hosts) if host})
