"""What is recommended, in which order and why: pure functions over arrays.

A candidate's score is a sum of logarithms and of weighed cosines: how likely it fits what the person wears in each
attribute, how near it is to their interests, what they said of others like it, and whether they saw it lately. The
numbers behind the method, and what each part of it adds, are in docs/recommending.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.attributes import block, parts, shares
from closetspace.domain.background import Background
from closetspace.domain.catalog import Candidates, Filters, Index, Keys, Rows
from closetspace.domain.closet import Wearables
from closetspace.domain.composing import Composition, Pool, compose
from closetspace.domain.encoding import COLOUR, GENDER, FloatArray
from closetspace.domain.interests import anchors, similarities
from closetspace.domain.mix import category_shares
from closetspace.domain.noise import explored
from closetspace.domain.products import NO_PRODUCT
from closetspace.domain.scoring import Fitting, asked_for, fitting
from closetspace.domain.style import side_by_side, unit
from closetspace.domain.taste import Taste

SIMILARITY, FEEDBACK, SEEN, SERENDIPITY = "similarity", "feedback", "seen", "serendipity"
"""Parts of a score beside the attributes'."""


class Order(StrEnum):
    """What a list is sorted by; every order but the fit sorts the best `BLOCK` by fit, then the next as many."""

    FIT = "fit"
    UNLOCK = "unlock"
    PRICE = "price"


BLOCK = 100

LOOK = "article"
"""The block of a vector by which two garments of a list look the same; without it the whole vector tells."""


@dataclass(frozen=True)
class Method:
    """The weights of the method, in nats where nothing else is said; chosen on half of the personas."""

    like: float = 1.0
    """Most that likes give to an item that is just like them; half of it after two."""

    dismiss: float = 0.5
    """Most that dismissals take."""

    seen: float = 0.7
    """What an item loses that was shown in the list before; half of it for each list further back."""

    serendipity: float = 8.0
    """What an item loses for each unit of cosine that it is off the distance asked for, at the dial's end."""

    near_duplicate: float = 0.985
    """Cosine from which on two garments are the same one: 2 % of products have another so near that is none."""

    per_category: int = 60
    """Candidates of each category that a list is composed of, at least: twice as many as are asked for."""

    composition: Composition = field(default_factory=Composition)


METHOD = Method()

WIDER = 4
"""How many times more candidates are looked at where noise can lift items from further down."""


@dataclass(frozen=True)
class Wish:
    """What a ranking is asked for.

    ``explore`` in 0..1 is the standard deviation, in tenths, of the noise that `closetspace.domain.noise` draws from
    ``seed``. ``serendipity`` in 0..1 asks for items that far from what is owned, among those that fit. ``mix`` in 0..1
    goes from more like mine to complete my closet. ``asked`` are labels that count in the place of what the closet
    tells of an attribute. ``shown`` are the keys, as `closetspace.domain.paging` keeps them, of items that must not
    come again, ``lately`` those of earlier lists, the latest first.
    """

    count: int
    filters: Filters = field(default_factory=Filters)
    seed: int = 0
    explore: float = 0.0
    serendipity: float = 0.0
    mix: float = 0.0
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_similar: bool = False
    shown: frozenset[int] = frozenset()
    lately: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Said:
    """What the person said of items of the catalog: their embeddings, ``(n, d)``, and the products never to come."""

    liked: FloatArray
    dismissed: FloatArray
    never: Keys


@dataclass(frozen=True)
class Wearer:
    """Whom a ranking is for: what they own, the taste derived from it, and what they said of other items."""

    worn: Wearables
    taste: Taste
    background: Background
    said: Said


@dataclass(frozen=True)
class Ranked:
    """One recommendation: its row in the index, its category, its score before exploration, and the score's parts.

    ``interest`` is the place of the interest that it serves and ``anchor`` which of its category's anchors that has;
    ``own_similar`` the owned item that it nearly is.
    """

    row: int
    category: str
    score: float
    parts: Mapping[str, float]
    interest: int
    anchor: int
    own_similar: str | None = None


