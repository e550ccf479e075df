"""The child process that crawls one shop: ``python -m catalog_jobs.sources.crawl_process``, started by `crawl`.

Scrapy's reactor runs once in a process, so each crawl has its own. The argument is a file with the job as JSON.
"""

import json
import resource
import sys
from datetime import datetime
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess

from catalog_jobs.sources.events import EventWriter
from catalog_jobs.sources.pages import UnreadablePages
from catalog_jobs.sources.scrapfly import redact_key, scrapfly_settings, scrapfly_spider
from catalog_jobs.sources.settings import MAX_CRAWL_MEGABYTES, crawl_settings
from catalog_jobs.sources.shops import Shop
from catalog_jobs.sources.spiders.base import CrawlContext
from catalog_jobs.sources.spiders.shops import SPIDERS


def main() -> None:
    """Crawl the shop and write events; the last one is ``end``."""
    if sys.platform == "linux":
        # Scrapy looks at its memory once a minute. A page that takes too much fails at once.
        resource.setrlimit(resource.RLIMIT_DATA, (MAX_CRAWL_MEGABYTES << 20, resource.RLIM_INFINITY))
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    shop, events = Shop.model_validate(job["shop"]), EventWriter(Path(job["events"]))
    pages = UnreadablePages(Path(job["unreadable_pages"]))
    problem = _crawl(CrawlContext(shop, datetime.fromisoformat(job["now"]), events, pages))
    if problem is not None:
        events.end(f"The crawl could not run: {redact_key(f'{type(problem).__name__}: {problem}')}.")


def _crawl(context: CrawlContext) -> BaseException | None:
    """Run the crawl; return the error that kept it from starting, if any."""
    scrapfly = scrapfly_settings(context.shop)
    spider = SPIDERS[context.shop.kind]
    try:
        process = AsyncCrawlerProcess(crawl_settings(context.shop) | scrapfly)
        crawl = process.crawl(scrapfly_spider(spider) if scrapfly else spider, context)
        # A request to terminate ends the process at once: its events are complete at any moment, and the pages under
        # way, for which Scrapy's own handler waits, would take long.
        process.start(install_signal_handlers=False)
    except Exception as exc:  # noqa: BLE001, RUF100 - the caller reports any error as the crawl's.
        return exc
    return crawl.exception() if crawl.done() and not crawl.cancelled() else None


if __name__ == "__main__":
    main()
