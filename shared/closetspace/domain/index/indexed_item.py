"""A catalog item as an index stores it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from closetspace.domain.index.products import item_key, product_key


@dataclass(frozen=True, slots=True)
class IndexedItem:
    """A catalog item with the fields that answers show and filters use.

    ``image`` is the name of its picture in the catalog's object store. ``thumbnail`` is the key of the picture's
    thumbnails (`closetspace.domain.index.pictures`), empty if there are none; an index stores it, and answers with
    ``pictures``, their addresses by their longest sides. ``group`` is the shop's id of the product that
    the item is a variant of; without one, items with the same brand and name are variants. ``list_price`` is the higher
    price that ``price`` is reduced from.
    """

    id: str
    name: str
    brand: str = ""
    category: str = ""
    gender: str = ""
    price: float | None = None
    currency: str = ""
    src: str = ""
    url: str = ""
    image: str = ""
    group: str = ""
    in_stock: bool = True
    thumbnail: str = ""
    pictures: Mapping[str, str] | None = None
    list_price: float | None = None

    @property
    def product(self) -> int:
        """The key of the product that the item is a variant of; an item without name and group is its own product."""
        return product_key(self.brand, self.name, self.group) or item_key(self.id)


class LeftOut(NamedTuple):
    """A product that is unusable: its id, empty if it has none, and the reason."""

    id: str
    reason: str
