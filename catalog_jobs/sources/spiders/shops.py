"""The spiders, one for each kind of shop. They choose the requests; parsers read the responses."""

from catalog_jobs.sources.spiders.base import ShopSpider
from catalog_jobs.sources.spiders.bigcommerce import BigCommerceSpider
from catalog_jobs.sources.spiders.embedded_state import EmbeddedStateSpider
from catalog_jobs.sources.spiders.magento import MagentoSpider
from catalog_jobs.sources.spiders.salesforce import SalesforceSpider
from catalog_jobs.sources.spiders.shopify import ShopifySpider
from catalog_jobs.sources.spiders.structured import StructuredSpider
from catalog_jobs.sources.spiders.woocommerce import WooCommerceSpider

SPIDERS: dict[str, type[ShopSpider]] = {
    "structured": StructuredSpider,
    "embedded_state": EmbeddedStateSpider,
    "shopify": ShopifySpider,
    "woocommerce": WooCommerceSpider,
    "magento": MagentoSpider,
    "bigcommerce": BigCommerceSpider,
    "salesforce": SalesforceSpider,
}
