"""How a crawl went: which pages failed and why, and whether the shop was read to its end."""

from dataclasses import dataclass, field

from catalog_jobs.sources.fetch_failures import DISALLOWED, GONE, NOT_FOLLOWED, NOT_INDEXED

MAX_FAILED = 0.2
"""The share of product pages that may fail. Beyond it, the shop's layout has changed, or the shop refuses us."""

FINISHED = frozenset(("finished", "closespider_itemcount"))
_PERMISSION = "ask the shop for permission; with it, set obey_robots = false."


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
