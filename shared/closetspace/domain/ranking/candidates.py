"""The best candidates of each category, each scored by itself; `closetspace.domain.ranking.reranking` comes after."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import PackedAttributes
from closetspace.domain.encoder.descriptor import GENDER
from closetspace.domain.encoder.vectors import FloatArray, search_vectors, unit
from closetspace.domain.index.index import Candidates, Index, Rows, Score
from closetspace.domain.ranking.duplicates import owned_products
from closetspace.domain.ranking.query import (
    FEEDBACK,
    SEEN,
    SIMILARITY,
    FeedbackVectors,
    RankingQuery,
    UserProfile,
    Weights,
)
from closetspace.domain.ranking.scoring import AttributeFit, attribute_fit, requested_membership
from closetspace.domain.taste.interests import EMBEDDING_SHARE, Anchor, joint_similarity, similarity

WIDER = 2
"""How many times more candidates are kept at ``explore`` 1, where noise lifts items from further down."""


@dataclass(frozen=True)
class ScoredCandidates:
    """Candidates with their scores, a row each.

    ``parts (n, parts)`` are in nats, ``near (n,)`` is the similarity to the category's anchor, ``category (n,)`` the
    position of the category.
    """

    rows: Rows
    parts: FloatArray
    near: FloatArray
    category: NDArray[np.int64]

    def only(self, places: NDArray[np.int64]) -> "ScoredCandidates":
        """Return the candidates at these places."""
        return ScoredCandidates(self.rows[places], self.parts[places], self.near[places], self.category[places])


class CandidateScorer:
    """Scores the candidates of all categories and keeps the best of each.

    ``per_category`` is the number of candidates that a list needs of each category; ``best`` returns more where noise
    may change their order. ``names`` are those of the scores' parts.
    """

    def __init__(
        self, profile: UserProfile, index: Index, query: RankingQuery, weights: Weights, categories: Sequence[str]
    ) -> None:
        self._profile, self._index, self._categories = profile, index, categories
        self._mask = index.matching(query.filters)
        self._similarity = np.float32(weights.similarity)
        self._fit = _attribute_fit(profile, index, query)
        self._is_usual_fit = not query.requested_labels and query.filters.gender is None
        self._feedback = _feedback_direction(profile.feedback, weights)
        self._excluded = _excluded_rows(profile, index, query)
        self._seen = _seen_penalties(index, query, weights)
        self.per_category = max(math.ceil(weights.per_category * query.count), weights.pool // len(categories))
        self._kept = math.ceil(self.per_category * (1 + WIDER * query.explore))
        self.names = (*self._fit.attributes, SIMILARITY, FEEDBACK, SEEN)

    def best(self) -> ScoredCandidates:
        """Return the best candidates of each category."""
        compared = [self._compare(category) for category in self._categories]
        rows, fits, near, feedback = (np.concatenate(column) for column in zip(*compared, strict=True))
        ends = np.cumsum([len(of_category) for of_category, *_ in compared])
        similar = self._similarity * near
        # An index stores categories in the order of their names, and so are the shares: rows ascend.
        seen = np.zeros(len(rows), np.float32)
        _set(seen, rows, *self._seen)
        total = np.log(_row_products(fits)) + similar + feedback + seen
        _set(total, rows, self._excluded, np.float32(-np.inf))
        by_category = np.split(total, ends[:-1])
        chosen = [
            end - len(scores) + _largest(scores, self._kept) for end, scores in zip(ends, by_category, strict=True)
        ]
        places = np.concatenate(chosen)
        return ScoredCandidates(
            rows=rows[places],
            parts=np.column_stack([np.log(fits[places]), similar[places], feedback[places], seen[places]]),
            near=near[places],
            category=np.repeat(np.arange(len(chosen)), [len(part) for part in chosen]),
        )

    def _compare(self, category: str) -> tuple[Rows, FloatArray, FloatArray, FloatArray]:
        """Return a category's candidates: rows, fits, similarity to its anchor, and the part of feedback."""
        anchor = self._profile.anchor(category, self._index)
        query = search_vectors(
            anchor.embedding * np.float32(EMBEDDING_SHARE**0.5), anchor.style * np.float32((1 - EMBEDDING_SHARE) ** 0.5)
        )
        candidates = self._index.candidates(
            category, query, self._kept + len(self._excluded), self._mask, self._score(category, anchor)
        )
        similar = self._profile.taste.similarities.get(
            self._index.version,
            category,
            candidates.rows,
            lambda: self._similar(category, anchor, candidates),
        )
        return candidates.rows, self._fits(category, candidates), similar, self._opinion(candidates)

    def _fits(self, category: str, candidates: Candidates) -> FloatArray:
        """Return the fits of candidates, which stay the same from one request to the next unless it names labels."""

        def compute() -> FloatArray:
            return self._fit(candidates.attributes)

        if self._is_usual_fit:
            return self._profile.taste.fits.get(self._index.version, category, candidates.rows, compute)
        return compute()

    def _score(self, category: str, anchor: Anchor) -> Score:
        """Return the score of a category's items, without the penalties of single items."""
        mean, feedback = self._index.category_means[category], self._feedback

        def likeness(products: FloatArray, spread: FloatArray) -> FloatArray:
            near, style, *opinions = products.T
            similar = self._similarity * joint_similarity(near, style, mean, spread, anchor)
            return similar + opinions[0] if opinions else similar

        directions = [anchor.embedding, anchor.style, *([] if feedback is None else [feedback])]
        return Score(np.array(directions), self._log_fit, likeness)

    def _log_fit(self, attributes: PackedAttributes) -> FloatArray:
        logarithms: FloatArray = np.log(_row_products(self._fit(attributes)))
        return logarithms

    def _similar(self, category: str, anchor: Anchor, candidates: Candidates) -> FloatArray:
        return similarity(candidates.vectors, self._index.category_means[category], candidates.spread, anchor)

    def _opinion(self, candidates: Candidates) -> FloatArray:
        """Return what likes and dismissals add to each score."""
        if self._feedback is None:
            return np.zeros(len(candidates.rows), np.float32)
        added: FloatArray = candidates.vectors @ self._feedback
        return added


