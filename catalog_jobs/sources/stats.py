"""How a crawl went: which pages failed and why, and whether the shop was read to its end."""

import re
from dataclasses import dataclass, field

from catalog_jobs.sources.fetch_failures import (
    BROKE_OFF,
    DISALLOWED,
    GONE,
    NO_ANSWER,
    NOT_FOLLOWED,
    NOT_INDEXED,
    OFFSITE,
    TIMED_OUT,
)
from catalog_jobs.sources.robots import ROBOTS_UNREADABLE, TOO_SLOW

MAX_FAILED = 0.2
"""The share of product pages that may fail. Beyond it, the shop's layout has changed, or the shop refuses us."""

FINISHED = frozenset(("finished", "closespider_itemcount"))
_MAX_SHOWN = 200
"""Characters of a URL in a message."""

_TOO_FAST = "raise delay_seconds, or try again later."
_REFUSAL_ADVICE = {
    "HTTP 401": "it wants a password. Ask the shop for a feed.",
    "HTTP 429": _TOO_FAST,
    "HTTP 430": _TOO_FAST,
}
_PERMISSION = "ask the shop for permission; with it, set obey_robots = false."


@dataclass
class CrawlStats:
    """The pages of a crawl: product pages are ``read`` or ``failed``, listings may be among ``failed_listings``.

    Listings are start pages, sitemaps and pages of lists: each leads to many items. ``settled`` counts the pages that
    were read or failed, of both kinds. ``failed``, ``failed_listings`` and ``refused``, which are those that the shop
    does not let us read, have URLs with reasons. ``crawl_delay`` are the seconds between two requests that robots.txt
    asks for.
    """

    read: int = 0
    items: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    failed_listings: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    settled: int = 0
    crawl_delay: float = 0.0

    def record_failure(self, url: str, reason: str, listing: bool, challenge: bool = False) -> None:
        """Count a failed page. Product pages that are gone, or that the shop does not let us read, are no
        failures."""
        if challenge:
            self.refused.append((url, reason))
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
    return _refused(stats) or _failed_listings(stats) or _failed_products(stats) or _no_products(stats)


def _refused(stats: CrawlStats) -> str:
    if not stats.refused or not (stats.failed_listings or stats.too_many_failed):
        return ""
    url, reason = stats.refused[0]
    advice = _REFUSAL_ADVICE.get(reason, "ask the shop for permission, crawl more slowly, or set scrapfly.")
    return f"The shop refuses {_pages(len(stats.refused))} ({reason}), first {_short(url)}: {advice}"


def _failed_listings(stats: CrawlStats) -> str:
    if not stats.failed_listings:
        return ""
    url, reason = stats.failed_listings[0]
    if reason == DISALLOWED:
        return f"robots.txt refuses {_short(url)}: {_PERMISSION}"
    if reason in (NOT_INDEXED, NOT_FOLLOWED, TOO_SLOW):
        return f"{_short(url)} can't be used, {reason}: {_PERMISSION}"
    return (
        f"{len(stats.failed_listings)} of the pages that lead to products could not be read, first {_short(url)}: "
        f"{reason}. {_advice(reason)}"
    )


def _advice(reason: str) -> str:
    """Return what to do about a listing that could not be read."""
    if reason in GONE:
        return "Check the URLs in the shop's configuration."
    if reason == OFFSITE:
        return "If its host is one of the shop's, add it to allowed_hosts."
    if reason in (TIMED_OUT, NO_ANSWER, BROKE_OFF) or re.match(rf"HTTP 5|{ROBOTS_UNREADABLE}", reason):
        return "Try again later."
    return "Look at the kept pages, and at the shop's configuration."


def _pages(count: int) -> str:
    return f"{count} page" if count == 1 else f"{count} pages"


def _short(url: str) -> str:
    """Return the beginning of a URL: those of queries are long, and end with what is the same in all."""
    return url if len(url) <= _MAX_SHOWN else f"{url[:_MAX_SHOWN]}…"


def _failed_products(stats: CrawlStats) -> str:
    if not stats.too_many_failed:
        return ""
    url, reason = stats.failed[0]
    return (
        f"{len(stats.failed)} of {len(stats.failed) + stats.read} product pages could not be read, "
        f"first {_short(url)}: {reason}. The shop's layout may have changed, or follow matches pages that are no "
        "products: look at the kept pages."
    )


def _no_products(stats: CrawlStats) -> str:
    if stats.items:
        return ""
    return (
        f"No product was found on {_pages(stats.settled)}: check the URLs and patterns in the shop's configuration, "
        "and what was left out."
    )
