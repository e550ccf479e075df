"""The methods that are compared: baselines, ours, and ours with a step taken out or a dial turned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalog_jobs.evaluation import baselines as baselines
from catalog_jobs.evaluation.baselines import Baseline, Determinant, MarginalRelevance, Scored, composed_by
from catalog_jobs.evaluation.wardrobes.recommending import to_the_end
from catalog_jobs.evaluation.wardrobes.shop import Shop, Shopper
from closetspace.domain.encoder.encoding import COLOUR, GENDER, USAGE
from closetspace.domain.index.index import Filters, Index, Rows
from closetspace.domain.ranking.mix import category_shares
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import DEFAULT_WEIGHTS, SIMILARITY, Ranked, UserProfile, Weights
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reranking import Composition
from closetspace.services.recommend import DEFAULT_MIX

PROTOTYPE, OURS = "the prototype's, on our vectors", "ours"

POOL = 120
"""Candidates that MMR and DPP compose a list of: the best by worth and mix, twins left out."""

MIXES = (0.0, 0.25, 0.5, 1.0)

MMR_WEIGHTS, DPP_WEIGHTS = (1.5, 2.5), (0.35, 0.5)
"""Less variety than ours and more of it: where either is as various as ours lies between the two."""

_CERTAIN_QUOTAS = 1e6
_NEVER_THE_SAME = 2.0
"""A cosine that no two garments have."""


@dataclass(frozen=True)
class Contender:
    """A method: its name, and what makes a shopper's list, best first."""

    name: str
    pick: Callable[[Shopper], Rows]


def contenders(shop: Shop) -> list[Contender]:
    """Return the baselines, ours, and ours composed by other rules of variety."""
    return [
        _rival("random", baselines.at_random, shop),
        _rival(PROTOTYPE, baselines.prototype, shop),
        _rival("one mean, cosine", baselines.one_mean, shop),
        _rival("the first method", baselines.first_method, shop),
        Contender(OURS, lambda shopper: _rows(ours(shopper, shop.index))),
        *(_recomposed(f"MMR of weight {weight}", shop, MarginalRelevance, weight) for weight in MMR_WEIGHTS),
        *(_recomposed(f"DPP of weight {weight}", shop, Determinant, weight) for weight in DPP_WEIGHTS),
    ]


def ablations(shop: Shop) -> list[Contender]:
    """Return ours with a step taken out or another in its place, and with its dials turned."""
    plain = DEFAULT_WEIGHTS.composition
    return [
        *(_without(head, shop) for head in (COLOUR, USAGE, GENDER)),
        _by("without similarity", shop, replace(DEFAULT_WEIGHTS, similarity=0.0)),
        _composed("hard quotas", shop, replace(plain, calibration=_CERTAIN_QUOTAS)),
        _composed("without variety", shop, replace(plain, brand=0.0, look=0.0, colour=0.0)),
        _composed("without the variety of brands", shop, replace(plain, brand=0.0)),
        _composed("without the variety of looks", shop, replace(plain, look=0.0)),
        _composed("without the variety of colours", shop, replace(plain, colour=0.0)),
        Contender("twins allowed", lambda shopper: _rows(_with_twins(shopper, shop))),
        *(_asked(f"explore {value:g}", shop, explore=value) for value in (0.0, 0.2, 0.5, 1.0)),
        *(_asked(f"mix {value:g}", shop, mix=value) for value in MIXES if value != DEFAULT_MIX),
        *(_asked(f"serendipity {value:g}", shop, serendipity=value) for value in (0.5, 1.0)),
    ]


def ours(shopper: Shopper, index: Index, method: Weights = DEFAULT_WEIGHTS) -> list[Ranked]:
    """Return our list for a shopper, none of it owned; it goes on as `recommending.to_the_end` says."""
    query = shopper.query

    def page(count: int, filters: Filters, before: Sequence[Ranked]) -> list[Ranked]:
        seen = frozenset(short(int(key)) for key in index.keys(_rows(before)))
        return rank(
            shopper.profile, index, replace(query, count=count, filters=filters, shown=query.shown | seen), method
        )

    return to_the_end(query.count, index, page, lambda one: one.category)


def _rival(name: str, baseline: Baseline, shop: Shop) -> Contender:
    return Contender(name, lambda s: baseline(s.profile.worn, shop.shelf, s.free, s.query.count, s.query.seed))


def _by(name: str, shop: Shop, method: Weights) -> Contender:
    return Contender(name, lambda s: _rows(ours(s, shop.index, method)))


def _composed(name: str, shop: Shop, how: Composition) -> Contender:
    return _by(name, shop, replace(DEFAULT_WEIGHTS, composition=how))


def _asked(name: str, shop: Shop, **changes: Any) -> Contender:
    return Contender(name, lambda s: _rows(ours(_asking(s, **changes), shop.index)))


def _asking(shopper: Shopper, **changes: Any) -> Shopper:
    return replace(shopper, query=replace(shopper.query, **changes))


def _without(head: str, shop: Shop) -> Contender:
    """Ours for shoppers of whom one attribute is unknown."""

    def pick(shopper: Shopper) -> Rows:
        profile = shopper.profile
        known = {name: worn for name, worn in profile.taste.worn.items() if name != head}
        # Made anew, not a copy with a change: a profile keeps what it derived from its taste.
        unknown = UserProfile(profile.worn, replace(profile.taste, worn=known), profile.priors, profile.said)
        return _rows(ours(replace(shopper, profile=unknown), shop.index))

    return Contender(f"without the {head} term", pick)


def _recomposed(
    name: str, shop: Shop, repeats: type[MarginalRelevance] | type[Determinant], weight: float
) -> Contender:
    """The same candidates with the same scores, composed by another rule of variety."""
    how = DEFAULT_WEIGHTS.composition
    plain = replace(DEFAULT_WEIGHTS, composition=replace(how, brand=0.0, look=0.0, colour=0.0))

    def pick(shopper: Shopper) -> Rows:
        pool = ours(_asking(shopper, count=POOL), shop.index, plain)
        scored = _scored(pool, shopper, shop.index)
        places = composed_by(repeats(scored.vectors, weight), scored, shopper.query.count, how)
        return _rows(pool)[places]

    return Contender(name, pick)


def _with_twins(shopper: Shopper, shop: Shop) -> list[Ranked]:
    method = replace(DEFAULT_WEIGHTS, near_duplicate=_NEVER_THE_SAME)
    return ours(_asking(shopper, own_similar=True), shop.apart, method)


def _scored(pool: Sequence[Ranked], shopper: Shopper, index: Index) -> Scored:
    mix = category_shares(shopper.profile.taste.mix, index.category_means, None, shopper.query.mix)
    # Categories that were asked for only when the others had run out have no share.
    places = {category: place for place, category in enumerate({**mix, **{one.category: 0.0 for one in pool}})}
    score = np.array([one.score for one in pool], np.float32)
    nearest = max((one.parts[SIMILARITY] for one in pool), default=0.0)
    return Scored(
        worth=np.exp(np.minimum(score - np.float32(nearest), 0)),
        vectors=index.vectors(_rows(pool)),
        category=np.array([places[one.category] for one in pool], np.int64),
        shares=np.array([mix.get(category, 0.0) for category in places], np.float32),
    )


def _rows(ranked: Sequence[Ranked]) -> Rows:
    return np.array([one.row for one in ranked], np.int64)
