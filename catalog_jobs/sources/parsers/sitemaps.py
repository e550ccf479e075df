"""Reads sitemaps, indexes of sitemaps, and robots.txt as one."""

import zlib
from collections.abc import Iterator
from io import BytesIO

from scrapy.utils.sitemap import sitemap_urls_from_robots

from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml, local_name
from catalog_jobs.sources.parsers.values import absolute_url
from catalog_jobs.sources.settings import MAX_SITEMAP_BYTES

NO_SITEMAP = "it is no sitemap, and names none"

MAX_SITEMAP_ENTRIES = 500_000
"""Ten times what sitemaps may have."""

MAX_ENTRY_BYTES = 1_000_000
"""Bytes of a sitemap from one URL to the next, in which it may have images, translations and videos."""


def read_sitemap(body: bytes, url: str) -> tuple[str, Iterator[str]]:
    """Return the kind of a sitemap (``sitemapindex``, ``urlset``, ``""`` if it is neither) and its URLs."""
    if url.endswith("/robots.txt"):
        named = list(sitemap_urls_from_robots(body, base_url=url))
        return "sitemapindex" if named else "", iter(named)
    if body.startswith(b"\x1f\x8b"):
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, MAX_SITEMAP_BYTES)
        except zlib.error:
            return "", iter(())
    try:
        # Broken XML is common: URLs with an unescaped "&".
        sitemap = BoundedXml(BytesIO(body), ("url", "sitemap"), MAX_ENTRY_BYTES, recover=True)
    except BrokenXml:
        return "", iter(())
    kind = sitemap.root if sitemap.root in ("sitemapindex", "urlset") else ""
    return kind, (absolute_url(url, location) for location in _locations(sitemap))


def _locations(sitemap: BoundedXml) -> Iterator[str]:
    for number, entry in enumerate(sitemap):
        if number == MAX_SITEMAP_ENTRIES:
            raise BrokenXml(f"it has more than {MAX_SITEMAP_ENTRIES:,} entries")
        location = next((child.text or "" for child in entry if local_name(child) == "loc"), "").strip()
        if location:
            yield location
