"""Looks at a shop's site, politely, and proposes how to configure it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urljoin

from pydantic import ValidationError
from scrapy.http import TextResponse

from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.fetch_failures import NOT_FOLLOWED, NOT_INDEXED
from catalog_jobs.sources.inspection import FEED, STRUCTURED, Inspection, Inspector
from catalog_jobs.sources.page_links import links_of, unreadable_links
from catalog_jobs.sources.page_reading import is_too_complex
from catalog_jobs.sources.parsers.values import absolute_url
from catalog_jobs.sources.platforms import PLATFORMS, SITEMAPS
from catalog_jobs.sources.product_urls import follow_pattern, samples
from catalog_jobs.sources.robots import NOFOLLOW, NOINDEX, requests_of, seconds_between_requests
from catalog_jobs.sources.shops import Shop
from catalog_jobs.sources.site_reading import MAX_SITEMAPS, Report, SiteReader
from closetspace.errors import ClosetspaceError, InvalidInput
from closetspace.validation import first_violation

MAX_SAMPLES = 6
"""Pages that may be those of products. With the rest, a look takes up to 14 requests."""

MAX_FEEDS = 2

MAX_SHOWN = 200
"""Characters of an address in a report."""

_FEEDS = "//link[@rel='alternate'][contains(@type, 'rss') or contains(@type, 'atom') or contains(@type, 'csv')]/@href"
_LISTINGS = re.compile(r"[?&](page|p|pg|seite|pagina)=\d+")


_ALONE = (
    "{} shows a product, but neither a sitemap nor a link leads to others: give a page that links to products, or ask"
    " the shop for a feed."
)
_NOTHING = "No product could be read by way of {}: ask the shop for a feed, or give a product's page."


@dataclass(frozen=True)
class Proposal:
    """A shop, and what was read of it as its kind."""

    shop: Shop
    result: SourceResult


class _Product(NamedTuple):
    """The page of a product, and what was read of it."""

    url: str
    found: Inspection


@dataclass
class SiteExplorer:
    """Looks at one site. ``name`` is the shop's, ``report`` says what was found."""

    inspector: Inspector
    name: str
    report: Report
    _samples_left: int = MAX_SAMPLES
    _is_product: bool = False

    @property
    def _reader(self) -> SiteReader:
        return SiteReader(self.inspector.client, self.report)

    def explore(self, url: str) -> Proposal:
        """Return the first configuration that reads products: of the address itself, a list, a feed, a sitemap, links.

        Raises `InvalidInput` if none does, or if the address can't be requested, `Transient` if it can't be now.
        """
        # An invalid name is an error before the site is asked.
        self._shop(FEED, feed=url)
        page = self._reader.page(url)
        if delay := seconds_between_requests(self.inspector.client.robots(url)):
            self.report(f"robots.txt asks for {delay:g} s between two requests: crawls respect it")
        for way in (self._as_given, self._by_platform, self._by_feed, self._by_sitemap, self._by_links):
            if proposal := way(page):
                return proposal
            if is_too_complex(page.text):
                break
        raise InvalidInput("shop_unreadable", _ALONE.format(url) if self._is_product else _NOTHING.format(url))

    def _as_given(self, page: TextResponse) -> Proposal | None:
        found = self._attempt(self.inspector.inspect, page.url)
        self._is_product = found is not None and found.kind == STRUCTURED
        if not found or self._is_product:
            return None
        return self._proposal(found, **({"feed": page.url} if found.kind == FEED else {"start_urls": [page.url]}))

    def _by_platform(self, page: TextResponse) -> Proposal | None:
        for platform in PLATFORMS:
            if not platform.signs.search(page.text):
                continue
            named = platform.currency.findall(page.text) if platform.currency else []
            currency = self.inspector.defaults.currency or next(iter(named), "")
            inspector = replace(self.inspector, defaults=replace(self.inspector.defaults, currency=currency))
            url = platform.list_url(urljoin(page.url, "/"), 1)
            if found := self._attempt(inspector.inspect, url, platform.kind):
                if platform.currency and not currency:
                    self.report("its list names no currency: set one")
                return self._proposal(found, start_urls=[urljoin(page.url, "/")], currency=currency)
        return None

    def _by_feed(self, page: TextResponse) -> Proposal | None:
        for address in page.xpath(_FEEDS).getall()[:MAX_FEEDS]:
            url = absolute_url(page.url, address)
            # Not a path of this machine either, which an address of another scheme would be read as.
            if not self.inspector.client.is_allowed(url, page.url):
                self.report(f"{address[:MAX_SHOWN]}: the feed is not read, because it is on another site or refused")
            elif found := self._attempt(self.inspector.inspect, url, FEED):
                return self._proposal(found, feed=url)
        return None

    def _by_sitemap(self, page: TextResponse) -> Proposal | None:
        for kind, signs, path in SITEMAPS:
            if signs.search(page.text):
                for urls in self._reader.sitemap(urljoin(page.url, path)):
                    if product := self._product(page, urls, kind):
                        return self._proposal(product.found, start_urls=[urljoin(page.url, "/")])
        named = list(self.inspector.client.robots(page.url).sitemaps) or [urljoin(page.url, "/sitemap.xml")]
        for sitemap in named[:MAX_SITEMAPS]:
            for urls in self._reader.sitemap(sitemap):
                if product := self._product(page, urls):
                    return self._proposal(product.found, sitemap_urls=[sitemap], follow=[self._follow(product, urls)])
        return None

    def _by_links(self, page: TextResponse) -> Proposal | None:
        if NOFOLLOW in requests_of(page):
            self.report(f"{page.url}: {NOT_FOLLOWED}")
            return None
        if reason := unreadable_links(page):
            self.report(f"{page.url}: {reason}")
            return None
        links = [link.url for link in links_of(page) if not link.nofollow]
        listings = [rf"[?&]{match[1]}=\d+" for url in links if (match := _LISTINGS.search(url))]
        if not (product := self._product(page, links)):
            return None
        follow = [self._follow(product, links)]
        return self._proposal(product.found, start_urls=[page.url], listings=listings[:1], follow=follow)

    def _product(self, page: TextResponse, urls: Sequence[str], kind: str = STRUCTURED) -> "_Product | None":
        """Return the first of some of the URLs that is the page of a product."""
        candidates = [url for url in samples(urls) if self.inspector.client.is_allowed(url, page.url)]
        for url in ([page.url] if page.url in urls else []) + candidates:
            if not self._samples_left:
                return None
            self._samples_left -= 1
            if found := self._attempt(self._product_page, url, kind):
                return _Product(url, found)
        return None

    def _follow(self, product: "_Product", urls: Sequence[str]) -> str:
        pattern = follow_pattern(product.url, urls)
        matches = sum(re.search(pattern, url) is not None for url in urls)
        self.report(f"follow = {pattern!r} matches {matches:,} of {len(urls):,} URLs")
        return pattern

    def _product_page(self, url: str, kind: str) -> Inspection:
        """Read a page as one of a product. Raises `InvalidInput` if it asks not to be indexed."""
        page = self._reader.page(url)
        if not is_too_complex(page.text) and NOINDEX in requests_of(page):
            raise InvalidInput("page_not_indexed", f"{url}: {NOT_INDEXED}.")
        return self.inspector.inspect(url, kind)

    def _attempt(self, read: Callable[..., Inspection], *arguments: str) -> Inspection | None:
        """Return what was read, if it has an item; report why not."""
        try:
            found = read(*arguments)
        except ClosetspaceError as exc:
            self.report(str(exc))
            return None
        if not found.result.items:
            reasons = found.result.failure or "; ".join(found.result.left_out)
            self.report(f"{arguments[0]}: {reasons}")
            return None
        return found

    def _proposal(self, found: Inspection, **settings: Any) -> Proposal:
        return Proposal(self._shop(found.kind, **settings), found.result)

    def _shop(self, kind: str, **settings: Any) -> Shop:
        """Return a shop. Raises `InvalidInput` if its name is not valid, or if the site's addresses are too long."""
        given = {name: value for name, value in settings.items() if value}
        try:
            return Shop.model_validate({"name": self.name, "kind": kind} | given)
        except ValidationError as exc:
            raise InvalidInput("shop_invalid", f"[shops.{self.name}] {first_violation(exc).message}") from exc
