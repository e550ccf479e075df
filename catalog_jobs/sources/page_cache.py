"""Pages kept between runs, so that a shop is only asked whether they have changed."""

import json
import os
import time
from pathlib import Path

from scrapy import Request, Spider
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings
from scrapy.utils.request import RequestFingerprinterProtocol

KEPT_FOR = 30 * 86_400
"""Seconds after which a page that no run has asked for goes."""


class PageCache:
    """Scrapy's cache storage, one file a page: a line of JSON, then the body.

    Scrapy's own pickles, and a cache may lie where others can write.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._root = Path(settings["HTTPCACHE_DIR"])

    def open_spider(self, spider: Spider) -> None:
        """Begin, without the pages that nobody asks for any more."""
        self._folder = self._root / spider.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._fingerprinter: RequestFingerprinterProtocol = spider.crawler.request_fingerprinter
        old = time.time() - KEPT_FOR
        for path in self._folder.iterdir():
            if path.stat().st_mtime < old:
                path.unlink()

    def close_spider(self, spider: Spider) -> None:
        """Everything is on the disk already."""

    def retrieve_response(self, _spider: Spider, request: Request) -> Response | None:
        """The page as it was last, or None; a file that can't be read is none."""
        try:
            head, _, body = self._path(request).read_bytes().partition(b"\n")
            told = json.loads(head)
            headers = Headers(
                {name: [value.encode("latin-1") for value in told["headers"][name]] for name in told["headers"]}
            )
            kind = responsetypes.from_args(headers=headers, url=told["url"], body=body)
            return kind(url=told["url"], headers=headers, status=told["status"], body=body)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def store_response(self, _spider: Spider, request: Request, response: Response) -> None:
        """Keep the page; a crash leaves the old one or the new one, never half of it."""
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
