"""Crawling through Scrapfly, for shops that refuse crawlers and have agreed to be read this way."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog_jobs.sources.shops import Shop

if TYPE_CHECKING:
    from catalog_jobs.sources.spiders.base import CrawlContext, ShopSpider

KEY = "SCRAPFLY_KEY"
HOST = "SCRAPFLY_HOST"
"""Scrapfly's address, if it is not the default of its package."""


def has_key(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the environment has a key."""
    return bool(environment.get(KEY))


def scrapfly_settings(shop: Shop, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return Scrapy's settings for Scrapfly, none if the shop does not use it or there is no key."""
    if not (shop.scrapfly and has_key(environment)):
        return {}
    host = {HOST: environment[HOST]} if environment.get(HOST) else {}
    # Validators and delays in Scrapfly's answers are Scrapfly's, not the shop's.
    return {"SCRAPFLY_API_KEY": environment[KEY], "HTTPCACHE_ENABLED": False, "AUTOTHROTTLE_ENABLED": False} | host


def redact_key(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Replace the key in a text: Scrapfly takes it in URLs, and errors quote URLs."""
    key = environment.get(KEY, "")
    return text.replace(key, "***") if key else text


def scrapfly_spider(spider: "type[ShopSpider]") -> "type[ShopSpider]":
    """Return a subclass of the spider that sends its requests through Scrapfly. Needs the extra ``scrapfly``."""
    from scrapfly import ScrapeConfig
    from scrapfly.scrapy import ScrapflyScrapyRequest, ScrapflySpider

    class ThroughScrapfly(spider, ScrapflySpider):  # type: ignore[misc, valid-type]
        def __init__(self, context: "CrawlContext") -> None:
            super().__init__(context)
            # Scrapfly's retries look here for their limit.
            self.custom_settings = {"SCRAPFLY_MAX_API_RETRIES": context.shop.retries + 1}

        def make_request(self, url: str, **options: Any) -> Any:
            config = ScrapeConfig(url=url, asp=True, headers=options.pop("headers", None))
            return ScrapflyScrapyRequest(scrape_config=config, **options)

        def closed(self, reason: str) -> None:
            super().closed(reason)
            ScrapflySpider.closed(self, reason)

    return ThroughScrapfly
