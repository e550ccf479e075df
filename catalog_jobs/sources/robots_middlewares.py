"""Parts of Scrapy that obey robots.txt: what it refuses, what if it can't be read, and its delays."""

from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from catalog_jobs.sources.addresses import NOT_PUBLIC
from catalog_jobs.sources.fetch_failures import fetch_failure
from catalog_jobs.sources.robots import ROBOTS_UNREADABLE, TOO_SLOW, seconds_between_requests
from catalog_jobs.sources.settings import MAX_ROBOTS_BYTES, MAX_WAIT_SECONDS

_LATER = (408, 425, 429, 430)
"""Answers that say nothing of what robots.txt allows. Others of 400 to 499 say that there is none."""


class ShortRobots(ProtegoRobotParser):
    """Scrapy's parser of robots.txt, for the beginning of the file."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Self:
        """Build the parser; Scrapy calls it."""
        return super().from_crawler(crawler, robotstxt_body[:MAX_ROBOTS_BYTES])


class StrictRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's, which reads a shop without rules if its robots.txt can't be read; RFC 9309, 2.3.1.4, forbids that.

    It also refuses the pages of a shop that asks for too long waits.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._problems: dict[str, str] = {}

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raise `IgnoreRequest` for a page that robots.txt refuses; Scrapy calls it once it has the rules, if any."""
        if problem := self._problems.get(urlparse_cached(request).netloc):
            raise IgnoreRequest(problem)
        if isinstance(rp, ShortRobots) and seconds_between_requests(rp.rp) > MAX_WAIT_SECONDS:
            raise IgnoreRequest(TOO_SLOW)
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status in _LATER:
            raise HttpError(response)
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        reason = fetch_failure(Failure(exc)).reason  # type: ignore[no-untyped-call]
        self._problems[netloc] = reason if reason == NOT_PUBLIC else f"{ROBOTS_UNREADABLE} ({reason})"
        super()._robots_error(exc, netloc)


class CrawlDelay:
    """Waits between two requests as long as robots.txt asks for; with several hosts, as long as any of them does."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self.on_robots_parsed, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the extension; Scrapy calls it."""
        return cls(crawler)

    def on_robots_parsed(self, robotparser: ShortRobots) -> None:
        """Raise the delays to what a robots.txt asks for; Scrapy calls it."""
        crawler: Any = self._crawler
        delay, downloader = seconds_between_requests(robotparser.rp), crawler.engine.downloader
        if not 0 < delay <= MAX_WAIT_SECONDS:
            return
        crawler.spider.stats.crawl_delay = max(crawler.spider.stats.crawl_delay, delay)
        if throttle := crawler.get_extension(AutoThrottle):
            throttle.mindelay, throttle.maxdelay = max(throttle.mindelay, delay), max(throttle.maxdelay, delay)
        for slot in downloader.slots.values():
            slot.delay = max(slot.delay, delay)
        # Of hosts that are requested from here on.
        downloader._delay = max(downloader._delay, delay)
        # At the end of its time, a crawl waits for the requests that wait for their turn.
        downloader.total_concurrency = 1
