"""Counting how a crawl went, and telling whether the shop was read to its end."""

from dataclasses import dataclass, field

MOST_FAILED = 0.2
"""The share of product pages that may fail before the shop is taken to have changed, or to refuse us."""

FINISHED = frozenset(("finished", "closespider_itemcount"))
GONE = frozenset(("HTTP 404", "HTTP 410"))
REFUSED = "robots.txt refuses it"


@dataclass
class CrawlStats:
    """Pages by what became of them: of products ``read`` and ``failed``, of listings ``lost_listings``.

    Listings are start pages, sitemaps and pages of lists: each leads to many items.
    """

    read: int = 0
    items: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    lost_listings: list[tuple[str, str]] = field(default_factory=list)
    challenged: list[str] = field(default_factory=list)
    settled: int = 0

    def lose(self, url: str, why: str, listing: bool, challenge: bool = False) -> None:
        """Count a page that gave nothing. A product page that is gone, or that robots.txt closes, is no failure."""
        if challenge:
            self.challenged.append(url)
        if listing:
            self.lost_listings.append((url, why))
        elif why not in GONE and why != REFUSED:
            self.failed.append((url, why))


def failure_message(tally: CrawlStats, closed: str) -> str:
    """Why the shop could not be read to its end, in a sentence on what to do; empty where it was."""
    if closed == "closespider_timeout":
        return "The crawl ran out of time: raise timeout_seconds, or set a limit."
    if closed not in FINISHED:
        return f"The crawl ended early ({closed})."
    return _challenge(tally) or _lost_listings(tally) or _failures(tally) or _nothing(tally)


def _challenge(tally: CrawlStats) -> str:
    if not tally.challenged or not (tally.lost_listings or _too_many_failed(tally)):
        return ""
    pages = "a page" if len(tally.challenged) == 1 else f"{len(tally.challenged)} pages"
    return (
        f"The shop answers {pages} with a challenge (captcha), first {tally.challenged[0]}: "
        "ask the shop for leave, crawl more slowly, or set scrapfly."
    )


def _lost_listings(tally: CrawlStats) -> str:
    if not tally.lost_listings:
        return ""
    url, why = tally.lost_listings[0]
    if why == REFUSED:
        return f"robots.txt refuses {url}: ask the shop for leave; with it, set obey_robots = false."
    return f"{len(tally.lost_listings)} of the pages that lead to products could not be read, first {url}: {why}."


def _failures(tally: CrawlStats) -> str:
    if not _too_many_failed(tally):
        return ""
    url, why = tally.failed[0]
    return (
        f"{len(tally.failed)} of {len(tally.failed) + tally.read} product pages could not be read, first {url}: {why}. "
        "The shop's layout may have changed, or follow takes in pages that are no products: look at the kept pages."
    )


def _too_many_failed(tally: CrawlStats) -> bool:
    return len(tally.failed) > MOST_FAILED * (len(tally.failed) + tally.read)


def _nothing(tally: CrawlStats) -> str:
    if tally.items:
        return ""
    return f"No product was found on {tally.settled} pages: look at the shop's configuration and at the kept pages."
