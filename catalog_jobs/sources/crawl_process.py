"""The process that crawls one shop: ``python -m catalog_jobs.sources.crawl_process``, started by `crawl`.

One process a crawl, because Scrapy's reactor runs once in a process. What to do comes as one line on standard input,
which stays open as long as the parent lives.
"""

import json
import os
import sys
import threading
from datetime import datetime
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess

from catalog_jobs.sources.events import EventWriter
from catalog_jobs.sources.kept_pages import KeptPages
from catalog_jobs.sources.scrapfly import scrapfly_settings, through_scrapfly, without_key
from catalog_jobs.sources.settings import crawl_settings
from catalog_jobs.sources.shops import Shop
from catalog_jobs.sources.spiders.base import Crawl
from catalog_jobs.sources.spiders.shops import SPIDERS


def main() -> None:
    """Crawl, and tell events until the last, ``end``."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    shop, events = Shop.model_validate(job["shop"]), EventWriter(Path(job["events"]))
    crawl = Crawl(shop, datetime.fromisoformat(job["now"]), events, KeptPages(Path(job["inspection"])))
    problem = _run(crawl)
    if problem is not None:
        events.end(f"The crawl could not run: {without_key(f'{type(problem).__name__}: {problem}')}.")


def _run(crawl: Crawl) -> BaseException | None:
    """Crawl to the end; gives what kept it from beginning."""
    scrapfly = scrapfly_settings(crawl.shop)
    kind = SPIDERS[crawl.shop.kind]
    try:
        process = AsyncCrawlerProcess(crawl_settings(crawl.shop) | scrapfly)
        crawling = process.crawl(through_scrapfly(kind) if scrapfly else kind, crawl)
        process.start()
    except Exception as exc:  # noqa: BLE001, RUF100 - the parent tells it, whatever it is.
        return exc
    return crawling.exception() if crawling.done() and not crawling.cancelled() else None


def _die_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
