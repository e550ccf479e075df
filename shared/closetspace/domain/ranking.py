"""What is recommended, in which order and why: pure functions over arrays.

A candidate's score is a sum of logarithms and of weighed cosines: how likely it fits what the person wears in each
attribute, how near it is to their interests, what they said of others like it, and whether they saw it lately. The
numbers behind the method, and what each part of it adds, are in docs/recommending.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.attributes import Packed, block, parts, shares
from closetspace.domain.background import Background
from closetspace.domain.catalog import Filters, Index, Keys, Rows
from closetspace.domain.closet import Wearables
from closetspace.domain.composing import Composition, Pool, compose
from closetspace.domain.encoding import COLOUR, GENDER, FloatArray
from closetspace.domain.interests import Anchors, similarities
from closetspace.domain.mix import category_shares
from closetspace.domain.noise import explored
from closetspace.domain.products import NO_PRODUCT
from closetspace.domain.scoring import Fitting, asked_for, fitting
from closetspace.domain.style import NEAR_DUPLICATE, side_by_side, unit
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

    noise: float = 2.0
    """What exploring moves an item by for each unit that noise moves its cosine by."""

    near_duplicate: float = NEAR_DUPLICATE
    """Cosine from which on two garments are the same one."""

    per_category: float = 2.0
    """Candidates of each category that a list is composed of, for each item asked for."""

    pool: int = 320
    """Candidates of all categories together, at least: a list of one category has as much to vary with."""

    composition: Composition = field(default_factory=Composition)


METHOD = Method()

WIDER = 2
"""How many times more candidates are looked at for the prototype's full noise, which lifts items from further down."""


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

    def anchors(self, category: str, index: Index) -> Anchors:
        """What an index's candidates of a category are compared with."""
        return self.taste.anchors(category, index.version, index.category_means)


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
    category's anchors, ``anchor (n,)`` which that is, ``category (n,)`` the place of their category."""

    rows: Rows
    parts: FloatArray
    near: FloatArray
    anchor: NDArray[np.int64]
    category: NDArray[np.int64]

    def only(self, places: NDArray[np.int64]) -> "_Scored":
        return _Scored(
            self.rows[places], self.parts[places], self.near[places], self.anchor[places], self.category[places]
        )


def rank(wearer: Wearer, index: Index, wish: Wish, method: Method = METHOD) -> list[Ranked]:
    """The best ``wish.count`` items in order, fewer where the index has no more that pass."""
    mix = category_shares(wearer.taste.mix, index.category_means, wish.filters.categories, wish.mix)
    if not mix:
        return []
    scorer = _Scorer(wearer, index, wish, method, list(mix))
    pool = scorer.best()
    pool, noise = _explored(pool, index, wish, method.noise, scorer.most)
    vectors = index.vectors(pool.rows)
    owned, cosine = _nearest_of_category(wearer.worn, vectors, pool.category, list(mix))
    unwanted = (vectors @ wearer.said.dismissed.T).max(axis=1, initial=-1) >= method.near_duplicate
    if not wish.own_similar:
        unwanted |= cosine >= method.near_duplicate
    if unwanted.any():
        keep = np.flatnonzero(~unwanted)
        pool, noise, vectors, owned, cosine = pool.only(keep), noise[keep], vectors[keep], owned[keep], cosine[keep]
    if not len(pool.rows):
        return []
    scored = np.column_stack([pool.parts, _off_distance(cosine, wish.serendipity, method.serendipity)])
    score = scored.sum(axis=1)
    composable = _composable(pool, vectors, score + noise, mix, wearer, index, wish)
    order = compose(composable, wish.count, method.composition, method.near_duplicate)
    names, categories = (*scorer.names, SERENDIPITY), list(mix)
    return [
        Ranked(
            row=int(pool.rows[place]),
            category=(category := categories[pool.category[place]]),
            score=float(score[place]),
            parts=dict(zip(names, scored[place].tolist(), strict=True)),
            interest=wearer.anchors(category, index).interests[pool.anchor[place]],
            anchor=int(pool.anchor[place]),
            own_similar=_own_similar(
                wearer.worn, int(composable.products[place]), int(owned[place]), float(cosine[place]), method
            )
            if wish.own_similar
            else None,
        )
        for place in order
    ]


def _own_similar(worn: Wearables, product: int, nearest: int, cosine: float, method: Method) -> str | None:
    """The owned item that a candidate is another variant of, or nearly is."""
    variants = np.flatnonzero(worn.products == np.uint64(product)).tolist()
    if not variants and cosine < method.near_duplicate:
        return None
    return worn.ids[variants[0] if variants else nearest]


