"""The crawler's limit to public addresses: what the name server answers is checked, and then connected to."""

from collections.abc import Sequence
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from catalog_jobs.sources.settings import PRIVATE_HOSTS
from closetspace.adapters.network.addresses import is_public, is_public_host

NOT_PUBLIC = "its host is not on the public internet"


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, for every connection of the crawl: pages, redirects, sitemaps and robots.txt.

    ``refused`` are the names whose address is not public.
    """

    def __init__(self, reactor: Any, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.private_hosts: frozenset[str] = frozenset()
        self.refused: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Build the resolver; Scrapy calls it."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.private_hosts = frozenset(crawler.settings.getlist(PRIVATE_HOSTS))
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802 - Twisted's name
        """Return the host's address, once it is known; it fails with `DNSLookupError` if the address is not public."""
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if name not in self.private_hosts and not is_public(address):
            self.refused.add(name)
            raise DNSLookupError(NOT_PUBLIC)
        return address


class PublicHostMiddleware:
    """Refuses URLs whose host is an address that is not public, and says so of names that the resolver refused."""

    def __init__(self, resolver: PublicResolver) -> None:
        self._resolver = resolver

    @classmethod
    def from_crawler(cls, _: Crawler) -> Self:
        """Build the middleware over the reactor's resolver; Scrapy calls it."""
        from twisted.internet import reactor

        return cls(reactor.resolver)

    def process_request(self, request: Request) -> None:
        """Raise `IgnoreRequest` for an address that is not public; also where Scrapfly would request it."""
        host = urlparse_cached(request).hostname or ""
        if host not in self._resolver.private_hosts and not is_public_host(host):
            raise IgnoreRequest(NOT_PUBLIC)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raise `IgnoreRequest` if the request failed because its host is not public, so that it is not repeated."""
        if urlparse_cached(request).hostname in self._resolver.refused:
            raise IgnoreRequest(NOT_PUBLIC) from exception
