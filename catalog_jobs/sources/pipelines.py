"""Scrapy's item pipeline."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.spiders.base import ShopSpider


class ItemPipeline:
    """Makes catalog items of the spider's products and writes them as events."""

    def __init__(self, spider: ShopSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the pipeline for the crawler's spider; Scrapy calls it."""
        if not isinstance(crawler.spider, ShopSpider):
            raise TypeError(f"{crawler.spider!r} is not a ShopSpider")
        return cls(crawler.spider)

    def process_item(self, item: ScrapedProduct) -> ScrapedProduct:
        """Write the product's catalog item. Raises `DropItem` if the product is unusable."""
        collected = self._spider.collector.collect(item)
        if collected is None:
            raise DropItem("unusable")
        self._spider.stats.items += 1
        self._spider.context.events.item(collected)
        return item
