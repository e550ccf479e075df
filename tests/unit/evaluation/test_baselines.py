"""The methods that ours is measured by, on inventories small enough to reckon by hand."""

import itertools

import numpy as np
import pytest

from catalog_jobs.evaluation.baselines import (
    Baseline,
    Determinant,
    Inventory,
    MarginalRelevance,
    Scored,
    at_random,
    composed_by,
    first_method,
    one_mean,
    prototype,
)
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.ranking.noise import PROTOTYPE_SIGMA
from closetspace.domain.ranking.reranking import RerankingWeights
from closetspace.domain.wardrobe.closet import ClosetArrays

RIVALS = [at_random, prototype, one_mean, first_method]
NO_MIX = RerankingWeights(calibration=0.0)


def vectors_of(count: int, dim: int = 6, seed: int = 0) -> FloatArray:
    return unit(np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32))


def shelf_of(vectors: FloatArray, categories: list[str]) -> Inventory:
    names = np.array(categories, object)
    return Inventory(vectors, names, {name: vectors[names == name].mean(axis=0) for name in sorted(set(categories))})


def worn_of(vectors: FloatArray, categories: list[str]) -> ClosetArrays:
    count = len(vectors)
    return ClosetArrays(
        ids=tuple(f"own{n}" for n in range(count)),
        vectors=vectors,
        categories=tuple(categories),
        attributes=np.zeros((count, 0), np.uint8),
        titles=("",) * count,
        products=np.zeros(count, np.uint64),
    )


SHELF = shelf_of(vectors_of(60), ["Shoes", "Ties", "Topwear"] * 20)
WORN = worn_of(vectors_of(4, seed=1), ["Topwear", "Topwear", "Topwear", "Shoes"])
ALL = np.ones(60, np.bool_)


@pytest.mark.parametrize("baseline", RIVALS)
def test_every_rival_gives_free_rows_once_and_the_same_for_the_same_seed(baseline: Baseline) -> None:
    free = np.arange(60) % 2 == 0
    rows = baseline(WORN, SHELF, free, 20, 5).tolist()
    assert len(set(rows)) == len(rows) == 20
    assert all(free[rows])
    assert baseline(WORN, SHELF, free, 20, 5).tolist() == rows


@pytest.mark.parametrize("baseline", RIVALS)
def test_every_rival_gives_what_there_is_when_more_is_wanted(baseline: Baseline) -> None:
    free = np.arange(60) < 7
    assert sorted(baseline(WORN, SHELF, free, 50, 1).tolist()) == list(range(7))
    assert baseline(WORN, SHELF, np.zeros(60, np.bool_), 50, 1).tolist() == []


def test_chance_and_noise_follow_the_seed() -> None:
    for baseline in (at_random, prototype):
        assert baseline(WORN, SHELF, ALL, 20, 1).tolist() != baseline(WORN, SHELF, ALL, 20, 2).tolist()


def test_the_prototype_is_noise_on_every_coordinate_and_distance_to_the_mean_as_it_is() -> None:
    noisy = SHELF.vectors + np.random.default_rng(9).normal(0, PROTOTYPE_SIGMA, SHELF.vectors.shape)
    distance = np.sqrt(((noisy - WORN.vectors.mean(axis=0)) ** 2).sum(axis=1))
    assert prototype(WORN, SHELF, ALL, 50, 9).tolist() == np.argsort(distance)[:50].tolist()


def test_one_mean_is_by_cosine_and_of_equals_the_earlier_row_comes_first() -> None:
    vectors = np.array([[0, 1], [1, 0], [0.8, 0.6], [1, 0]], np.float32)
    worn = worn_of(np.array([[1, 0]], np.float32), ["Ties"])
    rows = one_mean(worn, shelf_of(vectors, ["Ties"] * 4), np.ones(4, np.bool_), 4, 0)
    assert rows.tolist() == [1, 3, 2, 0]


def test_the_first_method_keeps_to_the_closets_mix() -> None:
    rows = first_method(WORN, SHELF, ALL, 8, 0)
    assert sorted(SHELF.categories[rows]) == ["Shoes"] * 2 + ["Topwear"] * 6


def test_the_first_method_goes_on_in_other_categories_when_its_own_run_out() -> None:
    rows = first_method(WORN, SHELF, ALL, 50, 0)
    assert SHELF.categories[rows].tolist().count("Ties") == 10
    assert set(SHELF.categories[rows[:40]]) == {"Shoes", "Topwear"}


def test_the_first_method_serves_a_closet_of_categories_that_nobody_sells() -> None:
    worn = worn_of(vectors_of(2, seed=3), ["Hats", "Hats"])
    assert len(set(first_method(worn, SHELF, ALL, 30, 0).tolist())) == 30


