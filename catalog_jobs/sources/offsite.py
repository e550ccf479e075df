"""Keeping a crawl in its shop."""

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.exceptions import IgnoreRequest

ELSEWHERE = "it leads out of the shop"


class StrictOffsiteMiddleware(OffsiteMiddleware):
    """Scrapy's, for every request: also for one that is tried again, which Scrapy would let go wherever it is sent.

    It refuses when the request is made, not when it is scheduled, so that whoever asked hears of it.
    """

    def request_scheduled(self, request: Request, spider: Spider) -> None:
        """Wait until it is made."""

    def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raises `IgnoreRequest` for an address outside the shop's hosts."""
        current = self.crawler.spider
        if current is None or not self.should_follow(request, current):
            raise IgnoreRequest(ELSEWHERE)
