"""How shops are read: slowly, openly, and no more than needed. The settings of Scrapy that make it so."""

import os
from pathlib import Path
from typing import Any

from catalog_jobs.sources.shops import Shop

CONTACT = "CLOSETSPACE_CONTACT"
"""An address or a mailbox where a shop reaches whoever runs the crawl."""

PAGE_CACHE = "CLOSETSPACE_PAGE_CACHE"
"""A folder for pages and their validators between runs. Without it every page is downloaded anew."""

LARGEST_PAGE = 16 * 1024**2
LARGEST_LIST = 64 * 1024**2
"""Bytes, unpacked. The protocol of sitemaps allows 50 MB; a product page of 16 MB is a fault or an attack."""

_OURS = "catalog_jobs.sources"


def user_agent() -> str:
    """Who asks, and where to complain."""
    contact = os.environ.get(CONTACT, "")
    return f"Closetspace/0.1 (+{contact})" if contact else "Closetspace/0.1"


def crawl_settings(shop: Shop) -> dict[str, Any]:
    """Scrapy's settings for one shop."""
    return _manners(shop) | _bounds(shop) | _page_cache() | _quiet()


def _manners(shop: Shop) -> dict[str, Any]:
    return {
        "USER_AGENT": user_agent(),
        "ROBOTSTXT_OBEY": shop.obey_robots,
        "ROBOTSTXT_USER_AGENT": "Closetspace",
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": shop.delay_seconds,
        "DOWNLOAD_DELAY": shop.delay_seconds,
        "CONCURRENT_REQUESTS": shop.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": shop.concurrency,
        "RETRY_TIMES": shop.retries,
        "RETRY_WAIT_SECONDS": shop.retry_wait_seconds,
        "RETRY_GIVE_UP_LOG_LEVEL": "INFO",
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            f"{_OURS}.offsite.StrictOffsiteMiddleware": 50,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            f"{_OURS}.retrying.BackoffRetryMiddleware": 550,
        },
        "ITEM_PIPELINES": {f"{_OURS}.recording.ItemPipeline": 300},
    }


def _bounds(shop: Shop) -> dict[str, Any]:
    return {
        "DOWNLOAD_TIMEOUT": shop.page_timeout_seconds,
        "DOWNLOAD_MAXSIZE": LARGEST_PAGE,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "REDIRECT_MAX_TIMES": 5,
        "DEPTH_LIMIT": 1_000,
        "CLOSESPIDER_TIMEOUT": shop.timeout_seconds,
        "CLOSESPIDER_ITEMCOUNT": shop.limit or 0,
        "MEMUSAGE_LIMIT_MB": 2_048,
        "COOKIES_ENABLED": False,
    }


def _page_cache() -> dict[str, Any]:
    folder = os.environ.get(PAGE_CACHE, "")
    if not folder:
        return {}
    return {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_DIR": str(Path(folder).absolute()),
        "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
        "HTTPCACHE_STORAGE": f"{_OURS}.page_cache.PageCache",
        # Always ask whether a page has changed, never guess: prices do not keep to what a shop says of its pages. That
        # is what no-cache means, for which Scrapy would not send the validators at all.
        "HTTPCACHE_IGNORE_RESPONSE_CACHE_CONTROLS": ["no-cache"],
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "en",
            "Cache-Control": "max-age=0",
        },
    }


def _quiet() -> dict[str, Any]:
    """Nothing that listens on a port, nothing that writes what nobody reads."""
    return {
        "LOG_LEVEL": "WARNING",
        "DEFAULT_DROPITEM_LOG_LEVEL": "DEBUG",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOGSTATS_INTERVAL": 0,
        "STATS_DUMP": False,
    }
