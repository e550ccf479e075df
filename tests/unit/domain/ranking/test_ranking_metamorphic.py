"""How a list changes when what it is made of does: what is owned, said, shown and asked for."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
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
from tests.support.paths import REPOSITORY
from tests.support.structured import BRANDS, HEADS, Piece, any_query, listed, open_catalog, owned_by, profile_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("structured")


@pytest.fixture(scope="module")
def index(folder: Path) -> Bundle:
    return open_catalog(folder)


Ask = Callable[..., list[Piece]]


@pytest.fixture(scope="module")
def ask(index: Bundle) -> Ask:
    """A list's garments: twenty, unless something else is asked for."""

    def asked(profile: UserProfile, **query: Any) -> list[Piece]:
        return listed(index, rank(profile, index, RankingQuery(**{"count": 20} | query)))

    return asked


@settings(max_examples=40)
@given(
    st.integers(0, 5),
    st.integers(1, 12),
    any_query(
        filters=st.builds(
            Filters,
            categories=st.none() | st.frozensets(st.sampled_from(HEADS["category"]), min_size=1),
            gender=st.none() | st.sampled_from(HEADS[GENDER]),
            brands=st.none() | st.frozensets(st.sampled_from(BRANDS), min_size=1),
            price_max=st.none() | st.floats(0, 1300),
        )
    ),
)
def test_list_holds_what_passes_in_one_variant_and_nothing_else(
    index: Bundle, seed: int, count: int, query: RankingQuery
) -> None:
    ranked = rank(profile_of(owned_by(seed, count)), index, query)
    rows = [one.row for one in ranked]
    assert len(rows) == len(set(index.products(np.array(rows, np.int64)).tolist())) <= query.count
    mask = index.matching(query.filters)
    assert mask is None or mask[rows].all()
    assert {one.category for one in ranked} <= (query.filters.categories or set(index.category_means))
    assert all(np.isfinite([one.score, *one.parts.values()]).all() for one in ranked)


def test_second_copy_of_an_owned_item_changes_little(ask: Ask) -> None:
    """Garments with the same labels are nearly tied here, and still most of them stay."""
    stay = []
    for seed in range(12):
        owned = owned_by(seed, 24)
        entries = {piece.id: piece.entry for piece in owned}
        before = set(ask(profile_of(owned)))
        stay += [len(before & set(ask(profile_of(entries | {"again": piece.entry})))) for piece in owned[::6]]
    assert np.mean(stay) >= 14
    assert min(stay) >= 10


@pytest.mark.parametrize("seed", range(6))
def test_red_items_bring_red_ones(ask: Ask, seed: int) -> None:
    owned = [piece for piece in owned_by(seed) if piece.colour != "Red"]
    red = [replace(piece, colour="Red", gender=UNISEX, number=20 + place) for place, piece in enumerate(owned)]
    none, some, many = (sum(p.colour == "Red" for p in ask(profile_of(owned + red[:n]))) for n in (0, 6, 12))
    assert none < some <= many + 1
    assert none + 6 <= many


@pytest.mark.parametrize("seed", range(4))
def test_removed_item_is_in_no_reason(index: Bundle, seed: int) -> None:
    owned = owned_by(seed)
    for removed in owned[:4]:
        profile = profile_of([piece for piece in owned if piece is not removed])
        ranked = rank(profile, index, RankingQuery(60))
        named = {profile.closet.ids[row] for reason in explain(ranked, profile, index) for row, _ in reason.owned}
        assert removed.id not in named
        assert named <= set(profile.closet.ids)


@settings(max_examples=20)
@given(st.integers(0, 7), st.randoms(use_true_random=False), any_query())
def test_order_of_uploads_does_not_matter(index: Bundle, seed: int, random: Any, query: RankingQuery) -> None:
    owned = owned_by(seed)
    mixed = random.sample(owned, len(owned))
    assert rank(profile_of(mixed), index, query) == rank(profile_of(owned), index, query)


IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from closetspace.adapters.index.reader import Bundle
from closetspace.domain.ranking.ranking import RankingQuery, rank
from tests.support.structured import listed, owned_by, profile_of

index = Bundle(Path(sys.argv[1]), exact_scan_items=10_000)
query = RankingQuery(30, seed=11, explore=0.7, serendipity=0.3, mix=0.4)
print(*(piece.id for piece in listed(index, rank(profile_of(owned_by(3)), index, query))))
"""


def test_same_seed_gives_the_same_list_in_another_process(ask: Ask, folder: Path) -> None:
    here = [p.id for p in ask(profile_of(owned_by(3)), count=30, seed=11, explore=0.7, serendipity=0.3, mix=0.4)]
    for number in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": number}
        root = REPOSITORY
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=root)
        assert done.stdout.split() == here


def test_only_exploring_needs_a_seed(ask: Ask) -> None:
    profile = profile_of(owned_by(1))
    assert len({tuple(ask(profile, seed=seed, serendipity=0.5, mix=0.5)) for seed in range(4)}) == 1
    assert len({tuple(ask(profile, seed=seed, explore=0.5)) for seed in range(4)}) == 4


@pytest.mark.parametrize("seed", range(6))
def test_serendipity_goes_further_from_what_is_owned(ask: Ask, seed: int) -> None:
    profile = profile_of(owned_by(seed))

    def distance(serendipity: float) -> float:
        vectors = np.array([piece.vector for piece in ask(profile, serendipity=serendipity)])
        return float(1 - (vectors @ profile.closet.vectors.T).max(axis=1).mean())

    near, between, far = (distance(serendipity) for serendipity in (0, 0.5, 1))
    assert near < between < far


@pytest.mark.parametrize("gender", ["Men", "Women"])
def test_unisex_fits_whoever_asks_and_whatever_is_owned(index: Bundle, gender: str) -> None:
    owned = [Piece(category, "Blue", gender, "Casual", n) for category in ("Topwear", "Shoes") for n in range(10, 15)]
    for query in (RankingQuery(60), RankingQuery(60, requested_labels={GENDER: frozenset({gender})})):
        ranked = rank(profile_of(owned), index, query)
        parts = {piece: one.parts[GENDER] for piece, one in zip(listed(index, ranked), ranked, strict=True)}
        assert {piece.gender for piece in list(parts)[:20]} == {gender, UNISEX}
        assert min(part for piece, part in parts.items() if piece.gender == UNISEX) > -0.6


def test_what_is_asked_for_counts_in_the_place_of_what_is_owned(ask: Ask) -> None:
    owned = [Piece(category, "Red", "Men", "Casual", n) for category in ("Topwear", "Shoes") for n in range(10, 15)]
    requested = {COLOUR: frozenset({"blue"}), GENDER: frozenset({"women"}), USAGE: frozenset({"FORMAL"})}
    assert not any(piece.colour == "Blue" for piece in ask(profile_of(owned))[:10])
    found = ask(profile_of(owned), requested_labels=requested, count=10)
    assert {(piece.colour, piece.usage) for piece in found} == {("Blue", "Formal")}
    assert {piece.gender for piece in found} <= {"Women", UNISEX}