def test_the_first_method_scores_by_half_the_category_and_half_the_style() -> None:
    vectors = vectors_of(30, seed=4)
    shelf = shelf_of(vectors, ["Ties"] * 30)
    worn = worn_of(vectors_of(3, seed=5), ["Ties"] * 3)
    centre = shelf.means["Ties"]
    style = unit(np.mean([unit(vector - centre) for vector in worn.vectors], axis=0))
    near = unit(worn.vectors.mean(axis=0))
    scores = [(vector @ near + unit(vector - centre) @ style) / 2 for vector in vectors]
    expected = np.argsort(scores)[::-1][:10].tolist()
    assert first_method(worn, shelf, np.ones(30, np.bool_), 10, 0).tolist() == expected


def scored(worth: list[float], vectors: FloatArray, category: list[int] | None = None) -> Scored:
    places = np.array(category or [0] * len(worth), np.int64)
    shares = np.full(int(places.max()) + 1, 1 / (int(places.max()) + 1), np.float32)
    return Scored(np.array(worth, np.float32), vectors, places, shares)


@pytest.mark.parametrize("repeats", [MarginalRelevance, Determinant])
def test_without_weight_variety_changes_nothing(repeats: type[MarginalRelevance] | type[Determinant]) -> None:
    vectors = vectors_of(12)
    worth = np.random.default_rng(1).random(12).tolist()
    places = composed_by(repeats(vectors, 0.0), scored(worth, vectors), 12, NO_MIX)
    assert places == np.argsort(worth)[::-1].tolist()


@pytest.mark.parametrize("repeats", [MarginalRelevance, Determinant])
def test_what_repeats_the_list_comes_after_what_does_not(
    repeats: type[MarginalRelevance] | type[Determinant],
) -> None:
    vectors = unit(np.array([[1, 0, 0], [1, 0.1, 0], [0, 1, 0]], np.float32))
    assert composed_by(repeats(vectors, 1.0), scored([1, 0.9, 0.5], vectors), 3, NO_MIX) == [0, 2, 1]


@pytest.mark.parametrize("repeats", [MarginalRelevance, Determinant])
def test_equal_vectors_are_no_trouble_and_every_place_comes_once(
    repeats: type[MarginalRelevance] | type[Determinant],
) -> None:
    vectors = np.tile(vectors_of(1), (9, 1))
    places = composed_by(repeats(vectors, 1.0), scored([0.5] * 9, vectors), 20, NO_MIX)
    assert sorted(places) == list(range(9))


def test_marginal_relevance_is_worth_less_the_nearest_that_was_chosen() -> None:
    vectors = vectors_of(10, seed=2)
    worth = np.random.default_rng(2).random(10)
    expected: list[int] = []
    for _ in range(10):
        left = [n for n in range(10) if n not in expected]
        gain = {n: worth[n] - 0.7 * max((vectors[n] @ vectors[m] for m in expected), default=0) for n in left}
        # The nearest counts from nothing: what is unlike everything chosen is not rewarded for being its opposite.
        gain = {n: worth[n] - 0.7 * max(0, (worth[n] - gain[n]) / 0.7) for n in left}
        expected.append(max(left, key=lambda n: gain[n]))
    assert composed_by(MarginalRelevance(vectors, 0.7), scored(worth.tolist(), vectors), 10, NO_MIX) == expected


def test_the_determinants_greedy_steps_are_those_of_determinants_that_were_computed() -> None:
    vectors = vectors_of(9, dim=9, seed=6)
    worth = np.random.default_rng(6).random(9)
    expected: list[int] = []
    for _ in range(6):
        left = [n for n in range(9) if n not in expected]

        def gain(n: int) -> float:
            rows = vectors[[*expected, n]].astype(np.float64)
            return float(worth[[*expected, n]].sum() + 0.4 * np.log(np.linalg.det(rows @ rows.T)))

        expected.append(max(left, key=gain))
    assert composed_by(Determinant(vectors, 0.4), scored(worth.tolist(), vectors), 6, NO_MIX) == expected


def test_the_determinant_prefers_the_set_that_spans_most() -> None:
    vectors = unit(np.array([[1, 0], [0.9, 0.1], [0, 1], [0.5, 0.5]], np.float32))
    places = composed_by(Determinant(vectors, 1.0), scored([1.0, 1.0, 1.0, 1.0], vectors), 2, NO_MIX)
    areas = {
        pair: np.linalg.det(vectors[list(pair)] @ vectors[list(pair)].T) for pair in itertools.combinations(range(4), 2)
    }
    assert tuple(places) == max(areas, key=lambda pair: areas[pair])


def test_the_mix_is_kept_where_it_counts_for_more_than_anything() -> None:
    vectors = vectors_of(30, dim=40)
    worth = [1.0] * 15 + [0.1] * 15
    strict = RerankingWeights(calibration=1e6)
    places = composed_by(MarginalRelevance(vectors, 1.0), scored(worth, vectors, [0] * 15 + [1] * 15), 10, strict)
    assert [place < 15 for place in places].count(True) == 5