def _attribute_fit(profile: UserProfile, index: Index, query: RankingQuery) -> AttributeFit:
    memberships = label_memberships(profile, index, query)
    if query.filters.gender is not None:
        # All candidates pass the filter, so the attribute tells nothing more.
        memberships.pop(GENDER, None)
    return attribute_fit(index.heads, memberships, {head: profile.priors.base_rates(head) for head in memberships})


def label_memberships(profile: UserProfile, index: Index, query: RankingQuery) -> dict[str, FloatArray]:
    """Return how far each label of an attribute fits, ``(labels,)``: as the closet shows, or as the query requests."""
    requested = {
        head: requested_membership(head, labels, index.heads[head])
        for head, labels in query.requested_labels.items()
        if head in index.heads
    }
    return {head: worn.member for head, worn in profile.taste.memberships.items()} | requested


def _feedback_direction(feedback: FeedbackVectors, weights: Weights) -> FloatArray | None:
    """Return what likes and dismissals add to every query, ``(d,)`` (Rocchio 1971); its length is bounded."""
    added = [
        np.float32(weight * len(vectors) / (len(vectors) + 2)) * unit(vectors.sum(axis=0))
        for vectors, weight in ((feedback.liked, weights.like), (feedback.dismissed, -weights.dismiss))
        if len(vectors)
    ]
    return np.sum(added, axis=0) if added else None


def _excluded_rows(profile: UserProfile, index: Index, query: RankingQuery) -> Rows:
    """Return the rows of owned, excluded and shown products in all variants, in order."""
    excluded = profile.feedback.excluded
    owned = owned_products(profile.closet) if not query.own_similar else excluded[:0]
    shown = index.rows_of_keys(np.fromiter(query.shown, np.uint64, len(query.shown)))
    products = np.concatenate([owned, excluded, index.products(shown)])
    return np.unique(np.concatenate([shown, index.rows_of_products(np.unique(products))]))


def _seen_penalties(index: Index, query: RankingQuery, weights: Weights) -> tuple[Rows, FloatArray]:
    """Return the rows of recent lists, in order, and the penalty of each."""
    lists = query.recent_lists
    shown = np.fromiter(chain.from_iterable(lists), np.uint64)
    # The latest list that has an item counts, and comes first.
    keys, first = np.unique(shown, return_index=True)
    ages = np.repeat(np.arange(len(lists)), [len(each) for each in lists])[first]
    rows = np.sort(index.rows_of_keys(keys))
    lists_of_rows = ages[np.searchsorted(keys, index.keys(rows).astype(np.uint32))]
    return rows, (-weights.seen * 0.5**lists_of_rows).astype(np.float32)


def _row_products(columns: FloatArray) -> FloatArray:
    """Return the product of each row, ``(n, few) -> (n,)``, column by column: ten times faster than `numpy.prod`."""
    product = np.ones(len(columns), np.float32)
    for column in columns.T:
        product *= column
    return product


def _set(column: FloatArray, rows: Rows, targets: Rows, values: FloatArray | np.float32) -> None:
    """Set a column's values for those of its ``rows`` that are in ``targets``; both ascend."""
    if not len(rows):
        return
    places = np.minimum(np.searchsorted(rows, targets), len(rows) - 1)
    there = rows[places] == targets
    column[places[there]] = values[there] if isinstance(values, np.ndarray) else values


def _largest(scores: FloatArray, most: int) -> NDArray[np.int64]:
    """Return the places of the largest finite scores, ascending."""
    places = np.argpartition(-scores, most)[:most] if len(scores) > most else np.arange(len(scores))
    return np.sort(places[scores[places] > -np.inf])