@dataclass(frozen=True)
class _Scored:
    """Candidates with their scores: ``parts (n, parts)`` in nats, ``near (n,)`` the cosine to the best of their
    category's anchors, ``anchor (n,)`` which that is and ``interest (n,)`` what it stands for, ``category (n,)`` the
    place of their category, ``noise (n,)`` what exploring adds to their scores."""

    found: Candidates
    parts: FloatArray
    near: FloatArray
    anchor: NDArray[np.int64]
    interest: NDArray[np.int64]
    category: NDArray[np.int64]
    noise: FloatArray

    def only(self, places: NDArray[np.int64]) -> "_Scored":
        return _Scored(
            self.found.only(places),
            self.parts[places],
            self.near[places],
            self.anchor[places],
            self.interest[places],
            self.category[places],
            self.noise[places],
        )


def rank(wearer: Wearer, index: Index, wish: Wish, method: Method = METHOD) -> list[Ranked]:
    """The best ``wish.count`` items in order, fewer where the index has no more that pass."""
    mix = category_shares(wearer.taste.mix, index.category_means, wish.filters.categories, wish.mix)
    scorer = _Scorer(wearer, index, wish, method)
    pool = scorer.explored(_joined([scorer.score(category, place) for place, category in enumerate(mix)]))
    owned, cosine = _nearest_of_category(wearer.worn, pool, list(mix))
    unwanted = (pool.found.vectors @ wearer.said.dismissed.T).max(axis=1, initial=-1) >= method.near_duplicate
    if not wish.own_similar:
        unwanted |= cosine >= method.near_duplicate
    keep = np.flatnonzero(~unwanted)
    pool, owned, cosine = pool.only(keep), owned[keep], cosine[keep]
    if not len(pool.near):
        return []
    parts_ = np.column_stack([pool.parts, _off_distance(cosine, wish.serendipity, method.serendipity)])
    score = parts_.sum(axis=1)
    composable = _composable(pool, score + pool.noise, mix, wearer, index)
    order = compose(composable, wish.count, method.composition, method.near_duplicate)
    names, categories = (*scorer.names, SERENDIPITY), list(mix)
    return [
        Ranked(
            row=int(pool.found.rows[place]),
            category=categories[pool.category[place]],
            score=float(score[place]),
            parts=dict(zip(names, parts_[place].tolist(), strict=True)),
            interest=int(pool.interest[place]),
            anchor=int(pool.anchor[place]),
            own_similar=wearer.worn.ids[owned[place]] if cosine[place] >= method.near_duplicate else None,
        )
        for place in order
    ]


