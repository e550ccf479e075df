"""What people say and were shown moves their list; closets of every size and kind get one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.descriptor import COLOUR
from closetspace.domain.encoder.vectors import unit
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import FEEDBACK, SEEN, SIMILARITY, FeedbackVectors, RankingQuery
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reasons import explain
from closetspace.domain.wardrobe.closet import ClosetEntry
from tests.support.structured import (
    CATALOG,
    DIM,
    ENCODER,
    NOTHING_SAID,
    Piece,
    any_query,
    listed,
    open_catalog,
    owned_by,
    pieces,
    profile_of,
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_catalog(tmp_path_factory.mktemp("structured"))


def shown(index: Bundle, query: RankingQuery, owned: list[Piece], said: FeedbackVectors = NOTHING_SAID) -> list[Piece]:
    return listed(index, rank(profile_of(owned, said), index, query))


def liking(piece: Piece) -> FeedbackVectors:
    return replace(NOTHING_SAID, liked=piece.vector[None])


def dismissing(index: Bundle, *dismissed: Piece) -> FeedbackVectors:
    rows = index.rows_of([piece.id for piece in dismissed])
    return replace(NOTHING_SAID, dismissed=index.vectors(rows), excluded=index.products(rows))


def keys(index: Bundle, of: list[Piece]) -> tuple[int, ...]:
    return tuple(short(int(key)) for key in index.keys(index.rows_of([piece.id for piece in of])))


@settings(max_examples=30)
@given(st.integers(0, 7), st.integers(0, 19), any_query())
def test_dismissed_product_never_comes_whatever_is_asked(
    index: Bundle, seed: int, place: int, query: RankingQuery
) -> None:
    owned = owned_by(seed)
    dismissed = shown(index, RankingQuery(20), owned)[place]
    found = rank(profile_of(owned, dismissing(index, dismissed)), index, query)
    products = index.products(np.array([one.row for one in found], np.int64))
    assert index.products(index.rows_of([dismissed.id])) not in products


@pytest.mark.parametrize("seed", range(3))
def test_product_that_is_owned_or_unwanted_never_comes_though_nobody_knows_its_vector(index: Bundle, seed: int) -> None:
    """It is said of items that the person has bought, or that another encoder embedded."""
    owned = owned_by(seed)
    first = shown(index, RankingQuery(20), owned)
    never = index.products(index.rows_of([piece.id for piece in first]))
    rows = [one.row for one in rank(profile_of(owned, replace(NOTHING_SAID, excluded=never)), index, RankingQuery(100))]
    assert len(rows) == 100
    assert not np.isin(index.products(np.array(rows)), never).any()


@pytest.mark.parametrize("seed", range(3))
def test_near_duplicate_of_what_was_dismissed_never_comes_as_another_product(index: Bundle, seed: int) -> None:
    owned = owned_by(seed)
    [twin] = shown(index, RankingQuery(1), owned)
    elsewhere = replace(NOTHING_SAID, dismissed=twin.vector[None], excluded=np.array([12345], np.uint64))
    assert twin not in shown(index, RankingQuery(100), owned, elsewhere)


def test_dismissing_everything_leaves_an_empty_list(index: Bundle) -> None:
    assert shown(index, RankingQuery(20), owned_by(1), dismissing(index, *CATALOG.values())) == []


@pytest.mark.parametrize("seed", range(6))
def test_like_moves_the_list_towards_it_and_taking_it_back_restores_it(index: Bundle, seed: int) -> None:
    owned = owned_by(seed)
    before = rank(profile_of(owned), index, RankingQuery(20))
    liked = shown(index, RankingQuery(100), owned)[60]
    after = shown(index, RankingQuery(20), owned, liking(liked))

    def nearness(found: list[Piece]) -> float:
        return float(np.mean([piece.vector @ liked.vector for piece in found]))

    assert nearness(after) > nearness(listed(index, before))
    assert rank(profile_of(owned), index, RankingQuery(20)) == before


@pytest.mark.parametrize("seed", range(6))
def test_dismissal_moves_the_list_away_from_it(index: Bundle, seed: int) -> None:
    owned = owned_by(seed)
    first, *others = rank(profile_of(owned), index, RankingQuery(60))
    [dismissed] = listed(index, [first])
    after = {one.row: one for one in rank(profile_of(owned, dismissing(index, dismissed)), index, RankingQuery(60))}
    for one in others:
        if one.row in after:
            cosine = float(index.vectors(np.array([one.row]))[0] @ dismissed.vector)
            assert after[one.row].parts[FEEDBACK] == pytest.approx(-0.5 / 3 * cosine, abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_shown_lately_comes_later(index: Bundle, seed: int) -> None:
    owned = owned_by(seed)
    first = shown(index, RankingQuery(20), owned)
    second = shown(index, RankingQuery(20, recent_lists=(keys(index, first),)), owned)
    long_ago = shown(index, RankingQuery(20, recent_lists=((), (), (), keys(index, first))), owned)
    again = [len(set(first) & set(found)) for found in (second, long_ago)]
    assert again[0] < again[1] <= 20
    parts = {
        one.parts[SEEN] for one in rank(profile_of(owned), index, RankingQuery(60, recent_lists=(keys(index, first),)))
    }
    assert parts == {0.0, np.float32(-0.7)}


@settings(max_examples=20)
@given(st.integers(0, 7), any_query())
def test_pages_repeat_nothing(index: Bundle, seed: int, query: RankingQuery) -> None:
    owned = owned_by(seed)
    first = shown(index, query, owned)
    second = shown(index, replace(query, shown=frozenset(keys(index, first))), owned)
    products = [set(index.products(index.rows_of([piece.id for piece in page])).tolist()) for page in (first, second)]
    assert not products[0] & products[1], "in no variant"


def test_keys_that_the_index_has_not_are_no_hindrance(index: Bundle) -> None:
    strange = RankingQuery(20, shown=frozenset({1, 2**32 - 1}), recent_lists=((3, 4), ()))
    assert shown(index, strange, owned_by(1)) == shown(index, RankingQuery(20), owned_by(1))


CLOSETS: dict[str, list[Piece]] = {
    "one item": owned_by(0, 1),
    "two items": owned_by(1, 2),
    "three items": owned_by(2, 3),
    "one category": [Piece("Shoes", "Black", "Men", "Formal", number) for number in range(10, 22)],
    "an outlier": [*owned_by(3), Piece("Dress", "Yellow", "Women", "Sports", 50)],
    "a category that the index lacks": [*owned_by(4), *(Piece("Hats", number=n) for n in range(3))],
    "nothing that the index has": [Piece("Hats", "Red", "Men", "Casual", number) for number in range(8)],
    "all that there is": list(CATALOG.values()),
}


@pytest.mark.parametrize("name", CLOSETS)
def test_every_closet_gets_a_list_with_reasons(index: Bundle, name: str) -> None:
    profile = profile_of(CLOSETS[name])
    for query in (
        RankingQuery(20, mix=0.15),
        RankingQuery(20, explore=1, serendipity=1, mix=1, seed=3, own_similar=True),
    ):
        ranked = rank(profile, index, query)
        # Of all that there is only what is owned is left, which comes where it is asked for.
        assert len(ranked) == (20 if name != "all that there is" or query.own_similar else 0)
        assert len(explain(ranked, profile, index)) == len(ranked)


def test_outlier_of_a_large_closet_is_forgiven(index: Bundle) -> None:
    owned = [Piece(c, "Black", "Men", "Formal", n) for c in ("Topwear", "Shoes", "Bottomwear") for n in range(10, 16)]
    outlier = Piece("Topwear", "Yellow", "Women", "Sports", 50)
    found = shown(index, RankingQuery(15), [*owned, outlier])
    assert sum(piece.colour == "Yellow" or piece.gender == "Women" for piece in found) <= 1


def test_closet_of_which_heads_told_nothing_is_recommended_to_by_nearness_alone(index: Bundle) -> None:
    silent = {p.id: replace(p.entry, attributes=np.zeros(0, np.uint8)) for p in owned_by(1)}
    profile = profile_of(silent)
    ranked = rank(profile, index, RankingQuery(20))
    assert len(ranked) == 20
    assert COLOUR not in ranked[0].parts
    assert all(one.score == pytest.approx(one.parts[SIMILARITY], abs=1e-6) for one in ranked)
    assert len(explain(ranked, profile, index)) == 20


def test_items_that_heads_told_nothing_of_do_no_harm_beside_others(index: Bundle) -> None:
    silent = {"old": replace(Piece().entry, attributes=np.zeros(0, np.uint8))}
    profile = profile_of({piece.id: piece.entry for piece in owned_by(1)} | silent)
    assert len(explain(ranked := rank(profile, index, RankingQuery(20)), profile, index)) == len(ranked) == 20


def test_closet_of_five_thousand_items_is_a_closet(index: Bundle) -> None:
    stock = [piece.entry for piece in pieces(("Topwear", "Shoes"), 10, 12)]
    off = 0.05 * np.random.default_rng(1).standard_normal((5_000, DIM)).astype(np.float32)
    many: dict[str, ClosetEntry] = {}
    for number in range(5_000):
        entry = stock[number % len(stock)]
        many[f"{number}"] = replace(entry, encoder=ENCODER.id, vector=unit(entry.vector + off[number]))
    profile = profile_of(many)
    ranked = rank(profile, index, RankingQuery(20, mix=0.15))
    assert len(explain(ranked, profile, index)) == len(ranked) == 20
