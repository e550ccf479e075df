"""The spider of BigCommerce's shops."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urljoin

from scrapy import Request

from catalog_jobs.sources.page_reading import Parser
from catalog_jobs.sources.parsers.bigcommerce import read_product
from catalog_jobs.sources.spiders.structured import StructuredSpider


class BigCommerceSpider(StructuredSpider):
    """Reads the product pages that the sitemap of products names: without a token, a shop lists them nowhere else."""

    @property
    def parser(self) -> Parser:
        """The parser of a product page."""
        return partial(read_product, currency=self.shop.currency, now=self.context.now)

    def first_requests(self) -> Iterator[Request]:
        """Yield requests for the sitemaps."""
        for url in self.shop.start_urls:
            yield from self.request_sitemap(urljoin(url, "/xmlsitemap.php"))

    def leads_to_products(self, sitemap: str) -> bool:
        """Return whether a sitemap is one of products: others have categories, brands and pages."""
        return "type=products" in sitemap
