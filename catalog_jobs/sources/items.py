"""From scraped products to catalog items."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct, catalog_item
from catalog_jobs.sources.parsers.audiences import gender_in
from catalog_jobs.sources.parsers.currencies import agreed_currency
from catalog_jobs.sources.shops import Shop
from closetspace.domain.index.indexed_item import LeftOut
from closetspace.errors import InvalidInput

DUPLICATE = "it came before"

MAX_ITEMS = 500_000
"""Items of one source. Each takes 2 to 3 KB until the source is read, and the smallest task of a refresh has 4 GB."""

TOO_MANY = "it has more items than a source may have: configure several sources, or a limit"


@dataclass(frozen=True)
class Page:
    """What a parser reads from a page: ``products`` in the page's order, or why the page is ``unreadable``.

    ``pages`` is the number of result pages, 0 if the page does not say. A page without products is not unreadable: it
    ends a list.
    """

    products: tuple[ScrapedProduct | LeftOut, ...] = ()
    unreadable: str = ""
    pages: int = 0

    @property
    def product_ids(self) -> frozenset[str]:
        """The ids of the usable products."""
        return frozenset(product.id for product in self.products if isinstance(product, ScrapedProduct))


@dataclass(frozen=True)
class SourceDefaults:
    """What a source's configuration says of all its items.

    ``prefix`` makes ids and groups unique in the catalog. ``categories`` maps regular expressions to categories,
    ``columns`` the fields of a feed to the names of the columns that may have them.
    """

    source: str
    prefix: str = ""
    brand: str = ""
    gender: str = ""
    currency: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int | None = None

    @classmethod
    def from_shop(cls, shop: Shop) -> "SourceDefaults":
        """Return the defaults in a shop's configuration."""
        return cls(
            source=shop.name,
            prefix=f"{shop.name}:",
            brand=shop.brand,
            gender=shop.gender,
            currency=shop.currency,
            categories=shop.categories,
            columns=shop.columns,
            limit=shop.limit,
        )

    def changes(self, product: ScrapedProduct) -> dict[str, str]:
        """Return the fields of a product that the defaults change, among them those that it lacks."""
        return {
            "id": f"{self.prefix}{product.id}",
            "group": f"{self.prefix}{product.group}" if product.group else "",
            "brand": product.brand or self.brand,
            "gender": product.gender or gender_in(product.category, product.url) or self.gender,
            "currency": agreed_currency((product.currency,), self.currency) or product.currency,
            "category": self._category(product),
        }

    def _category(self, product: ScrapedProduct) -> str:
        for pattern, category in self.categories.items():
            if re.search(pattern, product.category, re.IGNORECASE) or re.search(pattern, product.url, re.IGNORECASE):
                return category
        return product.category


class ItemCollector:
    """Makes the items of one source in one run, with unique ids, and counts by reason what it leaves out."""

    def __init__(self, defaults: SourceDefaults, now: datetime, max_items: int = MAX_ITEMS) -> None:
        self._defaults = defaults
        self._now = now
        self._max_items = max_items
        self._seen: set[str] = set()
        self.left_out: Counter[str] = Counter()

    @property
    def is_full(self) -> bool:
        """Whether the configured limit is reached."""
        return self._defaults.limit is not None and len(self._seen) >= self._defaults.limit

    @property
    def has_too_many(self) -> bool:
        """Whether the source has more items than a source may have."""
        return len(self._seen) > self._max_items

    def collect(self, product: ScrapedProduct | LeftOut) -> CatalogItem | None:
        """Return the product as an item, or None if it is unusable (counts the reason) or the limit is reached."""
        if self.is_full:
            return None
        item = product if isinstance(product, LeftOut) else self._item(product)
        if isinstance(item, LeftOut):
            self.left_out[item.reason] += 1
            return None
        self._seen.add(item.id)
        if isinstance(product, ScrapedProduct) and product.remarks:
            self.left_out.update(product.remarks)
        return item

    def _item(self, product: ScrapedProduct) -> CatalogItem | LeftOut:
        if not product.id or not product.name:
            return LeftOut(product.id, "it has no name" if product.id else "it has no id")
        try:
            item = catalog_item(product, self._defaults.source, self._now, **self._defaults.changes(product))
        except InvalidInput as exc:
            return LeftOut(product.id, exc.message.rstrip("."))
        return LeftOut(product.id, DUPLICATE) if item.id in self._seen else item
