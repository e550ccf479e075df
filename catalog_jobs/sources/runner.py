"""Crawl a shop in a child process."""

import json
import logging
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from catalog_jobs.sources.events import EventReader
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.scrapfly import KEY, has_key, redact_key
from catalog_jobs.sources.settings import MAX_WAIT_SECONDS, PAGE_CACHE
from catalog_jobs.sources.shops import Shop
from closetspace.bootstrap import open_store
from closetspace.errors import InvalidInput, Transient
from closetspace.ports import ObjectStore
from closetspace.services.embed_catalog import Progress

OUT_OF_TIME = "it ran out of time, and did not end: raise timeout_seconds, or set a limit."

POLL_SECONDS = 0.1
GRACE_SECONDS = 10.0
"""Beyond the timeouts of the crawl and of its last page, which may have to wait; a crawl that still runs hangs."""

_NO_KEY = f"There is no {KEY}, so it was read without Scrapfly."

log = logging.getLogger(__name__)


def crawl(
    shop: Shop, unreadable_pages: Path, now: datetime, progress: Progress, page_cache: str | None = None
) -> SourceResult:
    """Read a shop as its configuration says. Never raises an error for what the shop does.

    Unreadable pages go to ``unreadable_pages/<shop>``. ``page_cache`` is the store that keeps pages and feeds between
    runs, unless CLOSETSPACE_PAGE_CACHE names another one. ``progress`` is called with the pages that are done and the
    pages that are known. No process outlives an interrupted call or a killed parent.
    """
    if shop.kind == "feed":
        return _read_feed(shop, now, progress, page_cache_store(page_cache))
    if shop.scrapfly and not has_key():
        log.warning("%s: %s", shop.name, _NO_KEY)
    with TemporaryDirectory(prefix="closetspace-crawl-") as folder:
        reader = EventReader(Path(folder) / "events.jsonl")
        job_file = Path(folder) / "job.json"
        job = {
            "shop": shop.model_dump(mode="json"),
            "now": now.isoformat(),
            "events": str(Path(folder) / "events.jsonl"),
            "unreadable_pages": str((unreadable_pages / shop.name).absolute()),
        }
        job_file.write_text(json.dumps(job), encoding="utf-8")
        timeout = shop.timeout_seconds + MAX_WAIT_SECONDS + shop.page_timeout_seconds + GRACE_SECONDS
        child = Child(
            "crawl",
            [sys.executable, "-m", "catalog_jobs.sources.crawl_process", str(job_file)],
            environment={**({PAGE_CACHE: page_cache} if page_cache else {}), **os.environ},
            log=Log(None),
        )
        try:
            ended = _follow(child, reader, progress, time.monotonic() + timeout)
        finally:
            child.stop()
        reader.close()
        return _result(shop, reader, child.last_lines if ended else OUT_OF_TIME)


def _follow(child: Child, reader: EventReader, progress: Progress, deadline: float) -> bool:
    """Read the child's events until it ends, or until the deadline. Return whether it ended."""
    reported = (0, 0)
    running = True
    while running and time.monotonic() < deadline:
        running = not child.wait(POLL_SECONDS)
        reader.read()
        if reader.pages != reported:
            reported = reader.pages
            progress(*reported)
    return not running


def _result(shop: Shop, reader: EventReader, output: str) -> SourceResult:
    failure = reader.end
    if failure is None:
        lines = output.strip().splitlines()
        failure = f"The crawl stopped before its end: {redact_key(lines[-1]) if lines else 'it has no log'}"
    if failure and shop.scrapfly and not has_key():
        failure = f"{failure} {_NO_KEY}"
    return SourceResult(shop.name, tuple(reader.items), dict(reader.left_out), failure)


def page_cache_store(default: str | None) -> ObjectStore | None:
    """Return the store that keeps pages and feeds between runs, or None if there is none."""
    address = os.environ.get(PAGE_CACHE) or default
    return open_store(address) if address else None


def _read_feed(shop: Shop, now: datetime, progress: Progress, cache: ObjectStore | None) -> SourceResult:
    progress(0, 1)
    try:
        result = read_feed(shop.feed, SourceDefaults.from_shop(shop), now, cache=cache)
    except (InvalidInput, Transient) as exc:
        return SourceResult(shop.name, (), failure=str(exc))
    except Exception as exc:  # noqa: BLE001, RUF100 - a reader's bug or a hostile feed must not end the refresh.
        log.exception("%s", shop.name)
        return SourceResult(shop.name, (), failure=f"The feed could not be read ({type(exc).__name__}).")
    progress(1, 1)
    return result
