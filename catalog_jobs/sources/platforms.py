"""What gives a shop's platform away, and where shops on it name their products."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from catalog_jobs.sources.parsers import magento, shopify, woocommerce


@dataclass(frozen=True)
class Platform:
    """A platform whose shops have a public list of products; ``list_url`` returns a page's address.

    ``signs`` are what their pages have, ``currency`` is where such a page names the currency that the list lacks.
    """

    kind: str
    signs: re.Pattern[str]
    list_url: Callable[[str, int], str]
    currency: re.Pattern[str] | None = None


PLATFORMS = (
    Platform(
        "shopify",
        re.compile(r"cdn\.shopify\.com|\bShopify\.(?:shop|theme|currency)\b"),
        shopify.list_url,
        re.compile(r"Shopify\.currency\s{0,5}=\s{0,5}\{\s{0,5}[\"']active[\"']\s{0,5}:\s{0,5}[\"']([A-Z]{3})[\"']"),
    ),
    Platform("woocommerce", re.compile(r"woocommerce"), woocommerce.list_url),
    Platform(
        "magento",
        re.compile(r"text/x-magento-init|data-mage-init"),
        lambda start, page: magento.query_url(start, page, magento.PriceRange()),
    ),
)


SITEMAPS = (
    ("bigcommerce", re.compile(r"cdn\d*\.bigcommerce\.com|\bBCData\b"), "/xmlsitemap.php"),
    ("salesforce", re.compile(r"/on/demandware\.(?:static|store)/"), "/sitemap_index.xml"),
)
"""Platforms whose shops list no products, by what their pages have, and where a sitemap names the product pages."""
