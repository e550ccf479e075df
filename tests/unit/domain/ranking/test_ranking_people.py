"""How feedback and earlier lists change a ranked list, and lists for closets of every size and kind."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.descriptor import COLOUR
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.index import Candidates, Mask, Score
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import FEEDBACK, SEEN, SIMILARITY, FeedbackVectors, RankingQuery
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reasons import explain
from closetspace.domain.wardrobe.closet import ClosetEntry
from tests.support.structured import (
    CATALOG,
    DIM,
    ENCODER,
    NO_FEEDBACK,
    Piece,
    build_catalog_index,
    pieces,
    profile_of,
    random_closet,
    ranked_pieces,
    ranking_queries,
)


def rank_pieces(
    index: Bundle, query: RankingQuery, owned: list[Piece], feedback: FeedbackVectors = NO_FEEDBACK
) -> list[Piece]:
    return ranked_pieces(index, rank(profile_of(owned, feedback), index, query))


def like(piece: Piece) -> FeedbackVectors:
    return replace(NO_FEEDBACK, liked=piece.vector[None])


def dismiss(index: Bundle, *dismissed: Piece) -> FeedbackVectors:
    rows = index.rows_of([piece.id for piece in dismissed])
    return replace(NO_FEEDBACK, dismissed=index.vectors(rows), excluded=index.products(rows))


def keys(index: Bundle, pieces: list[Piece]) -> tuple[int, ...]:
    return tuple(short(int(key)) for key in index.keys(index.rows_of([piece.id for piece in pieces])))


class ScoringBundle(Bundle):
    """An index that keeps the scores of what it finds, by row."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, exact_scan_items=10_000)
        self.scores: dict[int, float] = {}

    def candidates(self, category: str, query: FloatArray, limit: int, mask: Mask | None, score: Score) -> Candidates:
        found = super().candidates(category, query, limit, mask, score)
        scores = score(found.vectors @ score.directions.T, found.spread, found.attributes)
        self.scores |= dict(zip(found.rows.tolist(), scores.tolist(), strict=True))
        return found


@pytest.mark.parametrize("has_feedback", [False, True], ids=["no feedback", "likes and dismissals"])
def test_index_searches_by_the_scores_of_the_list(tmp_path: Path, has_feedback: bool) -> None:
    build_catalog_index(tmp_path)
    index = ScoringBundle(tmp_path)
    liked, dismissed = (index.vectors(np.arange(start, 900, 300)) for start in (0, 100))
    feedback = replace(NO_FEEDBACK, liked=liked, dismissed=dismissed) if has_feedback else NO_FEEDBACK
    ranked = rank(profile_of(random_closet(1), feedback), index, RankingQuery(20))
    assert [index.scores[item.row] for item in ranked] == pytest.approx([item.score for item in ranked], abs=1e-4)


@settings(max_examples=30)
@given(st.integers(0, 7), st.integers(0, 19), ranking_queries())
def test_dismissed_product_is_never_recommended(index: Bundle, seed: int, place: int, query: RankingQuery) -> None:
    owned = random_closet(seed)
    dismissed = rank_pieces(index, RankingQuery(20), owned)[place]
    ranked = rank(profile_of(owned, dismiss(index, dismissed)), index, query)
    products = index.products(np.array([item.row for item in ranked], np.int64))
    assert index.products(index.rows_of([dismissed.id])) not in products


@pytest.mark.parametrize("seed", range(3))
def test_excluded_product_without_a_known_vector_is_never_recommended(index: Bundle, seed: int) -> None:
    """The person owns or dismissed an item that left the catalog, and a variant of it is still there."""
    owned = random_closet(seed)
    first = rank_pieces(index, RankingQuery(20), owned)
    excluded = index.products(index.rows_of([piece.id for piece in first]))
    profile = profile_of(owned, replace(NO_FEEDBACK, excluded=excluded))
    rows = [item.row for item in rank(profile, index, RankingQuery(100))]
    assert len(rows) == 100
    assert not np.isin(index.products(np.array(rows)), excluded).any()


@pytest.mark.parametrize("seed", range(3))
def test_near_duplicate_of_a_dismissed_item_is_never_recommended(index: Bundle, seed: int) -> None:
    owned = random_closet(seed)
    [near_duplicate] = rank_pieces(index, RankingQuery(1), owned)
    feedback = replace(NO_FEEDBACK, dismissed=near_duplicate.vector[None], excluded=np.array([12345], np.uint64))
    assert near_duplicate not in rank_pieces(index, RankingQuery(100), owned, feedback)


def test_list_is_empty_if_everything_is_dismissed(index: Bundle) -> None:
    assert rank_pieces(index, RankingQuery(20), random_closet(1), dismiss(index, *CATALOG.values())) == []


@pytest.mark.parametrize("seed", range(6))
def test_like_moves_the_list_towards_the_item_until_it_is_removed(index: Bundle, seed: int) -> None:
    owned = random_closet(seed)
    before = rank(profile_of(owned), index, RankingQuery(20))
    liked = rank_pieces(index, RankingQuery(100), owned)[60]
    after = rank_pieces(index, RankingQuery(20), owned, like(liked))

    def nearness(pieces: list[Piece]) -> float:
        return float(np.mean([piece.vector @ liked.vector for piece in pieces]))

    assert nearness(after) > nearness(ranked_pieces(index, before))
    assert rank(profile_of(owned), index, RankingQuery(20)) == before


