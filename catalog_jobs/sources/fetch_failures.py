"""Why a page did not come, in words that do not change from night to night."""

from dataclasses import dataclass

from scrapy import exceptions
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet import error
from twisted.python.failure import Failure

from catalog_jobs.sources.challenge import is_challenge
from catalog_jobs.sources.stats import GONE, REFUSED

_REFUSALS = (401, 403, 429)


@dataclass(frozen=True)
class FetchFailure:
    """``challenge`` is whether the shop keeps us out; ``response`` is what came in the page's place, if anything."""

    why: str
    challenge: bool = False
    response: Response | None = None

    @property
    def gone(self) -> bool:
        """Whether there is simply no such page any more."""
        return self.why in GONE


def fetch_failure(failure: Failure) -> FetchFailure:
    """What Scrapy reports, in our words. Never an error's own text: it may hold addresses with keys in them."""
    problem = failure.value
    if isinstance(problem, HttpError):
        return _answered(problem.response)
    if isinstance(problem, exceptions.IgnoreRequest):
        return FetchFailure(REFUSED if "robots.txt" in str(problem) else str(problem))
    if isinstance(problem, error.TimeoutError | error.TCPTimedOutError | exceptions.DownloadTimeoutError):
        return FetchFailure("it timed out")
    if isinstance(problem, exceptions.DownloadCancelledError):
        return FetchFailure("it is too large")
    return FetchFailure(f"there was no answer ({type(problem).__name__})")


def _answered(response: Response) -> FetchFailure:
    shown = response.text if isinstance(response, TextResponse) else ""
    keeps_out = response.status in _REFUSALS or is_challenge(shown)
    return FetchFailure(f"HTTP {response.status}", keeps_out, response)
