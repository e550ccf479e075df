"""Why pages of a shop can't be used."""

import re
from dataclasses import dataclass

from scrapy import exceptions
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet import error
from twisted.python.failure import Failure

GONE = frozenset(("HTTP 404", "HTTP 410"))
DISALLOWED = "robots.txt refuses it"
NOT_INDEXED = "it asks not to be indexed (noindex)"
CHALLENGE = "it is a challenge (captcha)"
NOT_FOLLOWED = "it asks not to follow its links (nofollow)"

TIMED_OUT = "it timed out"
NO_ANSWER = "there was no answer"
BROKE_OFF = "its answer broke off"
OFFSITE = "it leads out of the shop"

_SCRAPYS_REASONS = {
    "Forbidden by robots.txt": DISALLOWED,
    "max redirections reached": "it has too many redirects",
}

_NETWORK: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((error.TimeoutError, error.TCPTimedOutError, exceptions.DownloadTimeoutError), TIMED_OUT),
    ((exceptions.ResponseDataLossError,), BROKE_OFF),
    ((error.ConnectError, error.ConnectionLost, error.ConnectionDone, error.DNSLookupError), NO_ANSWER),
    (
        (
            exceptions.CannotResolveHostError,
            exceptions.DownloadConnectionRefusedError,
            exceptions.DownloadFailedError,
        ),
        NO_ANSWER,
    ),
)
"""The reasons of failures of the network, by their errors. The first that fits counts."""

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
        return FetchFailure(_SCRAPYS_REASONS.get(str(problem), str(problem)))
    # Others are those of redirects to nowhere, broken compression, and encodings of no text.
    unreadable = f"its answer can't be read ({type(problem).__name__})"
    return FetchFailure(next((reason for kinds, reason in _NETWORK if isinstance(problem, kinds)), unreadable))


def _http_failure(response: Response) -> FetchFailure:
    text = response.text if isinstance(response, TextResponse) else ""
    refuses = response.status in _REFUSALS or is_challenge(text)
    return FetchFailure(f"HTTP {response.status}", refuses, response)
