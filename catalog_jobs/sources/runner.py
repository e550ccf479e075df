"""Crawl a shop in a child process."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.events import EventReader
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.scrapfly import KEY, has_key, redact_key
from catalog_jobs.sources.settings import PAGE_CACHE
from catalog_jobs.sources.shops import Shop
from closetspace.errors import InvalidInput, Transient
from closetspace.services.embed_catalog import Progress

POLL_SECONDS = 0.1
GRACE_SECONDS = 10.0
"""Beyond the timeouts of the crawl and of its last page; a crawl that still runs then hangs."""

_NO_KEY = f"There is no {KEY}, so it was read without Scrapfly."

log = logging.getLogger(__name__)


def crawl(
    shop: Shop, unreadable_pages: Path, now: datetime, progress: Progress, page_cache: Path | None = None
) -> SourceResult:
    """Read a shop as its configuration says. Never raises an error for what the shop does.

    Unreadable pages go to ``unreadable_pages/<shop>``. ``progress`` is called with the pages that are done and the
    pages that are known. No process outlives an interrupted call or a killed parent.
    """
    if shop.kind == "feed":
        return _read_feed(shop, now, progress)
    if shop.scrapfly and not has_key():
        log.warning("%s: %s", shop.name, _NO_KEY)
    with TemporaryDirectory(prefix="closetspace-crawl-") as folder:
        reader = EventReader(Path(folder) / "events.jsonl")
        log_file = Path(folder) / "log.txt"
        job = {
            "shop": shop.model_dump(mode="json"),
            "now": now.isoformat(),
            "events": str(Path(folder) / "events.jsonl"),
            "unreadable_pages": str((unreadable_pages / shop.name).absolute()),
        }
        timeout = shop.timeout_seconds + shop.page_timeout_seconds + GRACE_SECONDS
        with _child(json.dumps(job), log_file, page_cache) as child:
            _follow(child, reader, progress, time.monotonic() + timeout)
        reader.close()
        return _result(shop, reader, log_file)


def _follow(child: "subprocess.Popen[str]", reader: EventReader, progress: Progress, deadline: float) -> None:
    """Read the child's events until it ends, or until the deadline."""
    reported = (0, 0)
    running = True
    while running and time.monotonic() < deadline:
        try:
            child.wait(POLL_SECONDS)
            running = False
        except subprocess.TimeoutExpired:
            running = True
        reader.read()
        if reader.pages != reported:
            reported = reader.pages
            progress(*reported)


def _result(shop: Shop, reader: EventReader, log_file: Path) -> SourceResult:
    failure = reader.end
    if failure is None:
        lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        failure = f"The crawl stopped before its end: {redact_key(lines[-1]) if lines else 'it has no log'}"
    if failure and shop.scrapfly and not has_key():
        failure = f"{failure} {_NO_KEY}"
    return SourceResult(shop.name, tuple(reader.items), dict(reader.left_out), failure)


def _read_feed(shop: Shop, now: datetime, progress: Progress) -> SourceResult:
    progress(0, 1)
    try:
        result = read_feed(shop.feed, SourceDefaults.from_shop(shop), now)
    except (InvalidInput, Transient) as exc:
        return SourceResult(shop.name, (), failure=str(exc))
    progress(1, 1)
    return result


@contextmanager
def _child(job: str, log_file: Path, page_cache: Path | None) -> "Iterator[subprocess.Popen[str]]":
    """Start the crawling process; it ends when the block is left, on an error too."""
    with log_file.open("w", encoding="utf-8") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "catalog_jobs.sources.crawl_process"],
            env={**({PAGE_CACHE: str(page_cache)} if page_cache else {}), **os.environ},
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            text=True,
            # The terminal's Ctrl-C is for the parent, which ends the child itself.
            start_new_session=True,
        )
        try:
            if child.stdin is not None:
                child.stdin.write(job + "\n")
                child.stdin.flush()
            yield child
        finally:
            _end(child)


def _end(child: "subprocess.Popen[str]") -> None:
    # Kill, not terminate: its output is complete at any moment, and pages under way would take long.
    child.kill()
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
