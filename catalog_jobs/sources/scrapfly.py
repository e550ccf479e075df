"""Asking through Scrapfly, for shops that refuse crawlers and agree to be read that way."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog_jobs.sources.shops import Shop

if TYPE_CHECKING:
    from catalog_jobs.sources.spiders.base import Crawl, ShopSpider

KEY = "SCRAPFLY_KEY"
HOST = "SCRAPFLY_HOST"
"""Where Scrapfly is, if not where its package says."""


def has_key(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a key to ask with."""
    return bool(environment.get(KEY))


def scrapfly_settings(shop: Shop, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Scrapy's settings for it; none where the shop does not want it or there is no key."""
    if not (shop.scrapfly and has_key(environment)):
        return {}
    host = {HOST: environment[HOST]} if environment.get(HOST) else {}
    # What Scrapfly answers is about its own request: no validators of the shop's, no delays worth learning from.
    return {"SCRAPFLY_API_KEY": environment[KEY], "HTTPCACHE_ENABLED": False, "AUTOTHROTTLE_ENABLED": False} | host


def without_key(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text with the key blotted out: Scrapfly takes it in addresses, which errors like to quote."""
    key = environment.get(KEY, "")
    return text.replace(key, "***") if key else text


def through_scrapfly(kind: "type[ShopSpider]") -> "type[ShopSpider]":
    """The same spider, asking through Scrapfly. Needs the extra ``scrapfly``."""
    from scrapfly import ScrapeConfig
    from scrapfly.scrapy import ScrapflyScrapyRequest, ScrapflySpider

    class Through(kind, ScrapflySpider):  # type: ignore[misc, valid-type]
        def __init__(self, crawl: "Crawl") -> None:
            super().__init__(crawl)
            # Scrapfly's retries look for their limit here, where other spiders have none.
            self.custom_settings = {"SCRAPFLY_MAX_API_RETRIES": crawl.shop.retries + 1}

        def request(self, url: str, **options: Any) -> Any:
            return ScrapflyScrapyRequest(scrape_config=ScrapeConfig(url=url, asp=True), **options)

        def closed(self, reason: str) -> None:
            super().closed(reason)
            ScrapflySpider.closed(self, reason)

    return Through
