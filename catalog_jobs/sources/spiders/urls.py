"""Which URLs a crawl of a shop may request."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from catalog_jobs.sources.shops import Shop
from closetspace.adapters.network.fetching import is_web_url

INVALID_URL = "link: its URL is not valid"

MAX_URL_LENGTH = 8_000
"""Characters. Servers refuse longer URLs; our own, of queries, have 1,200."""


def requestable(url: str) -> str:
    """Return the URL. Raises `ValueError` if it can't be requested."""
    if not is_web_url(url) or len(url) > MAX_URL_LENGTH:
        raise ValueError(INVALID_URL)
    return url


def allowed_hosts(shop: Shop) -> list[str]:
    """Return the hosts that a crawl may request; their subdomains are allowed too."""
    hosts = (urlsplit(url).hostname or "" for url in (*shop.start_urls, *shop.sitemap_urls))
    return sorted({host.removeprefix("www.") for host in (*hosts, *shop.allowed_hosts) if host})


def is_on_hosts(url: str, hosts: Iterable[str]) -> bool:
    """Return whether a URL is on one of the hosts, or on a subdomain of one."""
    try:
        host = f".{urlsplit(url).hostname or ''}"
    except ValueError:
        return False
    return any(host.endswith(f".{allowed}") for allowed in hosts)
