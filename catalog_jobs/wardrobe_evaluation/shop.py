"""What methods are compared on: an open index with what is known of its rows, and people with closets."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from catalog_jobs.encoder_metrics import Flags
from catalog_jobs.evaluation import EmbeddedInventory
from catalog_jobs.labelled_products import LabelledProduct
from catalog_jobs.personas import Persona
from catalog_jobs.rivals import Shelf
from catalog_jobs.wardrobe_metrics import Labels
from closetspace.domain.background import Background
from closetspace.domain.catalog import Index
from closetspace.domain.paging import short
from closetspace.domain.products import item_key
from closetspace.domain.taste import derive_taste
from closetspace.domain.wishes import Said, Wearer
from closetspace.errors import InvalidInput

COLUMNS = {
    "gender": "gender",
    "usage": "usage",
    "colour": "baseColour",
    "sub_category": "subCategory",
    "article": "articleType",
}
"""Where labels stand in a dataset's table."""

_AT_ONCE = 1_000
"""Items asked of an index at once: SQLite takes so many."""


@dataclass(frozen=True)
class Shop:
    """``index`` is what methods recommend from, ``apart`` the same with every variant a product of its own.

    ``products`` are what its rows stand for, and ``labels`` what is known of them.
    """

    index: Index
    apart: Index
    products: Sequence[LabelledProduct]

    @cached_property
    def labels(self) -> Labels:
        return labels_of(self.products)

    @cached_property
    def shelf(self) -> Shelf:
        rows = np.arange(len(self.products))
        # An index tells of as many items at once as an answer has, not of all it holds.
        pages = (self.index.items(rows[start : start + 1000]) for start in range(0, len(rows), 1000))
        categories = np.array([item.category for page in pages for item in page], np.object_)
        return Shelf(self.index.vectors(rows), categories, self.index.category_means)


@dataclass(frozen=True)
class Shopper:
    """A persona as methods see it: its closet, the shortened keys of what it owns, and which rows it does not own."""

    persona: Persona
    wearer: Wearer
    owned: frozenset[int]
    free: Flags
    wardrobe: Sequence[LabelledProduct]

    @property
    def seed(self) -> int:
        """The persona's own, whoever else takes part."""
        return zlib.crc32(self.persona.id.encode())


def products_of(index: Index, found: EmbeddedInventory) -> list[LabelledProduct]:
    """What an index's rows stand for, in order."""
    count = len(found.embedded.items)
    chunks = [np.arange(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]
    return [found.products[item.id] for chunk in chunks for item in index.items(chunk)]


def shopper_of(persona: Persona, found: EmbeddedInventory, shop: Shop, background: Background) -> Shopper:
    """Derive a persona's taste as the functions would."""
    closet = found.closet_of(persona)
    keys = {item_key(item_id) for item_id in persona.wardrobe}
    nothing = np.zeros((0, found.encoder.dim), np.float32)
    wearer = Wearer(
        closet.encoded_by(found.encoder.id),
        derive_taste(closet, found.encoder.id, background),
        background,
        Said(nothing, nothing, np.zeros(0, np.uint64)),
    )
    return Shopper(
        persona=persona,
        wearer=wearer,
        owned=frozenset(short(key) for key in keys),
        free=~np.isin(shop.index.keys(np.arange(len(shop.products))), np.array(sorted(keys), np.uint64)),
        wardrobe=[found.products[item_id] for item_id in persona.wardrobe if item_id in found.products],
    )


def labels_of(products: Sequence[LabelledProduct]) -> Labels:
    """The labels as the table has them. Raises `InvalidInput` where it lacks a column."""
    if products and (missing := [column for column in COLUMNS.values() if column not in products[0].row]):
        raise InvalidInput("dataset_unlabelled", f"The products have no {', '.join(missing)}: nobody knows what fits.")
    names = [product.display_name.lower() for product in products]
    columns = {name: [product.row[column] for product in products] for name, column in COLUMNS.items()}
    columns |= {"name": names, "brand": [name.split(" ")[0] for name in names]}
    return Labels(**{column.name: np.array(columns[column.name], object) for column in fields(Labels)})
