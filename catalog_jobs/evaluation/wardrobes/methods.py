"""The compared methods: baselines, ours, and variants of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalog_jobs.evaluation import baselines
from catalog_jobs.evaluation.baselines import Baseline, Determinant, MarginalRelevance, ScoredPool, rerank_pool
from catalog_jobs.evaluation.wardrobes.labelled_index import EvaluationUser, LabelledIndex
from catalog_jobs.evaluation.wardrobes.recommending import fill_list
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, USAGE
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.ranking.mix import category_shares
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import DEFAULT_WEIGHTS, SIMILARITY, Ranked, UserProfile, Weights
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.recommendation import DEFAULT_MIX
from closetspace.domain.ranking.reranking import RerankingWeights

PROTOTYPE, OURS = "the prototype's, on our vectors", "ours"

POOL = 120
"""Candidates that MMR and DPP re-rank: the best by worth and category share, without duplicates."""

MIXES = (0.0, 0.25, 0.5, 1.0)

MMR_WEIGHTS, DPP_WEIGHTS = (1.5, 2.5), (0.35, 0.5)
"""The weight at which a method's lists are as varied as ours lies between its two weights."""

_HARD_QUOTAS = 1e6
_NO_DUPLICATE = 2.0
"""A cosine that no two garments reach."""


@dataclass(frozen=True)
class Method:
    """A method: its name, and a function that returns a user's list, best first."""

    name: str
    recommend: Callable[[EvaluationUser], Rows]


def compared_methods(labelled: LabelledIndex) -> list[Method]:
    """Return the baselines, our method, and our method with MMR and DPP as re-ranking."""
    return [
        _baseline("random", baselines.at_random, labelled),
        _baseline(PROTOTYPE, baselines.prototype, labelled),
        _baseline("one mean, cosine", baselines.one_mean, labelled),
        _baseline("the first method", baselines.first_method, labelled),
        Method(OURS, lambda user: _rows(ours(user, labelled.index))),
        *(_with_diversity(f"MMR of weight {weight}", labelled, MarginalRelevance, weight) for weight in MMR_WEIGHTS),
        *(_with_diversity(f"DPP of weight {weight}", labelled, Determinant, weight) for weight in DPP_WEIGHTS),
    ]


def ablations(labelled: LabelledIndex) -> list[Method]:
    """Return our method without one of its parts, and with other values of the request's options."""
    default = DEFAULT_WEIGHTS.reranking
    return [
        *(_without_attribute(head, labelled) for head in (COLOUR, USAGE, GENDER)),
        _with_weights("without similarity", labelled, replace(DEFAULT_WEIGHTS, similarity=0.0)),
        _with_reranking("hard quotas", labelled, replace(default, calibration=_HARD_QUOTAS)),
        _with_reranking("without variety", labelled, replace(default, brand=0.0, look=0.0, colour=0.0)),
        _with_reranking("without the variety of brands", labelled, replace(default, brand=0.0)),
        _with_reranking("without the variety of looks", labelled, replace(default, look=0.0)),
        _with_reranking("without the variety of colours", labelled, replace(default, colour=0.0)),
        Method("twins allowed", lambda user: _rows(_with_twins(user, labelled))),
        *(_with_query(f"explore {value:g}", labelled, explore=value) for value in (0.0, 0.2, 0.5, 1.0)),
        *(_with_query(f"mix {value:g}", labelled, mix=value) for value in MIXES if value != DEFAULT_MIX),
        *(_with_query(f"serendipity {value:g}", labelled, serendipity=value) for value in (0.5, 1.0)),
    ]


def ours(user: EvaluationUser, index: Index, weights: Weights = DEFAULT_WEIGHTS) -> list[Ranked]:
    """Return our list for a user, without owned products. See `recommending.fill_list`."""
    query = user.query

    def page(count: int, filters: Filters, before: Sequence[Ranked]) -> list[Ranked]:
        shown = query.shown | {short(int(key)) for key in index.keys(_rows(before))}
        return rank(user.profile, index, replace(query, count=count, filters=filters, shown=shown), weights)

    return fill_list(query.count, index, page, lambda one: one.category)


