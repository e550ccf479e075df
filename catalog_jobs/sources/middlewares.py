"""Parts of Scrapy: retries with back-off, and a strict limit to the shop's hosts."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.settings import BaseSettings

from catalog_jobs.sources.fetch_failures import OFFSITE
from catalog_jobs.sources.page_reading import with_valid_base
from catalog_jobs.sources.settings import MAX_WAIT_SECONDS
from closetspace.domain.retry import back_off


def seconds_to_wait(attempt: int, first: float, retry_after: str, now: datetime) -> float | None:
    """Return the seconds that the shop asks for, else ``first``, doubled for each attempt; None if it asks for more
    than `MAX_WAIT_SECONDS`.

    ``attempt`` is 1 before the first retry. ``retry_after`` is the value of the header, in either of its forms.
    """
    requested = _requested_seconds(retry_after, now)
    if requested is None:
        return back_off(attempt, first, MAX_WAIT_SECONDS)
    return None if requested > MAX_WAIT_SECONDS else max(requested, 0.0)


def _requested_seconds(retry_after: str, now: datetime) -> float | None:
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, OverflowError):
        return None


class BackoffRetryMiddleware(RetryMiddleware):
    """Scrapy's retries, with a wait before each one. A waiting request keeps its slot, so a busy shop gets fewer."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._first_wait = settings.getfloat("RETRY_WAIT_SECONDS")

    async def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """Return the request to retry after a back-off, else the response."""
        retry = super().process_response(request, response)
        if not isinstance(retry, Request):
            return retry
        header = (response.headers.get("Retry-After") or b"").decode("latin-1")
        wait = seconds_to_wait(retry.meta["retry_times"], self._first_wait, header, datetime.now(UTC))
        if wait is None:
            return response
        await asyncio.sleep(wait)
        return retry

    async def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Return the request to retry after a back-off, or None if the failure is permanent."""
        retry = super().process_exception(request, exception)
        if isinstance(retry, Request):
            await asyncio.sleep(back_off(retry.meta["retry_times"], self._first_wait, MAX_WAIT_SECONDS))
        return retry


class ValidBaseMiddleware:
    """Passes pages on without a ``<base>`` that is no URL."""

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002
        """Return the page; Scrapy calls it."""
        return with_valid_base(response) if isinstance(response, HtmlResponse) else response


class StrictOffsiteMiddleware(OffsiteMiddleware):
    """Scrapy's offsite filter for every request, redirects of retried requests included.

    It refuses requests when they are sent, not when they are scheduled, so that their errback is called.
    """

    def request_scheduled(self, request: Request, spider: Spider) -> None:
        """Let the request pass until it is sent."""

    def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raise `IgnoreRequest` for a URL outside the shop's hosts."""
        spider = self.crawler.spider
        if spider is None or not self.should_follow(request, spider):
            raise IgnoreRequest(OFFSITE)
