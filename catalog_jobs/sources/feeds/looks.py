"""Merges the rows of a feed that are sizes of one look."""

from typing import Any

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct, clean_text

MAX_SIZES = 200
"""Of one look. Shops have forty; finding whether one is new takes as many comparisons."""

_OFFER = ("price", "list_price", "currency", "in_stock")

Look = tuple[str, ...]


class ItemsByLook:
    """Items by look: all sizes of a look are one item.

    The item has the id and the texts of the first row, and the lowest price that can be paid: a size in stock counts
    before one that is sold out, a new one before a used one, and prices of another currency don't count.
    """

    def __init__(self) -> None:
        self.by_look: dict[Look, CatalogItem] = {}
        self._used: set[Look] = set()

    def is_other_size(self, product: ScrapedProduct, is_used: bool = False) -> bool:
        """Return whether the look has an item; if so, give it the product's size, and its offer if that is better."""
        look = self._look(product)
        item = self.by_look.get(look)
        if item is None:
            return False
        update: dict[str, Any] = {}
        if _rank(product, is_used, item) < _rank(item, look in self._used, item):
            update = {name: getattr(product, name) for name in _OFFER} | {"currency": product.currency or item.currency}
            self._used.discard(look)
        if product.in_stock and len(item.sizes) < MAX_SIZES:
            sizes = [size for size in map(clean_text, product.sizes) if size not in item.sizes]
            update |= {"sizes": (*item.sizes, *sizes)} if sizes else {}
        if update:
            self.by_look[look] = item.model_copy(update=update)
        return True

    def add(self, product: ScrapedProduct, item: CatalogItem, is_used: bool = False) -> None:
        """Add the item of a look's first row."""
        look = self._look(product)
        self.by_look[look] = item
        if is_used:
            self._used.add(look)

    def _look(self, product: ScrapedProduct) -> Look:
        return (product.group, product.variant, *product.image_urls[:1]) if product.group else (product.id,)


def _rank(offer: ScrapedProduct | CatalogItem, is_used: bool, item: CatalogItem) -> tuple[Any, ...]:
    """Return what orders the offers of an item's look, the best first."""
    is_comparable = item.price is None or offer.currency in ("", item.currency)
    price = offer.price if is_comparable else None
    return is_used, not offer.in_stock, price is None, price
