"""Crawls of a local shop: its configuration, its pages, and one crawl of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.runner import crawl
from catalog_jobs.sources.shops import Shop
from tests.conftest import ignore_progress
from tests.support.shop_server import Answer, Route, ShopServer, product_page, shirt

NOW = datetime(2026, 11, 24, tzinfo=UTC)

FEED = """<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id><title>Coat</title>
<g:image_link>https://a.example/1.jpg</g:image_link><g:price>50 USD</g:price></item></channel></rss>"""


def shop_of(kind: str, **fields: Any) -> Shop:
    fast = {"delay_seconds": 0, "retry_wait_seconds": 0.05, "retries": 1, "page_timeout_seconds": 60, "concurrency": 8}
    return Shop.model_validate({"name": "ono", "kind": kind} | fast | fields)


def structured(server: ShopServer, **fields: Any) -> Shop:
    return shop_of("structured", **({"sitemap_urls": [f"{server.url}/sitemap.xml"], "follow": ["/p/"]} | fields))


def crawled(shop: Shop, folder: Path) -> SourceResult:
    return crawl(shop, folder, NOW, ignore_progress)


def products(count: int) -> dict[str, Route]:
    return {f"/p/{number}": Answer(product_page(shirt(str(number)))) for number in range(count)}


def addresses(server: ShopServer, count: int) -> list[str]:
    return [f"{server.url}/p/{number}" for number in range(count)]
