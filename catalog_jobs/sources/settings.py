"""Scrapy's settings: polite, bounded and quiet."""

import os
import re
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from scrapy.settings.default_settings import RETRY_HTTP_CODES

from catalog_jobs.sources.robots import NAME as ROBOTS_NAME
from catalog_jobs.sources.shops import Shop
from closetspace.adapters.network.addresses import is_public_host
from closetspace.adapters.network.fetching import is_web_url
from closetspace.errors import InvalidInput
from closetspace.settings import Settings

CONTACT = "CLOSETSPACE_CONTACT"
"""The environment variable for the URL or e-mail address of the operator, which goes into the user agent."""

_CONTACT = re.compile(r"https?://[!-~]{1,500}|[!-~]{1,100}@[!-~]{1,400}")

PAGE_CACHE = "CLOSETSPACE_PAGE_CACHE"
"""The environment variable for the store, a folder or ``gs://BUCKET``, that keeps pages and feeds between runs."""

PRIVATE_HOSTS = "PRIVATE_HOSTS"
"""The name of our setting of Scrapy for the hosts that may have addresses that are not public."""

MAX_PAGE_BYTES = 16 * 1024**2
MAX_SITEMAP_BYTES = 64 * 1024**2
"""Compressed and decompressed. Sitemaps may have 50 MB; another page of 16 MB is an error or an attack."""

MAX_ROBOTS_BYTES = 500 * 1024
"""Bytes of a robots.txt that count, as in RFC 9309, 2.5. Every rule costs time for every page."""

MAX_WAIT_SECONDS = 300.0
"""Before one request. A page that is to be asked for later, and a shop that wants longer waits, are not read."""

MAX_CRAWL_MEGABYTES = 1_024
"""Memory of a crawl. An ordinary one takes 150 MB, and the costliest page that we know of 300 MB more."""

_PACKAGE = "catalog_jobs.sources"


def user_agent() -> str:
    """Return the user agent with the operator's contact."""
    contact = os.environ.get(CONTACT, "")
    return f"Closetspace/{version('closetspace')}" + (f" (+{contact})" if contact else "")


def require_contact(*urls: str) -> None:
    """Raise `InvalidInput` if a URL is one of a public shop, and the operator gave no contact."""
    named = {urlsplit(url).hostname or "" for url in urls if is_web_url(url, credentials=True)}
    hosts = {host for host in named - private_hosts() if is_public_host(host)}
    if hosts and not _CONTACT.fullmatch(os.environ.get(CONTACT, "")):
        raise InvalidInput(
            "contact_missing",
            f"Set {CONTACT} to a URL or an e-mail address under which {min(hosts)} can reach you: shops want to know"
            " who reads them.",
        )


def private_hosts() -> frozenset[str]:
    """Return the hosts that the operator named although their addresses are not public."""
    return Settings.from_env().private_hosts


def crawl_settings(shop: Shop) -> dict[str, Any]:
    """Return Scrapy's settings for one shop."""
    return _politeness(shop) | _network() | _limits(shop) | _page_cache() | _quiet()


def _politeness(shop: Shop) -> dict[str, Any]:
    return {
        "USER_AGENT": user_agent(),
        "ROBOTSTXT_OBEY": shop.obey_robots,
        "ROBOTSTXT_USER_AGENT": ROBOTS_NAME,
        "ROBOTSTXT_PARSER": f"{_PACKAGE}.robots_middlewares.ShortRobots",
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": shop.delay_seconds,
        "DOWNLOAD_DELAY": shop.delay_seconds,
        # By default, Scrapy waits from half of the delay.
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS": shop.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": shop.concurrency,
        "RETRY_TIMES": shop.retries,
        # 430 is Shopify's 429.
        "RETRY_HTTP_CODES": [*RETRY_HTTP_CODES, 430],
        "RETRY_WAIT_SECONDS": shop.retry_wait_seconds,
        "RETRY_GIVE_UP_LOG_LEVEL": "INFO",
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            f"{_PACKAGE}.middlewares.StrictOffsiteMiddleware": 50,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            f"{_PACKAGE}.robots_middlewares.StrictRobotsMiddleware": 100,
            # Between the decompression and the redirects, which fail at a base that is no URL.
            f"{_PACKAGE}.middlewares.ValidBaseMiddleware": 585,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            f"{_PACKAGE}.middlewares.BackoffRetryMiddleware": 550,
            "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
            f"{_PACKAGE}.pages.RevalidatingCacheMiddleware": 900,
            # Behind the retries, which so never see a failure that it explains.
            f"{_PACKAGE}.addresses.PublicHostMiddleware": 560,
        },
        "EXTENSIONS": {f"{_PACKAGE}.robots_middlewares.CrawlDelay": 0},
        "ITEM_PIPELINES": {f"{_PACKAGE}.pipelines.ItemPipeline": 300},
    }


def _network() -> dict[str, Any]:
    """Return settings for connections to public addresses alone, without proxies, which would resolve names."""
    return {
        "TWISTED_DNS_RESOLVER": f"{_PACKAGE}.addresses.PublicResolver",
        PRIVATE_HOSTS: sorted(private_hosts()),
        "HTTPPROXY_ENABLED": False,
    }


def _limits(shop: Shop) -> dict[str, Any]:
    return {
        "DOWNLOAD_TIMEOUT": shop.page_timeout_seconds,
        "DOWNLOAD_MAXSIZE": MAX_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "REDIRECT_MAX_TIMES": 5,
        # Scrapy would drop requests beyond its own limits in silence: a list is as deep as it has pages.
        "DEPTH_LIMIT": 0,
        "URLLENGTH_LIMIT": 0,
        "CLOSESPIDER_TIMEOUT": shop.timeout_seconds,
        "CLOSESPIDER_ITEMCOUNT": shop.limit or 0,
        "MEMUSAGE_LIMIT_MB": MAX_CRAWL_MEGABYTES,
        "COOKIES_ENABLED": False,
    }


def _page_cache() -> dict[str, Any]:
    store = os.environ.get(PAGE_CACHE, "")
    if not store:
        return {}
    return {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_DIR": store,
        "HTTPCACHE_POLICY": f"{_PACKAGE}.pages.RevalidatingPolicy",
        "HTTPCACHE_STORAGE": f"{_PACKAGE}.pages.PageCache",
        # Always revalidate, because prices change before the pages expire. That is what no-cache means, but for pages
        # with no-cache Scrapy would not send the validators.
        "HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS": ["no-cache"],
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "en",
            "Cache-Control": "max-age=0",
        },
    }


def _quiet() -> dict[str, Any]:
    """Return settings without open ports and without logs of routine events."""
    return {
        "LOG_LEVEL": "WARNING",
        "DEFAULT_DROPITEM_LOG_LEVEL": "DEBUG",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOGSTATS_INTERVAL": 0,
        "STATS_DUMP": False,
    }