class _Scorer:
    """Scores the candidates of one category after the other."""

    def __init__(self, wearer: Wearer, index: Index, wish: Wish, method: Method) -> None:
        self._wearer, self._index, self._wish, self._method = wearer, index, wish, method
        self._mask = index.matching(wish.filters)
        self._most = max(method.per_category, 2 * wish.count)
        self._fits = _fitting(wearer, index, wish)
        self._feedback = _rocchio(wearer.said, method)
        self._never = _excluded(wearer, index, wish)
        self._seen = _seen(index, wish, method)
        self.names = (*self._fits.attributes, SIMILARITY, FEEDBACK, SEEN)

    def score(self, category: str, place: int) -> _Scored:
        """The best of a category, before what they have to do with each other."""
        choice, mean = self._wearer.taste.choice, self._index.category_means[category]
        to = anchors(self._wearer.taste.interests, category, choice.variant, self._index.category_means)
        queries = side_by_side(to.near * np.float32(to.share**0.5), to.style * np.float32((1 - to.share) ** 0.5))
        most = self._most * (WIDER if self._wish.explore else 1)
        found = self._index.candidates(category, queries, most + len(self._never), self._mask)
        similar = similarities(found.vectors, mean, found.spread, to)
        best = similar.argmax(axis=1)
        near = similar.max(axis=1, initial=-1)
        columns = [
            *self._fits(found.attributes).T,
            np.float32(choice.weight) * near,
            found.vectors @ self._feedback,
            np.zeros(len(near), np.float32),
        ]
        parts_ = np.column_stack(columns).astype(np.float32)
        _set(parts_[:, -1], found.rows, *self._seen)
        total = parts_.sum(axis=1)
        _set(total, found.rows, self._never, -np.inf)
        chosen = _largest(total, most)
        return _Scored(
            found.only(chosen),
            parts_[chosen],
            near[chosen],
            best[chosen],
            np.array(to.interests, np.int64)[best[chosen]],
            np.full(len(chosen), place),
            np.zeros(len(chosen), np.float32),
        )

    def explored(self, pool: _Scored) -> _Scored:
        """The best of each category with the noise that the wish asks for."""
        if not self._wish.explore:
            return pool
        dim = 2 * pool.found.vectors.shape[1]
        noisy = explored(pool.near, pool.found.keys, dim, seed=self._wish.seed, explore=self._wish.explore)
        noise = np.float32(self._wearer.taste.choice.weight) * (noisy - pool.near)
        order = np.lexsort((pool.found.rows, -(pool.parts.sum(axis=1) + noise), pool.category))
        sorted_ = pool.category[order]
        within = np.arange(len(order)) - np.searchsorted(sorted_, sorted_)
        kept = order[within < self._most]
        return replace(pool, noise=noise).only(kept)


def _fitting(wearer: Wearer, index: Index, wish: Wish) -> Fitting:
    """To what the closet tells, or the wish; a gender that is filtered by needs no more said."""
    member = {head: worn.member for head, worn in wearer.taste.worn.items()}
    member |= {
        head: asked_for(head, labels, index.heads[head]) for head, labels in wish.asked.items() if head in index.heads
    }
    if wish.filters.gender is not None:
        member.pop(GENDER, None)
    return fitting(index.heads, member, {head: wearer.background.usual(head) for head in member})


def _rocchio(said: Said, method: Method) -> FloatArray:
    """What likes and dismissals add to every query (Rocchio 1971), their weight bounded whatever their number."""
    total = np.zeros(said.liked.shape[1], np.float32)
    for vectors, weight in ((said.liked, method.like), (said.dismissed, -method.dismiss)):
        if len(vectors):
            total += np.float32(weight * len(vectors) / (len(vectors) + 2)) * unit(vectors.sum(axis=0))
    return total


def _excluded(wearer: Wearer, index: Index, wish: Wish) -> Rows:
    """Rows of what is owned or unwanted, in all variants, and of what was shown, in order."""
    owned = wearer.worn.products[wearer.worn.products != NO_PRODUCT] if not wish.own_similar else wearer.said.never[:0]
    shown = index.rows_of_keys(np.fromiter(wish.shown, np.uint64, len(wish.shown)))
    never = np.concatenate([owned, wearer.said.never, index.products(shown)])
    return np.unique(np.concatenate([shown, index.rows_of_products(np.unique(never))]))


def _seen(index: Index, wish: Wish, method: Method) -> tuple[Rows, FloatArray]:
    """Rows of what earlier lists showed, in order, and what each loses by it."""
    lost: dict[int, float] = {}
    for age, keys in enumerate(wish.lately):
        for row in index.rows_of_keys(np.array(keys, np.uint64)).tolist():
            lost.setdefault(row, -method.seen * 0.5**age)
    rows = sorted(lost)
    return np.array(rows, np.int64), np.array([lost[row] for row in rows], np.float32)


def _set(column: NDArray[np.float32], rows: Rows, which: Rows, values: FloatArray | float) -> None:
    """Set what stands in a column for some of its ascending ``rows``; ``which`` ascend as well."""
    if not len(which) or not len(rows):
        return
    places = np.minimum(np.searchsorted(rows, which), len(rows) - 1)
    there = rows[places] == which
    column[places[there]] = values[there] if isinstance(values, np.ndarray) else values


