"""Recommend items of an index for a person: a pure function over what was read before."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from closetspace.domain.encoder.descriptor import COLOUR, USAGE
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.person.opinions import Opinion, OpinionKind
from closetspace.domain.person.person import Person
from closetspace.domain.person.preferences import Preferences
from closetspace.domain.ranking.closet_features import ClosetFeatures, closet_features
from closetspace.domain.ranking.paging import Cursor, index_mark, short
from closetspace.domain.ranking.query import BLOCK, FeedbackVectors, Order, Ranked, RankingQuery, UserProfile
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reasons import explain
from closetspace.domain.ranking.recommendation import (
    DEFAULT_EXPLORE,
    DEFAULT_MIX,
    DEFAULT_SERENDIPITY,
    OwnedMatch,
    Recommendation,
    RecommendedItem,
    Request,
)
from closetspace.errors import InvalidInput, Transient

MAX_VARIANTS = 8
"""Other variants of a product in an answer."""


def recommend(
    person: Person,
    request: Request,
    index: Index,
    priors: EncoderPriors | None,
    features: ClosetFeatures | None = None,
) -> Recommendation:
    """Return one page of recommendations. The same arguments give the same page.

    ``priors`` are those of the index's encoder, None if it has none. ``features`` are those of the person's closet for
    this encoder, derived here if they are not given.

    Raises:
        InvalidInput: a filter names a label that the index does not have.
        Transient: no item of the closet has a vector of the index's encoder.
    """
    features = features or closet_features(person, index, priors)
    if not features.closet.ids:
        covered = ", ".join(person.closet.coverage)
        raise Transient(f"no index in use is by {covered}: finish `closetspace encoder migrate`")
    _check_labels(request, index)
    cursor = request.cursor or Cursor(request.seed, index_mark(index.version))
    profile = UserProfile(features.closet, features.taste, features.priors, _feedback_vectors(person.opinions, index))
    ranked = _page(profile, index, _query(request, person, cursor, index), request.order, features, cursor)
    rows = _rows(ranked)
    keys = index.keys(rows).tolist()
    return Recommendation(
        items=tuple(_items(ranked, rows, profile, features, index)),
        cursor=cursor.after(keys) if ranked else None,
        seed=cursor.seed,
        index_version=index.version,
        moved_on=cursor.index != index_mark(index.version),
        shown=tuple(short(key) for key in keys),
    )


def _check_labels(request: Request, index: Index) -> None:
    for field, requested, allowed in (
        ("categories", request.filters.categories, index.category_means),
        ("usage", request.usage, index.heads.get(USAGE, ())),
        ("colours", request.colours, index.heads.get(COLOUR, ())),
    ):
        known = set(allowed) if field == "categories" else _known(requested or (), allowed)
        if unknown := sorted(set(requested or ()) - known):
            message = f"{field}: {', '.join(unknown)} is not among {', '.join(allowed)}."
            raise InvalidInput("unknown_label", message, field=field)


def _known(labels: Collection[str], allowed: Collection[str]) -> frozenset[str]:
    """Return the labels that are allowed, whatever their case."""
    names = {label.casefold() for label in allowed}
    return frozenset(label for label in labels if label.casefold() in names)


def _query(request: Request, person: Person, cursor: Cursor, index: Index) -> RankingQuery:
    """Complete a request from the person's preferences, and those from the defaults."""
    preferences, filters = person.preferences, request.filters
    return RankingQuery(
        count=request.count,
        filters=replace(
            filters,
            gender=filters.gender or preferences.gender,
            brands_out=filters.brands_out | (preferences.brands_out or frozenset()),
        ),
        seed=cursor.seed,
        explore=_first(request.explore, preferences.explore, DEFAULT_EXPLORE),
        serendipity=_first(request.serendipity, preferences.serendipity, DEFAULT_SERENDIPITY),
        mix=_first(request.mix, preferences.mix, DEFAULT_MIX),
        requested_labels=_requested_labels(request, preferences, index),
        own_similar=request.own_similar,
        shown=frozenset(cursor.shown),
        recent_lists=tuple(shown.keys for shown in person.shown.before(cursor.seed)),
    )


def _first(requested: float | None, preferred: float | None, default: float) -> float:
    return next(value for value in (requested, preferred, default) if value is not None)


