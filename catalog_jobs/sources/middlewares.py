"""Trying again, later each time, and when the shop says."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings

LONGEST_WAIT = 300.0
"""Seconds. A shop that asks for more is left alone for this run."""


def seconds_to_wait(attempt: int, base: float, retry_after: str, now: datetime) -> float | None:
    """What the shop asks for, else twice as long each time; None where the shop asks for too long.

    ``attempt`` is 1 before the first retry; ``retry_after`` is the header's value, in either of its forms.
    """
    backing_off = min(base * 2.0 ** (attempt - 1), LONGEST_WAIT)
    asked = _asked(retry_after, now)
    if asked is None:
        return backing_off
    return None if asked > LONGEST_WAIT else max(asked, 0.0)


def _asked(retry_after: str, now: datetime) -> float | None:
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, OverflowError):
        return None


class BackoffRetryMiddleware(RetryMiddleware):
    """Scrapy's retries, each after a wait. A waiting request keeps its place, so that a busy shop gets less to do."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._base = settings.getfloat("RETRY_WAIT_SECONDS")

    async def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """The response, or the request again once it is time."""
        again = super().process_response(request, response)
        if not isinstance(again, Request):
            return again
        header = (response.headers.get("Retry-After") or b"").decode("latin-1")
        wait = seconds_to_wait(again.meta["retry_times"], self._base, header, datetime.now(UTC))
        if wait is None:
            return response
        await asyncio.sleep(wait)
        return again

    async def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """The request again once it is time, or None where the fault is not one that passes."""
        again = super().process_exception(request, exception)
        if isinstance(again, Request):
            await asyncio.sleep(min(self._base * 2.0 ** (again.meta["retry_times"] - 1), LONGEST_WAIT))
        return again