class _Scorer:
    """Scores the candidates of all categories, and keeps the best of each."""

    def __init__(self, wearer: Wearer, index: Index, wish: Wish, method: Method, categories: Sequence[str]) -> None:
        self._wearer, self._index, self._categories = wearer, index, categories
        self._mask = index.matching(wish.filters)
        self._fits = _fitting(wearer, index, wish)
        self._feedback = _rocchio(wearer.said, method)
        self._never = _excluded(wearer, index, wish)
        self._seen = _seen(index, wish, method)
        self.most = max(math.ceil(method.per_category * wish.count), method.pool // len(categories))
        self._looked_at = math.ceil(self.most * (1 + WIDER * wish.explore))
        self.names = (*self._fits.attributes, SIMILARITY, FEEDBACK, SEEN)

    def best(self) -> _Scored:
        """The best of each category, before what they have to do with each other."""
        compared = [self._compared(category) for category in self._categories]
        rows, attributes, near, anchor, feedback = (np.concatenate(column) for column in zip(*compared, strict=True))
        ends = np.cumsum([len(of_one) for of_one, *_ in compared])
        similar = np.float32(self._wearer.taste.choice.weight) * near
        fits = self._fits(attributes)
        # Categories lie in an index in the order of their names, and so do shares: rows ascend.
        seen = np.zeros(len(rows), np.float32)
        _set(seen, rows, *self._seen)
        total = np.log(_product(fits)) + similar + feedback + seen
        _set(total, rows, self._never, np.float32(-np.inf))
        parted = np.split(total, ends[:-1])
        chosen = [end - len(part) + _largest(part, self._looked_at) for end, part in zip(ends, parted, strict=True)]
        places = np.concatenate(chosen)
        return _Scored(
            rows=rows[places],
            parts=np.column_stack([np.log(fits[places]), similar[places], feedback[places], seen[places]]),
            near=near[places],
            anchor=anchor[places],
            category=np.repeat(np.arange(len(chosen)), [len(part) for part in chosen]),
        )

    def _compared(self, category: str) -> tuple[Rows, Packed, FloatArray, NDArray[np.int64], FloatArray]:
        """A category's candidates: rows, attributes, cosine to the best anchor, which that is, and feedback's part."""
        to = self._wearer.anchors(category, self._index)
        queries = side_by_side(to.near * np.float32(to.share**0.5), to.style * np.float32((1 - to.share) ** 0.5))
        found = self._index.candidates(category, queries, self._looked_at + len(self._never), self._mask)
        similar = similarities(found.vectors, self._index.category_means[category], found.spread, to)
        alone = len(to.interests) == 1
        return (
            found.rows,
            found.attributes,
            similar[:, 0] if alone else similar.max(axis=1, initial=-1),
            np.zeros(len(similar), np.int64) if alone else similar.argmax(axis=1),
            np.zeros(len(similar), np.float32) if self._feedback is None else found.vectors @ self._feedback,
        )


def _explored(pool: _Scored, index: Index, wish: Wish, weight: float, most: int) -> tuple[_Scored, FloatArray]:
    """The ``most`` best of each category with the noise that the wish asks for, and how much that adds to each."""
    if not wish.explore:
        return pool, np.zeros(len(pool.rows), np.float32)
    dim = 2 * index.dim
    noisy = explored(pool.near, index.keys(pool.rows), dim, seed=wish.seed, explore=wish.explore)
    noise = np.float32(weight) * (noisy - pool.near)
    order = np.lexsort((-(pool.parts.sum(axis=1) + noise), pool.category))
    of_each = pool.category[order]
    kept = np.sort(order[np.arange(len(order)) - np.searchsorted(of_each, of_each) < most])
    return pool.only(kept), noise[kept]


def _fitting(wearer: Wearer, index: Index, wish: Wish) -> Fitting:
    """To what the closet tells, or the wish; a gender that is filtered by needs no more said."""
    member = _members(wearer, index, wish)
    if wish.filters.gender is not None:
        member.pop(GENDER, None)
    return fitting(index.heads, member, {head: wearer.background.usual(head) for head in member})


def _members(wearer: Wearer, index: Index, wish: Wish) -> dict[str, FloatArray]:
    """Which labels belong to the person: what the closet tells, and the wish in its place where it says something."""
    asked = {
        head: asked_for(head, labels, index.heads[head]) for head, labels in wish.asked.items() if head in index.heads
    }
    return {head: worn.member for head, worn in wearer.taste.worn.items()} | asked


def _rocchio(said: Said, method: Method) -> FloatArray | None:
    """What likes and dismissals add to every query, ``(d,)`` (Rocchio 1971); their weight is bounded, whatever their
    number."""
    added = [
        np.float32(weight * len(vectors) / (len(vectors) + 2)) * unit(vectors.sum(axis=0))
        for vectors, weight in ((said.liked, method.like), (said.dismissed, -method.dismiss))
        if len(vectors)
    ]
    return np.sum(added, axis=0) if added else None


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


def _nearest_of_category(
    worn: Wearables, vectors: FloatArray, category: NDArray[np.int64], categories: Sequence[str]
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
    pool: _Scored,
    vectors: FloatArray,
    score: FloatArray,
    mix: Mapping[str, float],
    wearer: Wearer,
    index: Index,
    wish: Wish,
) -> Pool:
    weight = wearer.taste.choice.weight
    worn = _members(wearer, index, wish)
    known = COLOUR in worn and COLOUR in index.heads
    member = worn[COLOUR] if known else np.zeros(0, np.float32)
    looks = vectors[:, block(index.blocks, LOOK)]
    return Pool(
        # The nearest candidate that certainly fits is worth 1, whatever the closet's cosines are like.
        worth=np.exp(np.minimum(score - weight * pool.near.max(), 0)),
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


def nearest_owned(worn: Wearables, embeddings: FloatArray, most: int = 3) -> list[list[tuple[int, float]]]:
    """For each recommendation the owned items most like it, ``(row, cosine)``, the nearest first."""
    cosines = embeddings @ worn.vectors.T
    few = min(most, len(worn.ids))
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    return [
        sorted(((int(i), float(row[i])) for i in places), key=lambda owned: (-owned[1], worn.ids[owned[0]]))
        for row, places in zip(cosines, nearest, strict=True)
    ]