def _baseline(name: str, baseline: Baseline, labelled: LabelledIndex) -> Method:
    def recommend(user: EvaluationUser) -> Rows:
        return baseline(user.profile.closet, labelled.inventory, user.not_owned, user.query.count, user.query.seed)

    return Method(name, recommend)


def _with_weights(name: str, labelled: LabelledIndex, weights: Weights) -> Method:
    return Method(name, lambda user: _rows(ours(user, labelled.index, weights)))


def _with_reranking(name: str, labelled: LabelledIndex, reranking: RerankingWeights) -> Method:
    return _with_weights(name, labelled, replace(DEFAULT_WEIGHTS, reranking=reranking))


def _with_query(name: str, labelled: LabelledIndex, **changes: Any) -> Method:
    return Method(name, lambda user: _rows(ours(_change_query(user, **changes), labelled.index)))


def _change_query(user: EvaluationUser, **changes: Any) -> EvaluationUser:
    return replace(user, query=replace(user.query, **changes))


def _without_attribute(head: str, labelled: LabelledIndex) -> Method:
    """Return our method for users of whom one attribute is unknown."""

    def recommend(user: EvaluationUser) -> Rows:
        profile = user.profile
        memberships = {name: membership for name, membership in profile.taste.memberships.items() if name != head}
        # Not `replace`: a profile caches values derived from its taste.
        unknown = UserProfile(
            profile.closet, replace(profile.taste, memberships=memberships), profile.priors, profile.feedback
        )
        return _rows(ours(replace(user, profile=unknown), labelled.index))

    return Method(f"without the {head} term", recommend)


def _with_diversity(
    name: str, labelled: LabelledIndex, diversity: type[MarginalRelevance] | type[Determinant], weight: float
) -> Method:
    """Return a method with our candidates and scores and another diversity penalty."""
    reranking = DEFAULT_WEIGHTS.reranking
    without_variety = replace(DEFAULT_WEIGHTS, reranking=replace(reranking, brand=0.0, look=0.0, colour=0.0))

    def recommend(user: EvaluationUser) -> Rows:
        ranked = ours(_change_query(user, count=POOL), labelled.index, without_variety)
        pool = _scored_pool(ranked, user, labelled.index)
        return _rows(ranked)[rerank_pool(diversity(pool.vectors, weight), pool, user.query.count, reranking)]

    return Method(name, recommend)


def _with_twins(user: EvaluationUser, labelled: LabelledIndex) -> list[Ranked]:
    weights = replace(DEFAULT_WEIGHTS, near_duplicate=_NO_DUPLICATE)
    return ours(_change_query(user, own_similar=True), labelled.ungrouped, weights)


def _scored_pool(ranked: Sequence[Ranked], user: EvaluationUser, index: Index) -> ScoredPool:
    mix = category_shares(user.profile.taste.mix, index.category_means, None, user.query.mix)
    # Categories that only fill the end of a list have no share.
    positions = {category: n for n, category in enumerate({**mix, **{one.category: 0.0 for one in ranked}})}
    scores = np.array([one.score for one in ranked], np.float32)
    most_similar = max((one.parts[SIMILARITY] for one in ranked), default=0.0)
    return ScoredPool(
        worth=np.exp(np.minimum(scores - np.float32(most_similar), 0)),
        vectors=index.vectors(_rows(ranked)),
        category=np.array([positions[one.category] for one in ranked], np.int64),
        shares=np.array([mix.get(category, 0.0) for category in positions], np.float32),
    )


def _rows(ranked: Sequence[Ranked]) -> Rows:
    return np.array([one.row for one in ranked], np.int64)
