"""Canaries: the recommendations for fixed closets.

Those from the index in use are compared with those from the new one, and those of the new one with a ranking of all its
items.
"""

from collections.abc import Callable, Sequence
from statistics import mean

import numpy as np

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.index.products import title
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import Request
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, pack_vector, unpack_vector

CLOSETS = 12
OWNED = 15
ANSWERS = 50
LISTED = 20
"""The first page, whose agreement with a ranking of all items is checked."""

STEP = 40
"""Every 40th of the nearest items is owned: a closet has more than one kind of item."""

SAMPLED = 8_000
"""Items that closets are drawn from: among all items of a large catalog, the nearest would be of one kind."""

Priors = Callable[[str], EncoderPriors | None]
"""Returns the priors of an encoder, by its id."""


def overlap(before: Bundle, after: Bundle, priors: Priors) -> float:
    """Return the share of the first answers to canary closets that stay, averaged over the closets.

    Closets are drawn from the index in use; each has similar items, as a person's has. Only answers that both indexes
    have count: other guards check how many items are new or gone.
    """
    shares, request = [], Request(ANSWERS, explore=0.0, seed=1)
    for owned in _closets(before):
        closet = _entries(before, owned)
        old, new = (_answer(index, closet, priors, request) for index in (before, after))
        old, new = _present(after, old), _present(before, new)
        if old:
            shares.append(len(old & new) / max(1, min(len(old), len(new))))
    return round(mean(shares), 4) if shares else 1.0


def _present(index: Index, items: set[str]) -> set[str]:
    """Return the items that an index has."""
    ids = sorted(items)
    return {item for item, row in zip(ids, index.rows_of(ids), strict=True) if row >= 0} if ids else set()


def agreement(index: Bundle, priors: Priors) -> float:
    """Return the share of drawn closets' lists, plain and filtered by price, that a ranking of all items has too."""
    if index.scans_all:
        return 1.0
    exact, shares = index.scanning_all(), []
    for owned in _closets(index):
        closet = _entries(index, owned)
        for filters in (Filters(), Filters(price_max=_median_price(index))):
            request = Request(LISTED, filters=filters, explore=0.0, seed=1)
            listed, expected = (_answer(each, closet, priors, request) for each in (index, exact))
            if expected:
                shares.append(len(listed & expected) / len(expected))
    return mean(shares) if shares else 1.0


def _median_price(index: Bundle) -> float | None:
    """Return the price that half of the items cost less than, None if none has a price."""
    prices = index.prices(np.arange(index.manifest.count))
    priced = prices[~np.isnan(prices)]
    return float(np.median(priced)) if len(priced) else None


def _closets(index: Bundle) -> list[Rows]:
    """Return the rows of each closet's items: neighbours of an item that is drawn by its stable key."""
    drawn = np.argsort(index.keys(np.arange(index.manifest.count)), kind="stable")[:SAMPLED]
    vectors = index.vectors(drawn)
    return [drawn[_neighbours(vectors, place)] for place in range(min(CLOSETS, len(drawn)))]


def _neighbours(vectors: FloatArray, place: int) -> Rows:
    nearest = np.argsort(-(vectors @ vectors[place]), kind="stable")
    step = max(1, min(STEP, len(nearest) // OWNED))
    return nearest[: OWNED * step : step]


def _answer(index: Index, closet: Sequence[ClosetEntry], priors: Priors, request: Request) -> set[str]:
    person = Person(Closet("canary", {entry.photo_hash: {entry.encoder: entry} for entry in closet}))
    page = recommend(person, request, index, priors(index.encoder_id))
    return {recommended.item.id for recommended in page.items}


def _entries(index: Index, rows: Rows) -> Sequence[ClosetEntry]:
    return [
        ClosetEntry(
            encoder=index.encoder_id,
            vector=unpack_vector(pack_vector(vector)),
            category=item.category,
            photo_hash=item.id,
            attributes=attributes,
            title=title(item.brand, item.name),
            product=int(product),
        )
        for vector, item, attributes, product in zip(
            index.vectors(rows), index.items(rows), index.attributes(rows), index.products(rows), strict=True
        )
    ]
