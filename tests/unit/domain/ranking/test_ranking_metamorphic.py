"""How a ranked list changes when the closet or the query changes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, UNISEX, USAGE
from closetspace.domain.index.filters import Filters
from closetspace.domain.ranking.query import RankingQuery, UserProfile
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reasons import explain
from tests.support.structured import BRANDS, HEADS, Piece, profile_of, random_closet, ranked_pieces, ranking_queries

RankPieces = Callable[..., list[Piece]]


@pytest.fixture
def rank_pieces(index: Bundle) -> RankPieces:
    """Return a function that ranks twenty pieces, or as many as its ``count``, for a profile."""

    def rank_for(profile: UserProfile, **query: Any) -> list[Piece]:
        return ranked_pieces(index, rank(profile, index, RankingQuery(**{"count": 20} | query)))

    return rank_for


@settings(max_examples=40)
@given(
    st.integers(0, 5),
    st.integers(1, 12),
    ranking_queries(
        filters=st.builds(
            Filters,
            categories=st.none() | st.frozensets(st.sampled_from(HEADS["category"]), min_size=1),
            gender=st.none() | st.sampled_from(HEADS[GENDER]),
            brands=st.none() | st.frozensets(st.sampled_from(BRANDS), min_size=1),
            price_max=st.none() | st.floats(0, 1300),
        )
    ),
)
def test_list_has_one_variant_of_each_product_that_passes_the_filters(
    index: Bundle, seed: int, count: int, query: RankingQuery
) -> None:
    ranked = rank(profile_of(random_closet(seed, count)), index, query)
    rows = [item.row for item in ranked]
    assert len(rows) == len(set(index.products(np.array(rows, np.int64)).tolist())) <= query.count
    mask = index.matching(query.filters)
    assert mask is None or mask[rows].all()
    assert {item.category for item in ranked} <= (query.filters.categories or set(index.category_means))
    assert all(np.isfinite([item.score, *item.parts.values()]).all() for item in ranked)


def test_second_copy_of_an_owned_item_changes_few_recommendations(rank_pieces: RankPieces) -> None:
    """Most of the list stays although pieces with the same labels are nearly tied."""
    unchanged = []
    for seed in range(12):
        owned = random_closet(seed, 24)
        entries = {piece.id: piece.entry for piece in owned}
        before = set(rank_pieces(profile_of(owned)))
        unchanged += [
            len(before & set(rank_pieces(profile_of(entries | {"copy": piece.entry})))) for piece in owned[::6]
        ]
    assert np.mean(unchanged) >= 14
    assert min(unchanged) >= 10


@pytest.mark.parametrize("seed", range(6))
def test_more_owned_red_items_bring_more_red_recommendations(rank_pieces: RankPieces, seed: int) -> None:
    owned = [piece for piece in random_closet(seed) if piece.colour != "Red"]
    red = [replace(piece, colour="Red", gender=UNISEX, number=20 + place) for place, piece in enumerate(owned)]
    without, with_six, with_twelve = (
        sum(p.colour == "Red" for p in rank_pieces(profile_of(owned + red[:n]))) for n in (0, 6, 12)
    )
    assert without < with_six <= with_twelve + 1
    assert without + 6 <= with_twelve


@pytest.mark.parametrize("seed", range(4))
def test_no_reason_names_a_removed_item(index: Bundle, seed: int) -> None:
    owned = random_closet(seed)
    for removed in owned[:4]:
        profile = profile_of([piece for piece in owned if piece is not removed])
        ranked = rank(profile, index, RankingQuery(60))
        named = {profile.closet.ids[row] for reason in explain(ranked, profile, index) for row, _ in reason.owned}
        assert removed.id not in named
        assert named <= set(profile.closet.ids)


@settings(max_examples=20)
@given(st.integers(0, 7), st.randoms(use_true_random=False), ranking_queries())
def test_order_of_uploads_does_not_change_the_list(index: Bundle, seed: int, random: Any, query: RankingQuery) -> None:
    owned = random_closet(seed)
    shuffled = random.sample(owned, len(owned))
    assert rank(profile_of(shuffled), index, query) == rank(profile_of(owned), index, query)


def test_seed_changes_the_list_only_with_exploration(rank_pieces: RankPieces) -> None:
    profile = profile_of(random_closet(1))
    assert len({tuple(rank_pieces(profile, seed=seed, serendipity=0.5, mix=0.5)) for seed in range(4)}) == 1
    assert len({tuple(rank_pieces(profile, seed=seed, explore=0.5)) for seed in range(4)}) == 4


@pytest.mark.parametrize("seed", range(6))
def test_serendipity_increases_the_distance_from_owned_items(rank_pieces: RankPieces, seed: int) -> None:
    profile = profile_of(random_closet(seed))

    def distance(serendipity: float) -> float:
        vectors = np.array([piece.vector for piece in rank_pieces(profile, serendipity=serendipity)])
        return float(1 - (vectors @ profile.closet.vectors.T).max(axis=1).mean())

    at_zero, at_half, at_one = (distance(serendipity) for serendipity in (0, 0.5, 1))
    assert at_zero < at_half < at_one


@pytest.mark.parametrize("gender", ["Men", "Women"])
def test_unisex_items_fit_every_gender_owned_or_requested(index: Bundle, gender: str) -> None:
    owned = [Piece(category, "Blue", gender, "Casual", n) for category in ("Topwear", "Shoes") for n in range(10, 15)]
    for query in (RankingQuery(60), RankingQuery(60, requested_labels={GENDER: frozenset({gender})})):
        ranked = rank(profile_of(owned), index, query)
        parts = {piece: item.parts[GENDER] for piece, item in zip(ranked_pieces(index, ranked), ranked, strict=True)}
        assert {piece.gender for piece in list(parts)[:20]} == {gender, UNISEX}
        assert min(part for piece, part in parts.items() if piece.gender == UNISEX) > -0.6


def test_requested_labels_replace_those_of_the_closet(rank_pieces: RankPieces) -> None:
    owned = [Piece(category, "Red", "Men", "Casual", n) for category in ("Topwear", "Shoes") for n in range(10, 15)]
    requested = {COLOUR: frozenset({"blue"}), GENDER: frozenset({"women"}), USAGE: frozenset({"FORMAL"})}
    assert not any(piece.colour == "Blue" for piece in rank_pieces(profile_of(owned))[:10])
    pieces = rank_pieces(profile_of(owned), requested_labels=requested, count=10)
    assert {(piece.colour, piece.usage) for piece in pieces} == {("Blue", "Formal")}
    assert {piece.gender for piece in pieces} <= {"Women", UNISEX}
