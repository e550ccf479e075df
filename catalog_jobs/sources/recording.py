"""Making items of what a spider finds, and telling them."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from catalog_jobs.sources.items import ScrapedProduct
from catalog_jobs.sources.spiders.base import ShopSpider


class ItemPipeline:
    """The pipeline: items are made, each once, and told."""

    def __init__(self, spider: ShopSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy for the crawl's spider."""
        if not isinstance(crawler.spider, ShopSpider):
            raise TypeError(f"{crawler.spider!r} is not a ShopSpider")
        return cls(crawler.spider)

    def process_item(self, item: ScrapedProduct) -> ScrapedProduct:
        """Tell the item; raises `DropItem` where it is none that can be used."""
        made = self._spider.gathering.take(item)
        if made is None:
            raise DropItem("counted")
        self._spider.tally.items += 1
        self._spider.crawl.events.item(made)
        return item
