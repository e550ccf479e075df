"""An item of the catalog as an index holds it."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class IndexedItem:
    """A product as answers show and filters see it; ``image`` is its picture's object in the catalog's store.

    ``group`` is what the shop calls the product that this is a variant of; without one, brand and name tell.
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


class LeftOut(NamedTuple):
    """A product that is unusable: its id, empty if it has none, and the reason."""

    id: str
    reason: str
