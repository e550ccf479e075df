"""Answer a person's request for clothes that fit their closet."""

import logging
import math
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from closetspace.domain.encoder.encoding import COLOUR, USAGE
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.index import Filters, Index, IndexedItem, Rows
from closetspace.domain.person.person import Kind, Opinion, Person, Preferences
from closetspace.domain.ranking.paging import Cursor, index_mark, short
from closetspace.domain.ranking.query import BLOCK, FeedbackVectors, Order, Ranked, RankingQuery, UserProfile
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reasons import Reason, explain
from closetspace.domain.taste.taste import Taste, derive_taste
from closetspace.domain.wardrobe.closet import Closet
from closetspace.errors import FailedPrecondition, InvalidInput, Transient
from closetspace.ports import People
from closetspace.services.closet_cache import ClosetCache, ClosetFeatures

log = logging.getLogger(__name__)

EMPTY_CLOSET = "Your wardrobe has no finished items yet. Add photos of a few clothes first, then ask again."

DEFAULT_EXPLORE, DEFAULT_SERENDIPITY, DEFAULT_MIX = 0.2, 0.0, 0.15
"""Where neither the request nor the person's preferences say otherwise; docs/recommending.md has what each costs."""

MOST_VARIANTS = 8
"""Other variants of a product that an answer lists."""


@dataclass(frozen=True)
class Request:
    """A validated request; None is not said, and left to the person's preferences. A cursor carries its own seed."""

    count: int
    filters: Filters = field(default_factory=Filters)
    explore: float | None = None
    serendipity: float | None = None
    mix: float | None = None
    usage: frozenset[str] | None = None
    colours: frozenset[str] | None = None
    own_similar: bool = False
    order: Order = Order.FIT
    seed: int | None = None
    cursor: Cursor | None = None


@dataclass(frozen=True)
class Recommender:
    """Reads a person, ranks one version of the index, explains.

    ``index`` chooses the version by how many of the closet's items each encoder covers; vectors, taste and
    reasons are all of that version's encoder. ``priors`` is what is known of an encoder by its id.
    """

    people: People
    index: Callable[[Mapping[str, int]], Index]
    priors: Callable[[str], EncoderPriors | None]
    _recent: ClosetCache = field(default_factory=ClosetCache, init=False, repr=False)

    def recommend(self, uid: str, request: Request) -> dict[str, Any]:
        """The answer of the callable `recommend`, as plain values.

        Raises `FailedPrecondition` for an empty closet, `InvalidInput` for a filter that names what the index
        does not have, `Transient` while there is no index that the closet's vectors can be compared with.
        """
        person = self.people.person(uid)
        if not person.closet.entries:
            raise FailedPrecondition(EMPTY_CLOSET)
        index = self.index(person.closet.coverage)
        known = self._known(person, index)
        if not known.worn.ids:
            covered = ", ".join(person.closet.coverage)
            raise Transient(f"no index in use is by {covered}: finish `closetspace encoder migrate`")
        _check_labels(request, index)
        cursor = request.cursor or Cursor(_seed(request), index_mark(index.version))
        query = _wish(request, person, cursor, index)
        profile = UserProfile(known.worn, known.taste, known.priors, _said(person.opinions, index))
        ranked = _ordered(profile, index, query, request.order, known)
        rows = np.array([one.row for one in ranked], np.int64)
        self._remember(uid, person, cursor.seed, [short(int(key)) for key in index.keys(rows)])
        following = cursor.after(int(key) for key in index.keys(rows)) if ranked else None
        return {
            "items": _items(ranked, explain(ranked, profile, index), known, index),
            "cursor": following.encode() if following else None,
            "seed": cursor.seed,
            "index_version": index.version,
            "moved_on": cursor.index != index_mark(index.version),
        }

    def _known(self, person: Person, index: Index) -> ClosetFeatures:
        closet, encoder_id = person.closet, index.encoder_id

        def derive() -> ClosetFeatures:
            priors = self.priors(encoder_id)
            return ClosetFeatures(
                closet.encoded_by(encoder_id),
                _taste(closet, encoder_id, person.taste, priors),
                priors or EncoderPriors(index.heads),
            )

        return self._recent.get((closet.uid, encoder_id), closet.version, derive)

    def _remember(self, uid: str, person: Person, seed: int, keys: Sequence[int]) -> None:
        """Note what is shown; an answer is not lost for it."""
        shown = person.shown.with_page(seed, keys)
        if shown is not person.shown:
            try:
                self.people.remember_shown(uid, shown)
            except Transient:
                log.warning("what was shown could not be noted, it may come again soon", exc_info=True)


def _seed(request: Request) -> int:
    return request.seed if request.seed is not None else secrets.randbits(48)


def _taste(closet: Closet, encoder_id: str, cached: Taste | None, priors: EncoderPriors | None) -> Taste:
    """The cached taste where it is of this very closet, else one derived here."""
    if cached and (cached.closet_version, cached.encoder) == (closet.version, encoder_id):
        return cached
    return derive_taste(closet, encoder_id, priors)


def _said(opinions: Mapping[str, Opinion], index: Index) -> FeedbackVectors:
    """Opinions of what the index has, and the products of those that rule them out whether it has them or not."""

    def vectors(*kinds: Kind) -> Any:
        said = [item_id for item_id, opinion in opinions.items() if opinion.kind in kinds]
        rows = index.rows_of(said) if said else np.zeros(0, np.int64)
        return index.vectors(np.sort(rows[rows >= 0]))

    never = [opinion.product for opinion in opinions.values() if opinion.kind in (Kind.DISMISS, Kind.OWN)]
    return FeedbackVectors(vectors(Kind.LIKE, Kind.OWN), vectors(Kind.DISMISS), np.array(never, np.uint64))


