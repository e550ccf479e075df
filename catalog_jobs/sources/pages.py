"""Pages on the disk: the cache between runs, and unreadable pages that are kept for inspection."""

import json
import os
import time
from pathlib import Path

from scrapy import Request, Spider
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings
from scrapy.utils.request import RequestFingerprinterProtocol

MAX_AGE_SECONDS = 30 * 86_400
"""After this time without a request, a page leaves the cache."""

MAX_PAGES = 20
MAX_PAGE_BYTES = 2 * 1024**2
INDEX = "pages.jsonl"


class PageCache:
    """Scrapy's cache storage with one file a page: a line of JSON, then the body.

    Scrapy's own storages pickle, and others may be able to write to the cache.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._root = Path(settings["HTTPCACHE_DIR"])

    def open_spider(self, spider: Spider) -> None:
        """Open the shop's folder and delete the pages that are too old."""
        self._folder = self._root / spider.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._fingerprinter: RequestFingerprinterProtocol = spider.crawler.request_fingerprinter
        oldest = time.time() - MAX_AGE_SECONDS
        for path in self._folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink()

    def close_spider(self, spider: Spider) -> None:
        """Do nothing: every page is written at once."""

    def retrieve_response(self, _spider: Spider, request: Request) -> Response | None:
        """Return the cached page, or None if there is no readable one."""
        try:
            head, _, body = self._path(request).read_bytes().partition(b"\n")
            meta = json.loads(head)
            headers = Headers(
                {name: [value.encode("latin-1") for value in meta["headers"][name]] for name in meta["headers"]}
            )
            kind = responsetypes.from_args(headers=headers, url=meta["url"], body=body)
            return kind(url=meta["url"], headers=headers, status=meta["status"], body=body)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def store_response(self, _spider: Spider, request: Request, response: Response) -> None:
        """Write the page atomically."""
        headers = {
            name.decode("latin-1"): [value.decode("latin-1") for value in response.headers.getlist(name)]
            for name in response.headers
        }
        head = json.dumps({"url": response.url, "status": response.status, "headers": headers})
        path = self._path(request)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(head.encode() + b"\n" + response.body)
        os.replace(unfinished, path)

    def _path(self, request: Request) -> Path:
        return self._folder / self._fingerprinter.fingerprint(request).hex()


class UnreadablePages:
    """A folder with the unreadable pages of a shop's last crawl; `INDEX` lists each file's URL and reason."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        for path in (folder / INDEX, *folder.glob("page-*.txt")):
            path.unlink(missing_ok=True)

    def keep(self, url: str, body: bytes, reason: str) -> None:
        """Write the beginning of a page, up to `MAX_PAGES` pages. As text, so that no browser runs its scripts."""
        if self._count == MAX_PAGES:
            return
        self._count += 1
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"page-{self._count:02}.txt"
        (self._folder / name).write_bytes(body[:MAX_PAGE_BYTES])
        with (self._folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(json.dumps({"url": url, "file": name, "why": reason}, ensure_ascii=False) + "\n")
