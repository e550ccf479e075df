"""Merges the rows of a feed that are sizes of one look."""

from typing import Any, NamedTuple

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct, clean_text

MAX_SIZES = 200
"""Of one look. Shops have forty; finding whether one is new takes as many comparisons."""

Look = tuple[str, ...]


class _Offer(NamedTuple):
    """What is asked for a look, in one of its sizes."""

    price: float | None
    list_price: float | None
    currency: str
    in_stock: bool
    is_used: bool

    def is_better_than(self, other: "_Offer") -> bool:
        """Return whether it counts before the look's offer so far."""
        return self._rank(other) < other._rank(other)

    def _rank(self, so_far: "_Offer") -> tuple[Any, ...]:
        is_comparable = so_far.price is None or self.currency in ("", so_far.currency)
        price = self.price if is_comparable else None
        return self.is_used, not self.in_stock, price is None, price


class _Merged:
    """The sizes of a look with several rows, and the best of their offers."""

    def __init__(self, item: CatalogItem, is_used: bool) -> None:
        self._item = item
        self._first = self._offer = _Offer(item.price, item.list_price, item.currency, item.in_stock, is_used)
        self._sizes = list(item.sizes)

    def add(self, product: ScrapedProduct, is_used: bool) -> None:
        """Add the size of another row, and its offer if it is better."""
        offer = _Offer(product.price, product.list_price, product.currency, product.in_stock, is_used)
        # Most sizes of a look cost the same.
        if offer != self._offer and offer.is_better_than(self._offer):
            self._offer = offer._replace(currency=offer.currency or self._offer.currency)
        if product.in_stock and len(self._sizes) < MAX_SIZES:
            self._sizes += [size for size in map(clean_text, product.sizes) if size not in self._sizes]

    def item(self) -> CatalogItem:
        """Return the item of all rows."""
        update: dict[str, Any] = {}
        if self._offer is not self._first:
            update = self._offer._asdict()
            del update["is_used"]
        if len(self._sizes) > len(self._item.sizes):
            update["sizes"] = tuple(self._sizes)
        return self._item.model_copy(update=update) if update else self._item


class ItemsByLook:
    """Items by look: all sizes of a look are one item.

    The item has the id and the texts of the first row, and the lowest price that can be paid: a size in stock counts
    before one that is sold out, a new one before a used one, and prices of another currency don't count.
    """

    def __init__(self) -> None:
        self._items: dict[Look, CatalogItem] = {}
        self._used: set[Look] = set()
        self._merged: dict[Look, _Merged] = {}

    def __len__(self) -> int:
        return len(self._items)

    def is_other_size(self, product: ScrapedProduct, is_used: bool = False) -> bool:
        """Return whether the look has an item; if so, give it the product's size, and its offer if that is better."""
        look = _look(product)
        item = self._items.get(look)
        if item is None:
            return False
        merged = self._merged.get(look)
        if merged is None:
            merged = self._merged[look] = _Merged(item, look in self._used)
        merged.add(product, is_used)
        return True

    def add(self, product: ScrapedProduct, item: CatalogItem, is_used: bool = False) -> None:
        """Add the item of a look's first row."""
        look = _look(product)
        self._items[look] = item
        if is_used:
            self._used.add(look)

    def items(self) -> tuple[CatalogItem, ...]:
        """Return the items, in the order of their first rows."""
        # The items of looks with several rows take the place of those of their first rows, which are then freed.
        for look, merged in self._merged.items():
            self._items[look] = merged.item()
        return tuple(self._items.values())


def _look(product: ScrapedProduct) -> Look:
    return (product.group, product.variant, *product.image_urls[:1]) if product.group else (product.id,)
