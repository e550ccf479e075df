"""Reads pages and sitemaps of a site one by one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from scrapy.http import HtmlResponse, TextResponse

from catalog_jobs.sources.bounded_xml import BrokenXml
from catalog_jobs.sources.page_reading import with_valid_base
from catalog_jobs.sources.parsers.sitemaps import read_sitemap
from catalog_jobs.sources.polite_client import PoliteClient
from closetspace.adapters.network.fetching import is_web_url
from closetspace.errors import ClosetspaceError

Report = Callable[[str], object]
"""Says what was found, in a line."""

MAX_SITEMAPS = 2
"""Sitemaps that are read of one that leads to others."""

MAX_URLS = 50_000

_PRODUCT_SITEMAP = re.compile(r"produ[ck]t|produit|prodott|artikel|item|pdp", re.IGNORECASE)


@dataclass(frozen=True)
class SiteReader:
    """Reads by a polite client, and reports which sitemaps it read, or why it could not."""

    client: PoliteClient
    report: Report

    def page(self, url: str) -> TextResponse:
        """Return a page. Raises as `PoliteClient.get` does."""
        return with_valid_base(HtmlResponse(url, body=self.client.get(url)))

    def sitemap(self, address: str) -> Iterator[list[str]]:
        """Yield the URLs of a sitemap, or of some of those that it leads to, first of those for products."""
        kind, urls = self._read_sitemap(address)
        if kind != "sitemapindex":
            yield urls
            return
        for part in sorted(urls, key=lambda url: _PRODUCT_SITEMAP.search(url) is None)[:MAX_SITEMAPS]:
            yield self._read_sitemap(part)[1]

    def _read_sitemap(self, address: str) -> tuple[str, list[str]]:
        try:
            kind, urls = read_sitemap(self.client.get(address), address)
            found = [url for url in islice(urls, MAX_URLS) if is_web_url(url)]
        except ClosetspaceError as exc:
            self.report(str(exc))
            return "", []
        except BrokenXml as exc:
            self.report(f"{address}: {exc}")
            return "", []
        self.report(f"{address} has {len(found):,} URLs" if kind else f"{address} is no sitemap")
        return kind, found