def _requested_labels(request: Request, preferences: Preferences, index: Index) -> dict[str, frozenset[str]]:
    requested = {USAGE: request.usage or preferences.usage, COLOUR: request.colours or preferences.colours}
    # Preferences may be older than the encoder: labels that it does not have are ignored.
    known = {head: _known(labels, index.heads.get(head, ())) for head, labels in requested.items() if labels}
    return {head: labels for head, labels in known.items() if labels}


def _feedback_vectors(opinions: Mapping[str, Opinion], index: Index) -> FeedbackVectors:
    """Return the vectors of rated items that the index has, and the products that opinions exclude."""

    def vectors(*kinds: OpinionKind) -> FloatArray:
        rated = [item_id for item_id, opinion in opinions.items() if opinion.kind in kinds]
        rows = index.rows_of(rated) if rated else np.zeros(0, np.int64)
        return index.vectors(np.sort(rows[rows >= 0]))

    excluded = [
        opinion.product for opinion in opinions.values() if opinion.kind in (OpinionKind.DISMISS, OpinionKind.OWN)
    ]
    return FeedbackVectors(
        vectors(OpinionKind.LIKE, OpinionKind.OWN), vectors(OpinionKind.DISMISS), np.array(excluded, np.uint64)
    )


def _page(
    profile: UserProfile, index: Index, query: RankingQuery, order: Order, features: ClosetFeatures, cursor: Cursor
) -> list[Ranked]:
    """Return the page in the requested order; in every order but the fit it ends where its block ends.

    A block is ranked by fit after all blocks before it, so a page deep in the list costs no more than the first one.
    What was shown of the block is left out after sorting.
    """
    if order is Order.FIT:
        return rank(profile, index, query)
    complete = len(cursor.shown) // BLOCK * BLOCK
    ranked = rank(profile, index, replace(query, count=BLOCK, shown=frozenset(cursor.shown[:complete])))
    rows = _rows(ranked)
    sort_keys = (
        _prices(index, rows) if order is Order.PRICE else [-count for count in _unlocked(ranked, rows, features, index)]
    )
    shown = index.rows_of_keys(np.array(cursor.shown[complete:], np.uint64))
    is_shown = np.isin(index.products(rows), index.products(shown))
    places = sorted(range(len(ranked)), key=lambda place: (sort_keys[place], place))
    return [ranked[place] for place in places if not is_shown[place]][: query.count]


def _prices(index: Index, rows: Rows) -> list[float]:
    """Return the items' prices; an item without a price comes last."""
    prices: list[float] = np.nan_to_num(index.prices(rows), nan=math.inf).tolist()
    return prices


def _unlocked(ranked: Sequence[Ranked], rows: Rows, features: ClosetFeatures, index: Index) -> list[int]:
    """Return how many outfits each item makes possible."""
    offered = features.compatibility.garments([one.category for one in ranked], index.attributes(rows))
    counts: list[int] = features.outfits.unlocked_by(offered).tolist()
    return counts


def _items(
    ranked: Sequence[Ranked], rows: Rows, profile: UserProfile, features: ClosetFeatures, index: Index
) -> Iterator[RecommendedItem]:
    variants, unlocked = _variants(index, rows), _unlocked(ranked, rows, features, index)
    all_rows = [*rows.tolist(), *chain.from_iterable(variants)]
    items = dict(zip(all_rows, index.items(np.array(all_rows, np.int64)), strict=True))
    reasons = explain(ranked, profile, index, traits=features.traits)
    for one, reason, others, unlock in zip(ranked, reasons, variants, unlocked, strict=True):
        yield RecommendedItem(
            item=items[one.row],
            category=one.category,
            score=one.score,
            because=tuple(OwnedMatch(features.closet.ids[row], cosine) for row, cosine in reason.owned),
            interest=reason.interest,
            contributions=reason.contributions,
            reason=reason.sentence,
            variants=tuple(items[row] for row in others),
            unlock=unlock,
            own_item_id=one.own_item_id,
        )


def _variants(index: Index, rows: Rows) -> list[list[int]]:
    """Return the rows of the other variants of each row's product."""
    products = index.products(rows)
    all_variants = np.sort(index.rows_of_products(np.unique(products)))
    of_product: dict[int, list[int]] = {}
    for row, product in zip(all_variants.tolist(), index.products(all_variants).tolist(), strict=True):
        of_product.setdefault(product, []).append(row)
    return [
        [other for other in of_product[product] if other != row][:MAX_VARIANTS]
        for row, product in zip(rows.tolist(), products.tolist(), strict=True)
    ]


def _rows(ranked: Sequence[Ranked]) -> Rows:
    return np.array([one.row for one in ranked], np.int64)
