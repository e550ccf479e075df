"""Closets that nobody owns, asked of the index in use and of the one that is to replace it."""

from collections.abc import Callable, Sequence
from statistics import mean

import numpy as np

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.index.products import title
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import Request
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, pack_vector, unpack_vector

CLOSETS = 12
OWNED = 15
ANSWERS = 50

Priors = Callable[[str], EncoderPriors | None]


def overlap(before: Bundle, after: Bundle, priors: Priors) -> float:
    """The share of the first answers to canary closets that stays, mean over closets.

    Closets are drawn from the index in use, each of items alike, as a person's are. Answers count that both indexes
    could give: what left the catalog, and how much is new in it, is for other guards.
    """
    shares = []
    for owned in _closets(before):
        closet = _entries(before, owned)
        old, new = (_answer(index, closet, priors) for index in (before, after))
        lasting, known = _in(after, old), _in(before, new)
        if lasting:
            shares.append(len(lasting & known) / max(1, min(len(lasting), len(known))))
    return round(mean(shares), 4) if shares else 1.0


def _in(index: Index, items: Sequence[str]) -> set[str]:
    """Those of the items that an index has."""
    return {item for item, row in zip(items, index.rows_of(items), strict=True) if row >= 0} if items else set()


def _closets(index: Bundle) -> list[Rows]:
    """Rows of items near to one another, about one drawn by its stable number."""
    rows = np.arange(index.manifest.count)
    first = rows[np.argsort(index.keys(rows), kind="stable")][:CLOSETS]
    return [_near(index, int(row)) for row in first]


def _near(index: Bundle, row: int) -> Rows:
    rows = np.arange(index.manifest.count)
    likeness = index.vectors(rows) @ index.vectors(rows[row : row + 1])[0]
    # Every fortieth of the nearest: a closet has more than one thing, and more than one kind.
    nearest = np.argsort(-likeness, kind="stable")
    step = max(1, min(40, len(nearest) // OWNED))
    return nearest[: OWNED * step : step]


def _answer(index: Index, closet: Sequence[ClosetEntry], priors: Priors) -> list[str]:
    person = Person(Closet("canary", {entry.photo_hash: {entry.encoder: entry} for entry in closet}))
    page = recommend(person, Request(ANSWERS, explore=0.0, seed=1), index, priors(index.encoder_id))
    return [recommended.item.id for recommended in page.items]


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
