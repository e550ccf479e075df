"""Merges the rows of a feed that are sizes of one look."""

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct


class ItemsByLook:
    """Items by look: all sizes of a look are one item, which is in stock if any size is."""

    def __init__(self) -> None:
        self.by_look: dict[tuple[str, ...], CatalogItem] = {}

    def is_other_size(self, product: ScrapedProduct) -> bool:
        """Return whether the look has an item; put the item in stock if the product is."""
        look = self._look(product)
        item = self.by_look.get(look)
        if item is not None and product.in_stock and not item.in_stock:
            self.by_look[look] = item.model_copy(update={"in_stock": True})
        return item is not None

    def add(self, product: ScrapedProduct, item: CatalogItem) -> None:
        self.by_look[self._look(product)] = item

    def _look(self, product: ScrapedProduct) -> tuple[str, ...]:
        return (product.group, product.variant, *product.image_urls[:1]) if product.group else (product.id,)
