"""The base of spiders that read sitemaps."""

from abc import abstractmethod
from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Response

from catalog_jobs.sources.parsers.sitemaps import NO_SITEMAP, read_sitemap
from catalog_jobs.sources.settings import MAX_SITEMAP_BYTES
from catalog_jobs.sources.spiders.base import CallbackResult, ShopSpider, ignore_absence


class SitemapSpider(ShopSpider):
    """Reads sitemaps, and those that an index of sitemaps names.

    Subclasses choose which, and take the pages that they name. A sitemap may be absent unless it ``needs_sitemaps``.
    """

    needs_sitemaps = True

    def leads_to_products(self, sitemap: str) -> bool:
        """Return whether a sitemap that an index names is read."""
        return bool(sitemap)

    @abstractmethod
    def on_named_page(self, url: str) -> Iterator[Request]:
        """Take a page that a sitemap names, and yield the requests that it leads to."""

    def request_sitemap(self, url: str) -> Iterator[Request]:
        """Yield a request for a sitemap, an index of sitemaps, or robots.txt."""
        if_absent = None if self.needs_sitemaps else ignore_absence
        yield from self.request_page(
            url, self.parse_sitemap, listing=True, max_bytes=MAX_SITEMAP_BYTES, if_absent=if_absent
        )

    def parse_sitemap(self, response: Response) -> CallbackResult:
        """Take the pages that a sitemap names, or request the sitemaps that an index or robots.txt names."""
        kind, urls = read_sitemap(response.body, response.url)
        if not kind:
            self.count_unreadable(response, NO_SITEMAP)
            return
        for url in urls:
            if kind == "urlset":
                yield from self.on_named_page(url)
            elif self.leads_to_products(url):
                yield from self.request_sitemap(url)
        self.count_read(response)
