"""The methods that are compared: rivals, ours, its variants, and ours with a step less or a dial turned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalog_jobs import rivals
from catalog_jobs.evaluation import RECOMMENDATIONS, to_the_end
from catalog_jobs.rivals import Determinant, MarginalRelevance, Rival, Scored, composed_by
from catalog_jobs.wardrobe_evaluation.shop import Shop, Shopper
from closetspace.domain.catalog import Filters, Index, Rows
from closetspace.domain.composing import Composition
from closetspace.domain.encoding import COLOUR, GENDER, USAGE
from closetspace.domain.interests import DEFAULT, Choice, Variant, interests_of, styles_of
from closetspace.domain.mix import category_shares
from closetspace.domain.paging import short
from closetspace.domain.ranking import rank
from closetspace.domain.taste import Taste
from closetspace.domain.wishes import METHOD, SIMILARITY, Method, Ranked, Wearer, Wish
from closetspace.services.recommend import DEFAULT_MIX

WISH = Wish(RECOMMENDATIONS, mix=DEFAULT_MIX)
"""What ours is asked for: a request that says nothing, but without exploration."""

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
    """Rivals, ours, and ours with one of its variants for everybody."""
    return [
        _rival("random", rivals.at_random, shop),
        _rival(PROTOTYPE, rivals.prototype, shop),
        _rival("one mean, cosine", rivals.one_mean, shop),
        _rival("the first method", rivals.first_method, shop),
        Contender(OURS, lambda shopper: _rows(ours(shopper, shop.index))),
        *(_ours(f"ours, {variant}", shop, change=_choosing(Choice(variant, DEFAULT.weight))) for variant in Variant),
    ]


def ablations(shop: Shop) -> list[Contender]:
    """Ours with a step taken out or another in its place, and with its dials turned."""
    plain = METHOD.composition
    return [
        *(_ours(f"without the {head} term", shop, change=_without(head)) for head in (COLOUR, USAGE, GENDER)),
        _ours("without similarity", shop, change=_without_similarity),
        _ours("the default for everybody, nothing left out", shop, change=_choosing(DEFAULT)),
        _composed("hard quotas", shop, replace(plain, calibration=_CERTAIN_QUOTAS)),
        _composed("without variety", shop, replace(plain, brand=0.0, look=0.0, colour=0.0)),
        _composed("without the variety of brands", shop, replace(plain, brand=0.0)),
        _composed("without the variety of looks", shop, replace(plain, look=0.0)),
        _composed("without the variety of colours", shop, replace(plain, colour=0.0)),
        Contender("twins allowed", lambda shopper: _rows(_with_twins(shopper, shop))),
        *(_recomposed(f"MMR of weight {weight}", shop, MarginalRelevance, weight) for weight in MMR_WEIGHTS),
        *(_recomposed(f"DPP of weight {weight}", shop, Determinant, weight) for weight in DPP_WEIGHTS),
        *(_asked(f"explore {value:g}", shop, replace(WISH, explore=value)) for value in (0.2, 0.5, 1.0)),
        *(_asked(f"mix {value:g}", shop, replace(WISH, mix=value)) for value in MIXES if value != DEFAULT_MIX),
        *(_asked(f"serendipity {value:g}", shop, replace(WISH, serendipity=value)) for value in (0.5, 1.0)),
    ]


def ours(shopper: Shopper, index: Index, wish: Wish = WISH, method: Method = METHOD) -> list[Ranked]:
    """Our list for a shopper, none of it owned; see `catalog_jobs.evaluation.to_the_end` for where it goes on."""

    def page(count: int, filters: Filters, before: Sequence[Ranked]) -> list[Ranked]:
        seen = frozenset(short(int(key)) for key in index.keys(_rows(before)))
        asked = replace(wish, count=count, filters=filters, seed=shopper.seed, shown=shopper.owned | seen)
        return rank(shopper.wearer, index, asked, method)

    return to_the_end(wish.count, index, page, lambda one: one.category)


def _rival(name: str, rival: Rival, shop: Shop) -> Contender:
    return Contender(name, lambda s: rival(s.wearer.worn, shop.shelf, s.free, RECOMMENDATIONS, s.seed))


def _ours(name: str, shop: Shop, *, change: Callable[[Wearer], Wearer]) -> Contender:
    return Contender(name, lambda s: _rows(ours(replace(s, wearer=change(s.wearer)), shop.index)))


def _composed(name: str, shop: Shop, how: Composition) -> Contender:
    method = replace(METHOD, composition=how)
    return Contender(name, lambda s: _rows(ours(s, shop.index, method=method)))


def _asked(name: str, shop: Shop, wish: Wish) -> Contender:
    return Contender(name, lambda s: _rows(ours(s, shop.index, wish)))


def _recomposed(
    name: str, shop: Shop, repeats: type[MarginalRelevance] | type[Determinant], weight: float
) -> Contender:
    """The same candidates with the same scores, composed by another rule of variety."""
    how = METHOD.composition
    plain = replace(METHOD, composition=replace(how, brand=0.0, look=0.0, colour=0.0))

    def pick(shopper: Shopper) -> Rows:
        pool = ours(shopper, shop.index, replace(WISH, count=POOL), plain)
        scored = _scored(pool, shopper.wearer, shop.index)
        places = composed_by(repeats(scored.vectors, weight), scored, RECOMMENDATIONS, how)
        return _rows(pool)[places]

    return Contender(name, pick)


def _with_twins(shopper: Shopper, shop: Shop) -> list[Ranked]:
    method = replace(METHOD, near_duplicate=_NEVER_THE_SAME)
    return ours(shopper, shop.apart, replace(WISH, own_similar=True), method)


def _choosing(choice: Choice) -> Callable[[Wearer], Wearer]:
    """A wearer whose closet would have chosen this."""

    def chosen(wearer: Wearer) -> Wearer:
        styles = styles_of(wearer.worn, wearer.background) if choice.variant.by_style else None
        interests = interests_of(wearer.worn, styles)
        return _of_taste(wearer, replace(wearer.taste, choice=choice, interests=interests))

    return chosen


def _without(head: str) -> Callable[[Wearer], Wearer]:
    """A wearer of whom nothing is known of one attribute."""

    def unknown(wearer: Wearer) -> Wearer:
        left = {name: worn for name, worn in wearer.taste.worn.items() if name != head}
        return _of_taste(wearer, replace(wearer.taste, worn=left))

    return unknown


def _without_similarity(wearer: Wearer) -> Wearer:
    """A wearer of whom only the attributes count."""
    return _of_taste(wearer, replace(wearer.taste, choice=replace(wearer.taste.choice, weight=0.0)))


def _of_taste(wearer: Wearer, taste: Taste) -> Wearer:
    # Made anew, not a copy with a change: a wearer keeps what it derived from its taste.
    return Wearer(wearer.worn, taste, wearer.background, wearer.said)


def _scored(pool: Sequence[Ranked], wearer: Wearer, index: Index) -> Scored:
    mix = category_shares(wearer.taste.mix, index.category_means, None, WISH.mix)
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
