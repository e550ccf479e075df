"""What is recommended, in which order and why: pure functions over arrays.

A candidate's score is a sum of logarithms and of weighed cosines: how likely it fits what the person wears in each
attribute, how near it is to their interests, what they said of others like it, and whether they saw it lately. The
numbers behind the method, and what each part of it adds, are in docs/recommending.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import block, parts, shares
from closetspace.domain.encoder.encoding import COLOUR, FloatArray
from closetspace.domain.encoder.vectors import unit
from closetspace.domain.index.index import Index
from closetspace.domain.ranking.candidates import Scored, Scorer, members
from closetspace.domain.ranking.mix import category_shares
from closetspace.domain.ranking.noise import perturb
from closetspace.domain.ranking.query import DEFAULT_WEIGHTS, SERENDIPITY, Ranked, RankingQuery, UserProfile, Weights
from closetspace.domain.ranking.reranking import Pool, compose
from closetspace.domain.wardrobe.closet import ClosetArrays

LOOK = "article"
"""The block of a vector by which two garments of a list look the same; without it the whole vector tells."""


def rank(profile: UserProfile, index: Index, query: RankingQuery, method: Weights = DEFAULT_WEIGHTS) -> list[Ranked]:
    """The best ``query.count`` items in order, fewer where the index has no more that pass."""
    mix = category_shares(profile.taste.mix, index.category_means, query.filters.categories, query.mix)
    if not mix:
        return []
    scorer = Scorer(profile, index, query, method, list(mix))
    pool = scorer.best()
    pool, noise = _explored(pool, index, query, method.noise, scorer.most)
    vectors = index.vectors(pool.rows)
    owned, cosine = _nearest_of_category(profile.worn, vectors, pool.category, list(mix))
    unwanted = (vectors @ profile.said.dismissed.T).max(axis=1, initial=-1) >= method.near_duplicate
    if not query.own_similar:
        unwanted |= cosine >= method.near_duplicate
    if unwanted.any():
        keep = np.flatnonzero(~unwanted)
        pool, noise, vectors, owned, cosine = pool.only(keep), noise[keep], vectors[keep], owned[keep], cosine[keep]
    if not len(pool.rows):
        return []
    scored = np.column_stack([pool.parts, _off_distance(cosine, query.serendipity, method.serendipity)])
    score = scored.sum(axis=1)
    composable = _composable(
        pool, vectors, score + noise - method.similarity * pool.near.max(), mix, profile, index, query
    )
    order = compose(composable, query.count, method.composition, method.near_duplicate)
    names, categories = (*scorer.names, SERENDIPITY), list(mix)
    return [
        Ranked(
            row=int(pool.rows[place]),
            category=(category := categories[pool.category[place]]),
            score=float(score[place]),
            parts=dict(zip(names, scored[place].tolist(), strict=True)),
            interest=profile.anchor(category, index).interest,
            own_similar=_own_similar(
                profile.worn, int(composable.products[place]), int(owned[place]), float(cosine[place]), method
            )
            if query.own_similar
            else None,
        )
        for place in order
    ]


def _own_similar(worn: ClosetArrays, product: int, nearest: int, cosine: float, method: Weights) -> str | None:
    """The owned item that a candidate is another variant of, or nearly is."""
    variants = np.flatnonzero(worn.products == np.uint64(product)).tolist()
    if not variants and cosine < method.near_duplicate:
        return None
    return worn.ids[variants[0] if variants else nearest]


def _explored(pool: Scored, index: Index, query: RankingQuery, weight: float, most: int) -> tuple[Scored, FloatArray]:
    """The ``most`` best of each category with the noise that the query asks for, and how much that adds to each."""
    if not query.explore:
        return pool, np.zeros(len(pool.rows), np.float32)
    dim = 2 * index.dim
    noisy = perturb(pool.near, index.keys(pool.rows), dim, seed=query.seed, explore=query.explore)
    noise = np.float32(weight) * (noisy - pool.near)
    order = np.lexsort((-(pool.parts.sum(axis=1) + noise), pool.category))
    of_each = pool.category[order]
    kept = np.sort(order[np.arange(len(order)) - np.searchsorted(of_each, of_each) < most])
    return pool.only(kept), noise[kept]


def _nearest_of_category(
    worn: ClosetArrays, vectors: FloatArray, category: NDArray[np.int64], categories: Sequence[str]
) -> tuple[NDArray[np.int64], FloatArray]:
    """For each candidate the nearest owned item of its category, of all where there is none, and their cosine."""
    owned = np.zeros(len(vectors), np.int64)
    cosine = np.zeros(len(vectors), np.float32)
    starts = np.searchsorted(category, np.arange(len(categories) + 1))
    for place, name in enumerate(categories):
        of_it = slice(starts[place], starts[place + 1])
        rows = worn.rows_by_category.get(name, np.arange(len(worn.ids)))
        similar = vectors[of_it] @ worn.vectors[rows].T
        owned[of_it], cosine[of_it] = rows[similar.argmax(axis=1)], similar.max(axis=1)
    return owned, cosine


def _off_distance(cosine: FloatArray, serendipity: float, weight: float) -> FloatArray:
    """What candidates lose for being nearer to what is owned, or farther, than the share of them asked for."""
    if not serendipity:
        return np.zeros(len(cosine), np.float32)
    lost: FloatArray = np.abs(cosine - np.quantile(cosine, 1 - serendipity)).astype(np.float32)
    return lost * np.float32(-weight * serendipity)


def _composable(
    pool: Scored,
    vectors: FloatArray,
    score: FloatArray,
    mix: Mapping[str, float],
    profile: UserProfile,
    index: Index,
    query: RankingQuery,
) -> Pool:
    worn = members(profile, index, query)
    known = COLOUR in worn and COLOUR in index.heads
    member = worn[COLOUR] if known else np.zeros(0, np.float32)
    looks = vectors[:, block(index.blocks, LOOK)]
    return Pool(
        # The nearest candidate that certainly fits is worth 1, whatever the closet's cosines are like.
        worth=np.exp(np.minimum(score, 0)),
        category=pool.category,
        shares=np.array(list(mix.values()), np.float32),
        brands=index.brands(pool.rows),
        products=index.products(pool.rows),
        vectors=vectors,
        looks=unit(looks if looks.size else vectors),
        # Squared, a colour that the head is not sure of hardly counts: nobody will see it repeated.
        colours=np.square(shares(index.attributes(pool.rows)[:, parts(index.heads)[COLOUR] if known else slice(0, 0)])),
        palette=member / max(float(member.sum()), 1e-6),
    )