@pytest.mark.parametrize("seed", range(6))
def test_dismissal_moves_the_list_away_from_the_item(index: Bundle, seed: int) -> None:
    owned = random_closet(seed)
    first, *others = rank(profile_of(owned), index, RankingQuery(60))
    [dismissed] = ranked_pieces(index, [first])
    after = {item.row: item for item in rank(profile_of(owned, dismiss(index, dismissed)), index, RankingQuery(60))}
    for item in others:
        if item.row in after:
            cosine = float(index.vectors(np.array([item.row]))[0] @ dismissed.vector)
            assert after[item.row].parts[FEEDBACK] == pytest.approx(-0.5 / 3 * cosine, abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_items_of_recent_lists_rank_lower(index: Bundle, seed: int) -> None:
    owned = random_closet(seed)
    first = rank_pieces(index, RankingQuery(20), owned)
    second = rank_pieces(index, RankingQuery(20, recent_lists=(keys(index, first),)), owned)
    long_ago = rank_pieces(index, RankingQuery(20, recent_lists=((), (), (), keys(index, first))), owned)
    repeated, repeated_later = (len(set(first) & set(pieces)) for pieces in (second, long_ago))
    assert repeated < repeated_later <= 20
    ranked = rank(profile_of(owned), index, RankingQuery(100, recent_lists=(keys(index, first),)))
    assert {item.parts[SEEN] for item in ranked} == {0.0, np.float32(-0.7)}


@settings(max_examples=20)
@given(st.integers(0, 7), ranking_queries())
def test_pages_repeat_no_product(index: Bundle, seed: int, query: RankingQuery) -> None:
    owned = random_closet(seed)
    first = rank_pieces(index, query, owned)
    second = rank_pieces(index, replace(query, shown=frozenset(keys(index, first))), owned)
    products = [set(index.products(index.rows_of([piece.id for piece in page])).tolist()) for page in (first, second)]
    assert not products[0] & products[1], "no variant comes twice either"


def test_keys_that_the_index_lacks_are_ignored(index: Bundle) -> None:
    unknown = RankingQuery(20, shown=frozenset({1, 2**32 - 1}), recent_lists=((3, 4), ()))
    assert rank_pieces(index, unknown, random_closet(1)) == rank_pieces(index, RankingQuery(20), random_closet(1))


CLOSETS: dict[str, list[Piece]] = {
    "one item": random_closet(0, 1),
    "two items": random_closet(1, 2),
    "three items": random_closet(2, 3),
    "one category": [Piece("Shoes", "Black", "Men", "Formal", number) for number in range(10, 22)],
    "an outlier": [*random_closet(3), Piece("Dress", "Yellow", "Women", "Sports", 50)],
    "a category that the index lacks": [*random_closet(4), *(Piece("Hats", number=n) for n in range(3))],
    "only a category that the index lacks": [Piece("Hats", "Red", "Men", "Casual", number) for number in range(8)],
    "the whole catalog": list(CATALOG.values()),
}


@pytest.mark.parametrize("name", CLOSETS)
def test_every_closet_gets_a_list_with_reasons(index: Bundle, name: str) -> None:
    profile = profile_of(CLOSETS[name])
    for query in (
        RankingQuery(20, mix=0.15),
        RankingQuery(20, explore=1, serendipity=1, mix=1, seed=3, own_similar=True),
    ):
        ranked = rank(profile, index, query)
        # Everything is owned, so only a query for owned items has results.
        assert len(ranked) == (20 if name != "the whole catalog" or query.own_similar else 0)
        assert len(explain(ranked, profile, index)) == len(ranked)


def test_outlier_in_a_large_closet_hardly_changes_the_list(index: Bundle) -> None:
    owned = [Piece(c, "Black", "Men", "Formal", n) for c in ("Topwear", "Shoes", "Bottomwear") for n in range(10, 16)]
    outlier = Piece("Topwear", "Yellow", "Women", "Sports", 50)
    recommended = rank_pieces(index, RankingQuery(15), [*owned, outlier])
    assert sum(piece.colour == "Yellow" or piece.gender == "Women" for piece in recommended) <= 1


def test_closet_without_attributes_is_ranked_by_similarity_alone(index: Bundle) -> None:
    without_attributes = {p.id: replace(p.entry, attributes=np.zeros(0, np.uint8)) for p in random_closet(1)}
    profile = profile_of(without_attributes)
    ranked = rank(profile, index, RankingQuery(20))
    assert len(ranked) == 20
    assert COLOUR not in ranked[0].parts
    assert all(item.score == pytest.approx(item.parts[SIMILARITY], abs=1e-6) for item in ranked)
    assert len(explain(ranked, profile, index)) == 20


def test_closet_may_mix_entries_with_and_without_attributes(index: Bundle) -> None:
    without_attributes = {"old": replace(Piece().entry, attributes=np.zeros(0, np.uint8))}
    profile = profile_of({piece.id: piece.entry for piece in random_closet(1)} | without_attributes)
    assert len(explain(ranked := rank(profile, index, RankingQuery(20)), profile, index)) == len(ranked) == 20


def test_closet_of_five_thousand_items_gets_a_list_with_reasons(index: Bundle) -> None:
    stock = [piece.entry for piece in pieces(("Topwear", "Shoes"), 10, 12)]
    offsets = 0.05 * np.random.default_rng(1).standard_normal((5_000, DIM)).astype(np.float32)
    entries: dict[str, ClosetEntry] = {}
    for number in range(5_000):
        entry = stock[number % len(stock)]
        entries[f"{number}"] = replace(entry, encoder=ENCODER.id, vector=unit(entry.vector + offsets[number]))
    profile = profile_of(entries)
    ranked = rank(profile, index, RankingQuery(20, mix=0.15))
    assert len(explain(ranked, profile, index)) == len(ranked) == 20
