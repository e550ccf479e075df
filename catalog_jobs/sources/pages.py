"""Pages that are kept: the cache between runs, and unreadable pages for inspection."""

import json
import logging
import time
from pathlib import Path

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.extensions.httpcache import RFC2616Policy
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings
from scrapy.utils.request import RequestFingerprinterProtocol

from closetspace.bootstrap import open_store
from closetspace.errors import ClosetspaceError

log = logging.getLogger(__name__)

CACHE_FOLDER = "page-cache/"
"""Where a store keeps pages and feeds between runs."""

REFRESHED_SECONDS = 10 * 86_400
"""After this time, a page that has not changed is written again, so that only those are old that no run asks for."""

MAX_PAGES = 20
MAX_PAGE_BYTES = 2 * 1024**2
INDEX = "pages.jsonl"


class PageCache:
    """Scrapy's cache storage over an object store. An object is a line of JSON, then the body of a page.

    Scrapy's own storages need a disk and pickle, and others may be able to write to the cache. Without the store, pages
    are downloaded again.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._store = open_store(settings["HTTPCACHE_DIR"])
        self._written: dict[str, float] = {}

    def open_spider(self, spider: Spider) -> None:
        """Take the spider's name as that of the folder; Scrapy calls it."""
        self._folder = f"{CACHE_FOLDER}{spider.name}/"
        self._fingerprinter: RequestFingerprinterProtocol = spider.crawler.request_fingerprinter

    def close_spider(self, spider: Spider) -> None:
        """Do nothing: every page is written at once."""

    def retrieve_response(self, _spider: Spider, request: Request) -> Response | None:
        """Return the cached page, or None if there is no readable one."""
        name = self._name(request)
        try:
            head, _, body = self._store.read(name).partition(b"\n")
            meta = json.loads(head)
            headers = Headers(
                {name: [value.encode("latin-1") for value in meta["headers"][name]] for name in meta["headers"]}
            )
            self._written[name] = float(meta["written"])
            kind = responsetypes.from_args(headers=headers, url=meta["url"], body=body)
            return kind(url=meta["url"], headers=headers, status=meta["status"], body=body)
        except (ClosetspaceError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def store_response(self, _spider: Spider, request: Request, response: Response) -> None:
        """Write the page, unless it came from the cache and was written lately."""
        name, now = self._name(request), time.time()
        if "cached" in response.flags and now - self._written.get(name, 0.0) < REFRESHED_SECONDS:
            return
        headers = {
            name.decode("latin-1"): [value.decode("latin-1") for value in response.headers.getlist(name)]
            for name in response.headers
        }
        head = {"url": response.url, "status": response.status, "headers": headers, "written": now}
        try:
            self._store.write(name, json.dumps(head).encode() + b"\n" + response.body)
        except ClosetspaceError as exc:
            log.warning("a page was not kept: %s", exc)

    def _name(self, request: Request) -> str:
        return self._folder + self._fingerprinter.fingerprint(request).hex()


class RevalidatingPolicy(RFC2616Policy):
    """Scrapy's policy, for pages that the shop has validators for; a cached page is used only if it is unchanged.

    Scrapy's own also uses it if the shop answers with an error, so that a shop that is closed looks as it was before.
    """

    def should_cache_response(self, response: Response, request: Request) -> bool:
        """Return whether to keep a page; Scrapy calls it."""
        has_validator = b"ETag" in response.headers or b"Last-Modified" in response.headers
        return response.status == 200 and has_validator and bool(super().should_cache_response(response, request))

    def is_cached_response_valid(
        self,
        cachedresponse: Response,  # noqa: ARG002
        response: Response,
        request: Request,  # noqa: ARG002
    ) -> bool:
        """Return whether the shop says that the page has not changed; Scrapy calls it."""
        return bool(response.status == 304)


class RevalidatingCacheMiddleware(HttpCacheMiddleware):
    """Scrapy's cache, without its use of cached pages where the shop can't be reached."""

    DOWNLOAD_EXCEPTIONS = ()  # type: ignore[assignment]


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
