"""What methods are compared on: an open index with what is known of its rows, and people with closets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from catalog_jobs.evaluation.baselines import Inventory
from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.inventory import EmbeddedInventory, open_index
from catalog_jobs.evaluation.metrics.encoders import Flags
from catalog_jobs.evaluation.metrics.personas import Labels
from catalog_jobs.evaluation.wardrobes.recommending import Caller
from closetspace.bootstrap import encoder_priors
from closetspace.domain.encoder.encoding import EncoderDescriptor
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.index import Index
from closetspace.domain.index.products import item_key
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import FeedbackVectors, RankingQuery, UserProfile
from closetspace.domain.taste.taste import derive_taste
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.services.recommend import DEFAULT_EXPLORE, DEFAULT_MIX, DEFAULT_SERENDIPITY
from closetspace.settings import Settings

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
    def shelf(self) -> Inventory:
        rows = np.arange(len(self.products))
        # An index tells of as many items at once as an answer has, not of all it holds.
        pages = (self.index.items(rows[start : start + 1000]) for start in range(0, len(rows), 1000))
        categories = np.array([item.category for page in pages for item in page], np.object_)
        return Inventory(self.index.vectors(rows), categories, self.index.category_means)


@dataclass(frozen=True)
class Shopper:
    """Someone as methods see them: their closet and taste, what they ask for, and which rows ``(n,)`` they do not own.

    ``query`` carries the shopper's own seed, and what they own as shown before.
    """

    id: str
    profile: UserProfile
    query: RankingQuery
    free: Flags


def open_shop(found: EmbeddedInventory, index: Index, settings: Settings) -> Shop:
    """Return the inventory behind an index, and the same with every variant apart."""
    contents = found.contents
    apart = replace(contents, items=[replace(item, group=item.id) for item in contents.items])
    return Shop(index, open_index(apart, settings), _products_of(index, found))


def shoppers_of(
    callers: Sequence[Caller], found: EmbeddedInventory, shop: Shop, settings: Settings, progress: Progress
) -> list[Shopper]:
    """Derive the tastes of callers as the functions would."""
    encoder = found.encoder
    priors = encoder_priors(settings).get(encoder.id) or EncoderPriors(encoder.heads)
    shoppers: list[Shopper] = []
    for caller in callers:
        shoppers.append(_shopper(caller, encoder, shop, priors))
        progress(len(shoppers), len(callers))
    return shoppers


def _shopper(caller: Caller, encoder: EncoderDescriptor, shop: Shop, priors: EncoderPriors) -> Shopper:
    closet, keys = caller.closet, {item_key(item_id) for item_id in caller.owned}
    nothing = np.zeros((0, encoder.dim), np.float32)
    profile = UserProfile(
        closet.encoded_by(encoder.id),
        derive_taste(closet, encoder.id, priors),
        priors,
        FeedbackVectors(nothing, nothing, np.zeros(0, np.uint64)),
    )
    free = ~np.isin(shop.index.keys(np.arange(len(shop.products))), np.array(sorted(keys), np.uint64))
    return Shopper(closet.uid, profile, _wish(caller, frozenset(map(short, keys))), free)


def _wish(caller: Caller, owned: frozenset[int]) -> RankingQuery:
    """Return the caller's request, with the product's defaults for what it leaves open."""
    asked = caller.request
    return RankingQuery(
        asked.count,
        seed=asked.seed or 0,
        explore=DEFAULT_EXPLORE if asked.explore is None else asked.explore,
        serendipity=DEFAULT_SERENDIPITY,
        mix=DEFAULT_MIX,
        shown=owned,
    )


def _products_of(index: Index, found: EmbeddedInventory) -> list[LabelledProduct]:
    """Return what an index's rows stand for, in order."""
    count = len(found.embedded.items)
    chunks = [np.arange(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]
    return [found.products[item.id] for chunk in chunks for item in index.items(chunk)]


def labels_of(products: Sequence[LabelledProduct]) -> Labels:
    """The labels as the table has them. Raises `InvalidInput` where it lacks a column."""
    if products and (missing := [column for column in COLUMNS.values() if column not in products[0].row]):
        raise InvalidInput("dataset_unlabelled", f"The products have no {', '.join(missing)}: what fits is unknown.")
    names = [product.display_name.lower() for product in products]
    columns = {name: [product.row[column] for product in products] for name, column in COLUMNS.items()}
    columns |= {"name": names, "brand": [name.split(" ")[0] for name in names]}
    return Labels(**{column.name: np.array(columns[column.name], object) for column in fields(Labels)})


def words_of(product: LabelledProduct) -> str:
    """Return a product's name and labels."""
    return " - ".join(part for part in (product.item.name, *(product.label(c) for c in COLUMNS.values())) if part)
