"""Reads sitemaps, indexes of sitemaps, and robots.txt as one."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

from scrapy.utils.sitemap import sitemap_urls_from_robots

from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml, local_name
from catalog_jobs.sources.parsers.values import absolute_url
from catalog_jobs.sources.settings import MAX_SITEMAP_BYTES

NO_SITEMAP = "it is no sitemap, and names none"
CUT_OFF = "it breaks off before its end"

MAX_SITEMAP_ENTRIES = 500_000
"""Ten times what sitemaps may have."""

MAX_ENTRY_BYTES = 1_000_000
"""Bytes of a sitemap from one URL to the next, in which it may have images, translations and videos."""

_CHUNK = 1 << 16
_MAX_BEHIND = 100_000
"""Bytes behind the last element that are searched for its end: comments, and what a server appends to every page."""

_END = re.compile(rb"</(?:[\w-]+:)?(?:urlset|sitemapindex)\s*>|<(?:[\w-]+:)?(?:urlset|sitemapindex)\b[^<>]*/>")


def read_sitemap(body: bytes, url: str) -> tuple[str, Iterator[str]]:
    """Return the kind of a sitemap (``sitemapindex``, ``urlset``, ``""`` if it is neither) and its URLs.

    The URLs need not be valid, but are absolute if they are. Raises `BrokenXml`, behind the last URL that can be read,
    if the sitemap is too large or breaks off.
    """
    if url.endswith("/robots.txt"):
        named = [absolute_url(url, address) or address for address in sitemap_urls_from_robots(body)]
        return "sitemapindex" if named else "", iter(named)
    if body.startswith(b"\x1f\x8b"):
        body = _unpacked(body)
    try:
        # Broken XML is common: URLs with an unescaped "&".
        sitemap = BoundedXml(BytesIO(body), ("url", "sitemap"), MAX_ENTRY_BYTES, recover=True)
    except BrokenXml:
        return "", iter(())
    kind = sitemap.root if sitemap.root in ("sitemapindex", "urlset") else ""
    return kind, (absolute_url(url, location) or location for location in _locations(sitemap, body))


def _unpacked(body: bytes) -> bytes:
    """Return what can be decompressed. Raises `BrokenXml` if it is too much."""
    data = bytearray()
    with suppress(EOFError, OSError, zlib.error), gzip.GzipFile(fileobj=BytesIO(body)) as file:
        while chunk := file.read1(_CHUNK):
            data += chunk
            if len(data) > MAX_SITEMAP_BYTES:
                raise BrokenXml(f"it unpacks to more than {MAX_SITEMAP_BYTES:,} bytes")
    return bytes(data)


def _locations(sitemap: BoundedXml, body: bytes) -> Iterator[str]:
    for number, entry in enumerate(sitemap):
        if number == MAX_SITEMAP_ENTRIES:
            raise BrokenXml(f"it has more than {MAX_SITEMAP_ENTRIES:,} entries")
        location = next((child.text or "" for child in entry if local_name(child) == "loc"), "").strip()
        if location:
            yield location
    # The XML library reads on behind errors, and to it a missing end is one.
    if not _END.search(body[-_MAX_BEHIND:].replace(b"\0", b"")):
        raise BrokenXml(CUT_OFF)
