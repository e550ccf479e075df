"""Rank the items of an index for a person: pure functions over arrays.

The score of a candidate is a sum of logarithms and weighted cosines: the probability that it fits what the person wears
in each attribute, its similarity to their interests, their opinions of similar items, and whether they saw it recently.
docs/recommending.md has the numbers behind the method and what each part adds.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import head_slices, unpack_attributes
from closetspace.domain.encoder.descriptor import COLOUR, block_slice
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.index import Index
from closetspace.domain.ranking.candidates import CandidateScorer, ScoredCandidates, label_memberships
from closetspace.domain.ranking.duplicates import owned_duplicate, resembles_any
from closetspace.domain.ranking.mix import category_shares
from closetspace.domain.ranking.noise import perturb
from closetspace.domain.ranking.query import (
    DEFAULT_WEIGHTS,
    SERENDIPITY,
    Ranked,
    RankingQuery,
    UserProfile,
    Weights,
)
from closetspace.domain.ranking.reranking import Pool, rerank
from closetspace.domain.wardrobe.closet import ClosetArrays

LOOK = "article"
"""The block of a vector that tells whether two garments of a list look alike; without it the whole vector does."""


def rank(profile: UserProfile, index: Index, query: RankingQuery, weights: Weights = DEFAULT_WEIGHTS) -> list[Ranked]:
    """Return the best ``query.count`` items in order, fewer if no more items pass the query's filters."""
    mix = category_shares(profile.taste.mix, index.category_means, query.filters.categories, query.mix)
    if not mix:
        return []
    scorer = CandidateScorer(profile, index, query, weights, list(mix))
    pool = scorer.best()
    pool, noise = _explore(pool, index, query, weights.noise, scorer.per_category)
    vectors = index.vectors(pool.rows)
    owned, cosine = _nearest_owned(profile.closet, vectors, pool.category, list(mix))
    excluded = resembles_any(vectors, profile.feedback.dismissed, weights.near_duplicate)
    if not query.own_similar:
        excluded |= cosine >= weights.near_duplicate
    if excluded.any():
        keep = np.flatnonzero(~excluded)
        pool, noise, vectors, owned, cosine = pool.only(keep), noise[keep], vectors[keep], owned[keep], cosine[keep]
    if not len(pool.rows):
        return []
    scored = np.column_stack([pool.parts, _serendipity(cosine, query.serendipity, weights.serendipity)])
    score = scored.sum(axis=1)
    worth = score + noise - weights.similarity * pool.near.max()
    reranking_pool = _reranking_pool(pool, vectors, worth, mix, profile, index, query)
    places = np.array(rerank(reranking_pool, query.count, weights.reranking, weights.near_duplicate), np.int64)
    own_item_ids: list[str | None] = [None] * len(places)
    if query.own_similar:
        candidates = (each[places].tolist() for each in (reranking_pool.products, owned, cosine))
        own_item_ids = [
            owned_duplicate(profile.closet, product, nearest, similar, weights.near_duplicate)
            for product, nearest, similar in zip(*candidates, strict=True)
        ]
    names, categories = (*scorer.names, SERENDIPITY), list(mix)
    interests = [profile.anchor(category, index).interest for category in categories]
    columns = (each[places].tolist() for each in (pool.rows, pool.category, score, scored))
    return [
        Ranked(row, categories[place], total, dict(zip(names, parts, strict=True)), interests[place], own_item_id)
        for row, place, total, parts, own_item_id in zip(*columns, own_item_ids, strict=True)
    ]


def _explore(
    pool: ScoredCandidates, index: Index, query: RankingQuery, weight: float, per_category: int
) -> tuple[ScoredCandidates, FloatArray]:
    """Return the best ``per_category`` candidates of each category with the query's noise, and the noise of each."""
    if not query.explore:
        return pool, np.zeros(len(pool.rows), np.float32)
    dim = 2 * index.dim
    noisy = perturb(pool.near, index.keys(pool.rows), dim, seed=query.seed, explore=query.explore)
    noise = np.float32(weight) * (noisy - pool.near)
    order = np.lexsort((-(pool.parts.sum(axis=1) + noise), pool.category))
    category = pool.category[order]
    kept = np.sort(order[np.arange(len(order)) - np.searchsorted(category, category) < per_category])
    return pool.only(kept), noise[kept]


def _nearest_owned(
    closet: ClosetArrays, vectors: FloatArray, category: NDArray[np.int64], categories: Sequence[str]
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return each candidate's nearest owned item of its category, or of all if it has none, and their cosine."""
    owned = np.zeros(len(vectors), np.int64)
    cosine = np.zeros(len(vectors), np.float32)
    starts = np.searchsorted(category, np.arange(len(categories) + 1))
    for place, name in enumerate(categories):
        part = slice(starts[place], starts[place + 1])
        rows = closet.rows_by_category.get(name, np.arange(len(closet.ids)))
        similar = vectors[part] @ closet.vectors[rows].T
        owned[part], cosine[part] = rows[similar.argmax(axis=1)], similar.max(axis=1)
    return owned, cosine


def _serendipity(cosine: FloatArray, serendipity: float, weight: float) -> FloatArray:
    """Return what each candidate loses for a distance from owned items other than the requested quantile."""
    if not serendipity:
        return np.zeros(len(cosine), np.float32)
    lost: FloatArray = np.abs(cosine - np.quantile(cosine, 1 - serendipity)).astype(np.float32)
    return lost * np.float32(-weight * serendipity)


def _reranking_pool(
    pool: ScoredCandidates,
    vectors: FloatArray,
    worth: FloatArray,
    mix: Mapping[str, float],
    profile: UserProfile,
    index: Index,
    query: RankingQuery,
) -> Pool:
    memberships = label_memberships(profile, index, query)
    has_colour = COLOUR in memberships and COLOUR in index.heads
    palette = memberships[COLOUR] if has_colour else np.zeros(0, np.float32)
    looks = vectors[:, block_slice(index.blocks, LOOK)]
    colours = head_slices(index.heads)[COLOUR] if has_colour else slice(0, 0)
    return Pool(
        # The nearest candidate that certainly fits is worth 1, whatever cosines the closet has.
        worth=np.exp(np.minimum(worth, 0)),
        category=pool.category,
        shares=np.array(list(mix.values()), np.float32),
        brands=index.brands(pool.rows),
        products=index.products(pool.rows),
        vectors=vectors,
        looks=unit(looks if looks.size else vectors),
        # Squared, so that a colour of which the head is not sure hardly counts as a repetition.
        colours=np.square(unpack_attributes(index.attributes(pool.rows)[:, colours])),
        palette=palette / max(float(palette.sum()), 1e-6),
    )
