"""What methods are compared on: an index whose products have labels, and the users to recommend for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from catalog_jobs.evaluation.baselines import Inventory
from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.embedded_products import EmbeddedProducts, open_index
from catalog_jobs.evaluation.metrics.personas import ProductLabels
from catalog_jobs.evaluation.wardrobes.recommending import EvaluationCase
from closetspace.bootstrap import encoder_priors
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.index import Index, Mask
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import FeedbackVectors, RankingQuery, UserProfile
from closetspace.domain.ranking.recommendation import DEFAULT_EXPLORE, DEFAULT_MIX, DEFAULT_SERENDIPITY
from closetspace.domain.taste.taste import derive_taste
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings

COLUMNS = {
    "gender": "gender",
    "usage": "usage",
    "colour": "baseColour",
    "sub_category": "subCategory",
    "article": "articleType",
}
"""The columns of a dataset's table that contain the labels."""

_READ_SIZE = 1_000
"""Items read from an index at once: SQLite's limit of parameters."""


@dataclass(frozen=True)
class LabelledIndex:
    """An index with a labelled product for each row.

    ``ungrouped`` is the same index with every variant as a product.
    """

    index: Index
    ungrouped: Index
    products: Sequence[LabelledProduct]

    @cached_property
    def labels(self) -> ProductLabels:
        return product_labels(self.products)

    @cached_property
    def inventory(self) -> Inventory:
        """The index as the baselines take it."""
        categories = np.array([item.category for item in _all_items(self.index, len(self.products))], np.object_)
        vectors = self.index.vectors(np.arange(len(self.products)))
        return Inventory(vectors, categories, self.index.category_means)


@dataclass(frozen=True)
class EvaluationUser:
    """A user as the methods take one: profile, query, and the rows ``(n,)`` of the index that the user does not own.

    ``query`` has the user's own seed, and the owned products as shown before.
    """

    id: str
    profile: UserProfile
    query: RankingQuery
    not_owned: Mask


def label_index(embedded: EmbeddedProducts, index: Index, settings: Settings) -> LabelledIndex:
    """Return the index of the embedded products with their labels."""
    contents = embedded.contents
    ungrouped = replace(contents, items=[replace(item, group=item.id) for item in contents.items])
    products = [embedded.products[item.id] for item in _all_items(index, len(embedded.catalog.items))]
    return LabelledIndex(index, open_index(ungrouped, settings), products)


def evaluation_users(
    cases: Sequence[EvaluationCase],
    encoder: EncoderDescriptor,
    labelled: LabelledIndex,
    settings: Settings,
    progress: Progress,
) -> list[EvaluationUser]:
    """Derive the users' tastes as the functions do."""
    priors = encoder_priors(settings).get(encoder.id) or EncoderPriors(encoder.heads)
    users: list[EvaluationUser] = []
    for case in cases:
        users.append(_user(case, encoder, labelled, priors))
        progress(len(users), len(cases))
    return users


def product_labels(products: Sequence[LabelledProduct]) -> ProductLabels:
    """Return the labels of products. Raises `InvalidInput` if the table lacks a column."""
    if products and (missing := [column for column in COLUMNS.values() if column not in products[0].row]):
        raise InvalidInput(
            "dataset_unlabelled", f"The products have no {', '.join(missing)}, which --compare needs for its metrics."
        )
    names = [product.display_name.lower() for product in products]
    columns = {name: [product.row[column] for product in products] for name, column in COLUMNS.items()}
    columns |= {"name": names, "brand": [name.split(" ")[0] for name in names]}
    return ProductLabels(**{column.name: np.array(columns[column.name], object) for column in fields(ProductLabels)})


def product_caption(product: LabelledProduct) -> str:
    """Return a product's name and labels."""
    return " - ".join(part for part in (product.item.name, *(product.label(c) for c in COLUMNS.values())) if part)


def _user(
    case: EvaluationCase, encoder: EncoderDescriptor, labelled: LabelledIndex, priors: EncoderPriors
) -> EvaluationUser:
    closet, keys = case.closet, {item_key(item_id) for item_id in case.owned}
    no_vectors = np.zeros((0, encoder.dim), np.float32)
    profile = UserProfile(
        closet.arrays(encoder.id),
        derive_taste(closet, encoder.id, priors),
        priors,
        FeedbackVectors(no_vectors, no_vectors, np.zeros(0, np.uint64)),
    )
    all_keys = labelled.index.keys(np.arange(len(labelled.products)))
    not_owned = ~np.isin(all_keys, np.array(sorted(keys), np.uint64))
    return EvaluationUser(closet.uid, profile, _query(case, frozenset(map(short, keys))), not_owned)


def _query(case: EvaluationCase, owned: frozenset[int]) -> RankingQuery:
    """Return the case's request, completed by the product's defaults."""
    request = case.request
    return RankingQuery(
        request.count,
        seed=request.seed,
        explore=DEFAULT_EXPLORE if request.explore is None else request.explore,
        serendipity=DEFAULT_SERENDIPITY,
        mix=DEFAULT_MIX,
        shown=owned,
    )


def _all_items(index: Index, count: int) -> list[IndexedItem]:
    pages = (index.items(np.arange(start, min(start + _READ_SIZE, count))) for start in range(0, count, _READ_SIZE))
    return [item for page in pages for item in page]
