"""How a crawl went: which pages failed and why, and whether the shop was read to its end."""

import re
from dataclasses import dataclass, field

from scrapy import exceptions
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet import error
from twisted.python.failure import Failure

MAX_FAILED = 0.2
"""The share of product pages that may fail. Beyond it, the shop's layout has changed, or the shop refuses us."""

FINISHED = frozenset(("finished", "closespider_itemcount"))
GONE = frozenset(("HTTP 404", "HTTP 410"))
DISALLOWED = "robots.txt refuses it"
NOT_INDEXED = "it asks not to be indexed (noindex)"
NOT_FOLLOWED = "it asks not to follow its links (nofollow)"

_PERMISSION = "ask the shop for permission; with it, set obey_robots = false."
_REFUSALS = (401, 403, 429, 430)
"""430 is Shopify's for crawlers that are too fast."""

_PASSING = (408, 425)
_CHALLENGE_SIGNS = re.compile(
    r"captcha|cf-chl|challenge-platform|just a moment\.\.\.|perimeterx|px-block|datadome|_incapsula_"
    r"|access denied|are you (a )?(human|robot)|verify (that )?you are (a )?human|unusual traffic|attention required!",
    re.IGNORECASE,
)
_CHALLENGE_PREFIX = 200_000
"""Characters that are searched. A challenge is a short page."""


def is_challenge(text: str) -> bool:
    """Return whether a page looks like a challenge (captcha). Call it for pages without a product: others may match."""
    return _CHALLENGE_SIGNS.search(text[:_CHALLENGE_PREFIX]) is not None


@dataclass(frozen=True)
class FetchFailure:
    """Why a page is unusable. ``challenge`` is whether the shop refuses us; ``response`` is what it sent, if anything.

    Reasons do not vary from run to run, so that they can be counted.
    """

    reason: str
    challenge: bool = False
    response: Response | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the page no longer exists."""
        return self.reason in GONE

    @property
    def is_absent(self) -> bool:
        """Whether the shop answers that there is no such page, or refuses it in robots.txt, now and later."""
        status = self.response.status if self.response else 0
        return self.reason == DISALLOWED or (400 <= status < 500 and status not in _PASSING and not self.challenge)


def fetch_failure(failure: Failure) -> FetchFailure:
    """Translate Scrapy's failure. Never returns an error's own text: it may contain URLs with keys."""
    problem = failure.value
    if isinstance(problem, HttpError):
        return _http_failure(problem.response)
    if isinstance(problem, exceptions.DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(problem):
        return FetchFailure("it is too large")
    if isinstance(problem, exceptions.IgnoreRequest):
        return FetchFailure(DISALLOWED if "robots.txt" in str(problem) else str(problem))
    if isinstance(problem, error.TimeoutError | error.TCPTimedOutError | exceptions.DownloadTimeoutError):
        return FetchFailure("it timed out")
    return FetchFailure(f"there was no answer ({type(problem).__name__})")


def _http_failure(response: Response) -> FetchFailure:
    text = response.text if isinstance(response, TextResponse) else ""
    refuses = response.status in _REFUSALS or is_challenge(text)
    return FetchFailure(f"HTTP {response.status}", refuses, response)


@dataclass
class CrawlStats:
    """The pages of a crawl: product pages are ``read`` or ``failed``, listings may be among ``failed_listings``.

    Listings are start pages, sitemaps and pages of lists: each leads to many items. ``settled`` counts the pages that
    were read or failed, of both kinds. ``failed`` and ``failed_listings`` have URLs with reasons. ``crawl_delay``
    are the seconds between two requests that robots.txt asks for.
    """

    read: int = 0
    items: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    failed_listings: list[tuple[str, str]] = field(default_factory=list)
    challenged: list[str] = field(default_factory=list)
    settled: int = 0
    crawl_delay: float = 0.0

    def record_failure(self, url: str, reason: str, listing: bool, challenge: bool = False) -> None:
        """Count a failed page. Product pages that are gone, or that the shop does not let us read, are no
        failures."""
        if challenge:
            self.challenged.append(url)
        if listing:
            self.failed_listings.append((url, reason))
        elif reason not in GONE and reason not in (DISALLOWED, NOT_INDEXED):
            self.failed.append((url, reason))

    @property
    def too_many_failed(self) -> bool:
        """Whether more than `MAX_FAILED` of the product pages failed."""
        return len(self.failed) > MAX_FAILED * (len(self.failed) + self.read)


def failure_message(stats: CrawlStats, close_reason: str) -> str:
    """Return why the shop was not read to its end, and what to do; ``""`` if it was."""
    if close_reason == "closespider_timeout":
        pace = f", with {stats.crawl_delay:g} s from page to page, as robots.txt asks" if stats.crawl_delay else ""
        return f"The crawl ran out of time{pace}: raise timeout_seconds, or set a limit."
    if close_reason not in FINISHED:
        return f"The crawl ended early ({close_reason})."
    return _challenges(stats) or _failed_listings(stats) or _failed_products(stats) or _no_products(stats)


def _challenges(stats: CrawlStats) -> str:
    if not stats.challenged or not (stats.failed_listings or stats.too_many_failed):
        return ""
    pages = "a page" if len(stats.challenged) == 1 else f"{len(stats.challenged)} pages"
    return (
        f"The shop answers {pages} with a challenge (captcha), first {stats.challenged[0]}: "
        "ask the shop for permission, crawl more slowly, or set scrapfly."
    )


def _failed_listings(stats: CrawlStats) -> str:
    if not stats.failed_listings:
        return ""
    url, reason = stats.failed_listings[0]
    if reason == DISALLOWED:
        return f"robots.txt refuses {url}: {_PERMISSION}"
    if reason in (NOT_INDEXED, NOT_FOLLOWED):
        return f"{url} can't be used, {reason}: {_PERMISSION}"
    return f"{len(stats.failed_listings)} of the pages that lead to products could not be read, first {url}: {reason}."


def _failed_products(stats: CrawlStats) -> str:
    if not stats.too_many_failed:
        return ""
    url, reason = stats.failed[0]
    return (
        f"{len(stats.failed)} of {len(stats.failed) + stats.read} product pages could not be read, first {url}: "
        f"{reason}. The shop's layout may have changed, or follow matches pages that are no products: look at the kept "
        "pages."
    )


def _no_products(stats: CrawlStats) -> str:
    if stats.items:
        return ""
    return f"No product was found on {stats.settled} pages: look at the shop's configuration and at the kept pages."