def _wish(request: Request, person: Person, cursor: Cursor, index: Index) -> RankingQuery:
    """The request, what it leaves open taken from the person's preferences, what those do from the defaults."""
    preferences, filters = person.preferences, request.filters
    return RankingQuery(
        count=request.count,
        filters=replace(
            filters,
            gender=_first(filters.gender, preferences.gender),
            brands_out=filters.brands_out | (preferences.brands_out or frozenset()),
        ),
        seed=cursor.seed,
        explore=_first(request.explore, preferences.explore, DEFAULT_EXPLORE),
        serendipity=_first(request.serendipity, preferences.serendipity, DEFAULT_SERENDIPITY),
        mix=_first(request.mix, preferences.mix, DEFAULT_MIX),
        asked=_asked(request, preferences, index),
        own_similar=request.own_similar,
        shown=frozenset(cursor.shown),
        lately=tuple(shown.keys for shown in person.shown.before(cursor.seed)),
    )


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _asked(request: Request, preferences: Preferences, index: Index) -> dict[str, frozenset[str]]:
    wanted = {
        USAGE: _first(request.usage, preferences.usage),
        COLOUR: _first(request.colours, preferences.colours),
    }
    # Preferences may be older than the encoder: labels that it does not have say nothing.
    known = {head: _known(labels, index.heads.get(head, ())) for head, labels in wanted.items() if labels}
    return {head: labels for head, labels in known.items() if labels}


def _known(labels: Collection[str], known: Collection[str]) -> frozenset[str]:
    names = {label.casefold() for label in known}
    return frozenset(label for label in labels if label.casefold() in names)


def _check_labels(request: Request, index: Index) -> None:
    for name, wanted, allowed in (
        ("categories", request.filters.categories, index.category_means),
        ("usage", request.usage, index.heads.get(USAGE, ())),
        ("colours", request.colours, index.heads.get(COLOUR, ())),
    ):
        unknown = sorted(set(wanted or ()) - (set(allowed) if name == "categories" else _known(wanted or (), allowed)))
        if unknown:
            raise InvalidInput(name, f"{name}: {', '.join(unknown)} is not among {', '.join(allowed)}.")


def _ordered(
    profile: UserProfile, index: Index, query: RankingQuery, order: Order, known: ClosetFeatures
) -> list[Ranked]:
    """The page in the order asked for.

    Every order but the fit sorts blocks of the list by fit, which therefore is made from its beginning: what was
    shown of it is left out after sorting.
    """
    if order is Order.FIT:
        return rank(profile, index, query)
    blocks = -(-(len(query.shown) + query.count) // BLOCK)
    ranked = rank(profile, index, replace(query, count=blocks * BLOCK, shown=frozenset()))
    rows = np.array([one.row for one in ranked], np.int64)
    first = _prices(index, rows) if order is Order.PRICE else [-count for count in _unlocked(ranked, known, index)]
    shown = index.rows_of_keys(np.fromiter(query.shown, np.uint64, len(query.shown)))
    gone = np.isin(index.products(rows), index.products(shown))
    places = sorted(range(len(ranked)), key=lambda place: (place // BLOCK, first[place], place))
    return [ranked[place] for place in places if not gone[place]][: query.count]


def _prices(index: Index, rows: Rows) -> list[float]:
    """What items cost; what has no price comes last."""
    return [math.inf if item.price is None else item.price for item in index.items(rows)]


def _unlocked(ranked: Sequence[Ranked], known: ClosetFeatures, index: Index) -> list[int]:
    if not ranked:
        return []
    rows = np.array([one.row for one in ranked], np.int64)
    offered = known.measure.garments([one.category for one in ranked], index.attributes(rows))
    counts: list[int] = known.wardrobe.unlocked_by(offered).tolist()
    return counts


def _items(
    ranked: Sequence[Ranked], reasons: Sequence[Reason], known: ClosetFeatures, index: Index
) -> list[dict[str, Any]]:
    rows = np.array([one.row for one in ranked], np.int64)
    variants, counts = _variants(index, rows), _unlocked(ranked, known, index)
    of_all = np.concatenate([rows, *variants]) if ranked else rows
    shown = dict(zip(of_all.tolist(), index.items(of_all), strict=True))
    return [
        {
            **_shown(shown[one.row]),
            "brand": shown[one.row].brand,
            "category": one.category,
            "in_stock": shown[one.row].in_stock,
            "score": round(one.score, 4),
            "because": [
                {"itemId": known.worn.ids[owned], "similarity": round(cosine, 4)} for owned, cosine in reason.owned
            ],
            "interest": {"category": reason.interest.category, "count": reason.interest.count},
            "contributions": {name: round(part, 4) for name, part in reason.contributions.items()},
            "reason": reason.sentence,
            "variants": [_shown(shown[row]) for row in others.tolist()],
            "unlock": unlocked,
            "own_similar": one.own_similar,
        }
        for one, reason, others, unlocked in zip(ranked, reasons, variants, counts, strict=True)
    ]


def _variants(index: Index, rows: Rows) -> list[Rows]:
    """For each row those of the other variants of its product."""
    products = index.products(rows)
    every = np.sort(index.rows_of_products(np.unique(products)))
    of_product = index.products(every)
    return [
        every[(of_product == product) & (every != row)][:MOST_VARIANTS]
        for row, product in zip(rows, products, strict=True)
    ]


def _shown(item: IndexedItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "src": item.src,
        "url": item.url,
        "price": item.price,
        "currency": item.currency,
    }
