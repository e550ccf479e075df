"""Crawling one shop, from the outside."""

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

from catalog_jobs.catalog.source import Progress
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.sources.events import EventReader
from catalog_jobs.sources.feeds.feed import gather_feed
from catalog_jobs.sources.pipelines import Defaults
from catalog_jobs.sources.scrapfly import KEY, has_key, without_key
from catalog_jobs.sources.settings import PAGE_CACHE
from catalog_jobs.sources.shops import Shop
from closetspace.errors import InvalidInput, Transient

POLL = 0.1
GRACE = 10.0
"""Seconds beyond its own time, and beyond that of its last page, after which a crawl is taken to hang."""

_NO_KEY = f"There is no {KEY}, so it was read without Scrapfly."

_log = logging.getLogger(__name__)


def crawl(shop: Shop, inspection: Path, now: datetime, progress: Progress, page_cache: Path | None = None) -> Scraped:
    """Read a shop as its configuration says; never raises for what the shop does.

    ``inspection`` gets a folder of the shop's name with the pages that could not be read. ``progress`` is told pages
    done and pages known so far. Interrupted, or its parent killed, the crawl leaves no process behind.
    """
    if shop.kind == "feed":
        return _read_feed(shop, now, progress)
    if shop.scrapfly and not has_key():
        _log.warning("%s: %s", shop.name, _NO_KEY)
    with TemporaryDirectory(prefix="closetspace-crawl-") as folder:
        reader = EventReader(Path(folder) / "events.jsonl")
        log = Path(folder) / "log.txt"
        job = {
            "shop": shop.model_dump(mode="json"),
            "now": now.isoformat(),
            "events": str(Path(folder) / "events.jsonl"),
            "inspection": str((inspection / shop.name).absolute()),
        }
        with _child(json.dumps(job), log, page_cache) as child:
            _follow(
                child, reader, progress, time.monotonic() + shop.timeout_seconds + shop.page_timeout_seconds + GRACE
            )
        reader.close()
        return _scraped(shop, reader, log)


def _follow(child: "subprocess.Popen[str]", reader: EventReader, progress: Progress, deadline: float) -> None:
    """Read what the child tells until it ends, or until the deadline, when something keeps it from ending."""
    told = (0, 0)
    running = True
    while running and time.monotonic() < deadline:
        try:
            child.wait(POLL)
            running = False
        except subprocess.TimeoutExpired:
            running = True
        reader.read()
        if reader.pages != told:
            told = reader.pages
            progress(*told)


def _scraped(shop: Shop, reader: EventReader, log: Path) -> Scraped:
    trouble = reader.end
    if trouble is None:
        last = (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        trouble = f"The crawl stopped before its end: {without_key(last)}"
    if trouble and shop.scrapfly and not has_key():
        trouble = f"{trouble} {_NO_KEY}"
    return Scraped(shop.name, tuple(reader.items), dict(reader.left_out), trouble)


def _read_feed(shop: Shop, now: datetime, progress: Progress) -> Scraped:
    progress(0, 1)
    try:
        scraped = gather_feed(shop.feed, Defaults.of_shop(shop), now)
    except (InvalidInput, Transient) as exc:
        return Scraped(shop.name, (), trouble=str(exc))
    progress(1, 1)
    return scraped


@contextmanager
def _child(job: str, log: Path, page_cache: Path | None) -> "Iterator[subprocess.Popen[str]]":
    """The crawling process; ended when the block is left, however it is left."""
    with log.open("w", encoding="utf-8") as errors:
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
    # At once: whatever it writes is whole at any moment, and waiting for pages that nobody wants takes long.
    child.kill()
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
