"""The best candidates of each category: scored by themselves, before what they have to do with each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Packed
from closetspace.domain.encoder.encoding import GENDER, FloatArray
from closetspace.domain.encoder.vectors import side_by_side, unit
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.index.products import NO_PRODUCT
from closetspace.domain.ranking.query import (
    FEEDBACK,
    SEEN,
    SIMILARITY,
    FeedbackVectors,
    RankingQuery,
    UserProfile,
    Weights,
)
from closetspace.domain.ranking.scoring import Fitting, asked_for, fitting
from closetspace.domain.taste.interests import EMBEDDING_SHARE, similarity

WIDER = 2
"""How many times more candidates are looked at for the prototype's full noise, which lifts items from further down."""


@dataclass(frozen=True)
class Scored:
    """Candidates with their scores: ``parts (n, parts)`` in nats, ``near (n,)`` the similarity to their category's
    anchor, ``category (n,)`` the place of their category."""

    rows: Rows
    parts: FloatArray
    near: FloatArray
    category: NDArray[np.int64]

    def only(self, places: NDArray[np.int64]) -> "Scored":
        return Scored(self.rows[places], self.parts[places], self.near[places], self.category[places])


class Scorer:
    """Scores the candidates of all categories, and keeps the best of each."""

    def __init__(
        self, profile: UserProfile, index: Index, query: RankingQuery, method: Weights, categories: Sequence[str]
    ) -> None:
        self._wearer, self._index, self._categories = profile, index, categories
        self._mask = index.matching(query.filters)
        self._similarity = np.float32(method.similarity)
        self._fits = _fitting(profile, index, query)
        self._feedback = _rocchio(profile.said, method)
        self._never = _excluded(profile, index, query)
        self._seen = _seen(index, query, method)
        self.most = max(math.ceil(method.per_category * query.count), method.pool // len(categories))
        self._looked_at = math.ceil(self.most * (1 + WIDER * query.explore))
        self.names = (*self._fits.attributes, SIMILARITY, FEEDBACK, SEEN)

    def best(self) -> Scored:
        """The best of each category, before what they have to do with each other."""
        compared = [self._compared(category) for category in self._categories]
        rows, attributes, near, feedback = (np.concatenate(column) for column in zip(*compared, strict=True))
        ends = np.cumsum([len(of_one) for of_one, *_ in compared])
        similar = self._similarity * near
        fits = self._fits(attributes)
        # Categories lie in an index in the order of their names, and so do shares: rows ascend.
        seen = np.zeros(len(rows), np.float32)
        _set(seen, rows, *self._seen)
        total = np.log(_product(fits)) + similar + feedback + seen
        _set(total, rows, self._never, np.float32(-np.inf))
        parted = np.split(total, ends[:-1])
        chosen = [end - len(part) + _largest(part, self._looked_at) for end, part in zip(ends, parted, strict=True)]
        places = np.concatenate(chosen)
        return Scored(
            rows=rows[places],
            parts=np.column_stack([np.log(fits[places]), similar[places], feedback[places], seen[places]]),
            near=near[places],
            category=np.repeat(np.arange(len(chosen)), [len(part) for part in chosen]),
        )

    def _compared(self, category: str) -> tuple[Rows, Packed, FloatArray, FloatArray]:
        """A category's candidates: rows, attributes, similarity to its anchor, and feedback's part."""
        to = self._wearer.anchor(category, self._index)
        query = side_by_side(
            to.near * np.float32(EMBEDDING_SHARE**0.5), to.style * np.float32((1 - EMBEDDING_SHARE) ** 0.5)
        )
        found = self._index.candidates(category, query[None], self._looked_at + len(self._never), self._mask)
        similar = similarity(found.vectors, self._index.category_means[category], found.spread, to)
        return (
            found.rows,
            found.attributes,
            similar,
            np.zeros(len(similar), np.float32) if self._feedback is None else found.vectors @ self._feedback,
        )


def _fitting(profile: UserProfile, index: Index, query: RankingQuery) -> Fitting:
    """To what the closet tells, or the query; a gender that is filtered by needs no more said."""
    member = members(profile, index, query)
    if query.filters.gender is not None:
        member.pop(GENDER, None)
    return fitting(index.heads, member, {head: profile.priors.usual(head) for head in member})


def members(profile: UserProfile, index: Index, query: RankingQuery) -> dict[str, FloatArray]:
    """Which labels belong to the person: what the closet tells, and the query in its place where it says something."""
    asked = {
        head: asked_for(head, labels, index.heads[head]) for head, labels in query.asked.items() if head in index.heads
    }
    return {head: worn.member for head, worn in profile.taste.worn.items()} | asked


def _rocchio(said: FeedbackVectors, method: Weights) -> FloatArray | None:
    """What likes and dismissals add to every query, ``(d,)`` (Rocchio 1971); their weight is bounded, whatever their
    number."""
    added = [
        np.float32(weight * len(vectors) / (len(vectors) + 2)) * unit(vectors.sum(axis=0))
        for vectors, weight in ((said.liked, method.like), (said.dismissed, -method.dismiss))
        if len(vectors)
    ]
    return np.sum(added, axis=0) if added else None


def _excluded(profile: UserProfile, index: Index, query: RankingQuery) -> Rows:
    """Rows of what is owned or unwanted, in all variants, and of what was shown, in order."""
    owned = (
        profile.worn.products[profile.worn.products != NO_PRODUCT] if not query.own_similar else profile.said.never[:0]
    )
    shown = index.rows_of_keys(np.fromiter(query.shown, np.uint64, len(query.shown)))
    never = np.concatenate([owned, profile.said.never, index.products(shown)])
    return np.unique(np.concatenate([shown, index.rows_of_products(np.unique(never))]))


def _seen(index: Index, query: RankingQuery, method: Weights) -> tuple[Rows, FloatArray]:
    """Rows of what earlier lists showed, in order, and what each loses by it."""
    lost: dict[int, float] = {}
    for age, keys in enumerate(query.lately):
        for row in index.rows_of_keys(np.array(keys, np.uint64)).tolist():
            lost.setdefault(row, -method.seen * 0.5**age)
    rows = sorted(lost)
    return np.array(rows, np.int64), np.array([lost[row] for row in rows], np.float32)


def _product(columns: FloatArray) -> FloatArray:
    """The product of each row, ``(n, few) -> (n,)``, column by column: numpy's own way takes ten times as long."""
    product = np.ones(len(columns), np.float32)
    for column in columns.T:
        product *= column
    return product


def _set(column: FloatArray, rows: Rows, which: Rows, values: FloatArray | np.float32) -> None:
    """Set what stands in a column for some of its ``rows``; both they and ``which`` ascend."""
    places = np.minimum(np.searchsorted(rows, which), len(rows) - 1)
    there = rows[places] == which
    column[places[there]] = values[there] if isinstance(values, np.ndarray) else values


def _largest(scores: FloatArray, most: int) -> NDArray[np.int64]:
    """Places of the largest finite scores, ascending."""
    places = np.argpartition(-scores, most)[:most] if len(scores) > most else np.arange(len(scores))
    return np.sort(places[scores[places] > -np.inf])