def _largest(scores: FloatArray, most: int) -> NDArray[np.int64]:
    """Places of the largest finite scores, in order; equals by their place, so that nothing is left to chance."""
    places = np.argpartition(-scores, most)[:most] if len(scores) > most else np.arange(len(scores))
    places = places[np.isfinite(scores[places])]
    return places[np.lexsort((places, -scores[places]))]


def _joined(scored: Sequence[_Scored]) -> _Scored:
    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(one.found, name) for one in scored])

    return _Scored(
        Candidates(**{name.name: column(name.name) for name in fields(Candidates)}),
        np.concatenate([one.parts for one in scored]),
        np.concatenate([one.near for one in scored]),
        np.concatenate([one.anchor for one in scored]),
        np.concatenate([one.interest for one in scored]),
        np.concatenate([one.category for one in scored]),
        np.concatenate([one.noise for one in scored]),
    )


def _nearest_of_category(
    worn: Wearables, pool: _Scored, categories: Sequence[str]
) -> tuple[NDArray[np.int64], FloatArray]:
    """For each candidate the nearest owned item of its category, of all where there is none, and their cosine."""
    owned = np.zeros(len(pool.near), np.int64)
    cosine = np.zeros(len(pool.near), np.float32)
    vectors = unit(worn.vectors)
    for place, category in enumerate(categories):
        of_it = np.flatnonzero(pool.category == place)
        rows = worn.rows_by_category.get(category, np.arange(len(worn.ids)))
        similar = pool.found.vectors[of_it] @ vectors[rows].T
        owned[of_it], cosine[of_it] = rows[similar.argmax(axis=1)], similar.max(axis=1)
    return owned, cosine


def _off_distance(cosine: FloatArray, serendipity: float, weight: float) -> FloatArray:
    """What candidates lose for being nearer to what is owned, or farther, than the share of them asked for."""
    if not serendipity:
        return np.zeros(len(cosine), np.float32)
    lost: FloatArray = np.abs(cosine - np.quantile(cosine, 1 - serendipity)).astype(np.float32)
    return lost * np.float32(-weight * serendipity)


def _composable(pool: _Scored, score: FloatArray, mix: Mapping[str, float], wearer: Wearer, index: Index) -> Pool:
    weight = wearer.taste.choice.weight
    of_colour = parts(index.heads).get(COLOUR)
    known = of_colour is not None and COLOUR in wearer.taste.worn
    member = wearer.taste.worn[COLOUR].member if known else np.zeros(0, np.float32)
    return Pool(
        # The nearest candidate that certainly fits is worth 1, whatever the closet's cosines are like.
        worth=np.exp(np.minimum(score - weight * pool.near.max(), 0)),
        category=pool.category,
        shares=np.array(list(mix.values()), np.float32),
        brands=np.unique(pool.found.brands, return_inverse=True)[1].astype(np.int32),
        products=pool.found.products,
        vectors=pool.found.vectors,
        looks=unit(looks if (looks := pool.found.vectors[:, block(index.blocks, LOOK)]).size else pool.found.vectors),
        colours=shares(pool.found.attributes[:, of_colour]) if known else np.zeros((len(score), 0), np.float32),
        palette=member / max(float(member.sum()), 1e-6),
    )


def nearest_owned(worn: Wearables, embeddings: FloatArray, most: int = 3) -> list[list[tuple[int, float]]]:
    """For each recommendation the owned items most like it, ``(row, cosine)``, the nearest first."""
    cosines: NDArray[np.float32] = unit(embeddings) @ unit(worn.vectors).T
    few = min(most, len(worn.ids))
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    return [
        sorted(((int(i), float(row[i])) for i in places), key=lambda owned: (-owned[1], worn.ids[owned[0]]))
        for row, places in zip(cosines, nearest, strict=True)
    ]
