"""Baselines, on inventories small enough to compute by hand."""

import itertools

import numpy as np
import pytest

from catalog_jobs.evaluation.baselines import (
    Baseline,
    Determinant,
    Inventory,
    MarginalRelevance,
    ScoredPool,
    at_random,
    first_method,
    one_mean,
    prototype,
    rerank_pool,
)
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.ranking.noise import PROTOTYPE_SIGMA
from closetspace.domain.ranking.reranking import RerankingWeights
from closetspace.domain.wardrobe.closet import ClosetArrays

BASELINES = [at_random, prototype, one_mean, first_method]
NO_MIX = RerankingWeights(calibration=0.0)


def vectors_of(count: int, dim: int = 6, seed: int = 0) -> FloatArray:
    return unit(np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32))


def inventory_of(vectors: FloatArray, categories: list[str]) -> Inventory:
    names = np.array(categories, object)
    return Inventory(vectors, names, {name: vectors[names == name].mean(axis=0) for name in sorted(set(categories))})


def closet_of(vectors: FloatArray, categories: list[str]) -> ClosetArrays:
    count = len(vectors)
    return ClosetArrays(
        ids=tuple(f"own{n}" for n in range(count)),
        vectors=vectors,
        categories=tuple(categories),
        attributes=np.zeros((count, 0), np.uint8),
        titles=("",) * count,
        products=np.zeros(count, np.uint64),
    )


INVENTORY = inventory_of(vectors_of(60), ["Shoes", "Ties", "Topwear"] * 20)
CLOSET = closet_of(vectors_of(4, seed=1), ["Topwear", "Topwear", "Topwear", "Shoes"])
ALL = np.ones(60, np.bool_)


@pytest.mark.parametrize("baseline", BASELINES)
def test_baselines_return_unowned_rows_once_and_repeat_them_for_the_same_seed(baseline: Baseline) -> None:
    not_owned = np.arange(60) % 2 == 0
    rows = baseline(CLOSET, INVENTORY, not_owned, 20, 5).tolist()
    assert len(set(rows)) == len(rows) == 20
    assert all(not_owned[rows])
    assert baseline(CLOSET, INVENTORY, not_owned, 20, 5).tolist() == rows


@pytest.mark.parametrize("baseline", BASELINES)
def test_baselines_return_all_unowned_rows_if_there_are_too_few(baseline: Baseline) -> None:
    not_owned = np.arange(60) < 7
    assert sorted(baseline(CLOSET, INVENTORY, not_owned, 50, 1).tolist()) == list(range(7))
    assert baseline(CLOSET, INVENTORY, np.zeros(60, np.bool_), 50, 1).tolist() == []


def test_random_baselines_depend_on_the_seed() -> None:
    for baseline in (at_random, prototype):
        assert baseline(CLOSET, INVENTORY, ALL, 20, 1).tolist() != baseline(CLOSET, INVENTORY, ALL, 20, 2).tolist()


def test_prototype_sorts_noisy_vectors_by_distance_to_the_mean() -> None:
    noisy = INVENTORY.vectors + np.random.default_rng(9).normal(0, PROTOTYPE_SIGMA, INVENTORY.vectors.shape)
    distance = np.sqrt(((noisy - CLOSET.vectors.mean(axis=0)) ** 2).sum(axis=1))
    assert prototype(CLOSET, INVENTORY, ALL, 50, 9).tolist() == np.argsort(distance)[:50].tolist()


def test_one_mean_sorts_by_cosine_and_ties_go_to_the_earlier_row() -> None:
    vectors = np.array([[0, 1], [1, 0], [0.8, 0.6], [1, 0]], np.float32)
    closet = closet_of(np.array([[1, 0]], np.float32), ["Ties"])
    rows = one_mean(closet, inventory_of(vectors, ["Ties"] * 4), np.ones(4, np.bool_), 4, 0)
    assert rows.tolist() == [1, 3, 2, 0]


def test_first_method_follows_the_closets_mix_of_categories() -> None:
    rows = first_method(CLOSET, INVENTORY, ALL, 8, 0)
    assert sorted(INVENTORY.categories[rows]) == ["Shoes"] * 2 + ["Topwear"] * 6


def test_first_method_continues_with_other_categories_when_the_closets_are_exhausted() -> None:
    rows = first_method(CLOSET, INVENTORY, ALL, 50, 0)
    assert INVENTORY.categories[rows].tolist().count("Ties") == 10
    assert set(INVENTORY.categories[rows[:40]]) == {"Shoes", "Topwear"}


def test_first_method_fills_the_list_for_a_closet_of_unknown_categories() -> None:
    closet = closet_of(vectors_of(2, seed=3), ["Hats", "Hats"])
    assert len(set(first_method(closet, INVENTORY, ALL, 30, 0).tolist())) == 30


def test_first_method_scores_by_category_mean_and_style_in_equal_parts() -> None:
    vectors = vectors_of(30, seed=4)
    inventory = inventory_of(vectors, ["Ties"] * 30)
    closet = closet_of(vectors_of(3, seed=5), ["Ties"] * 3)
    centre = inventory.means["Ties"]
    style = unit(np.mean([unit(vector - centre) for vector in closet.vectors], axis=0))
    near = unit(closet.vectors.mean(axis=0))
    scores = [(vector @ near + unit(vector - centre) @ style) / 2 for vector in vectors]
    expected = np.argsort(scores)[::-1][:10].tolist()
    assert first_method(closet, inventory, np.ones(30, np.bool_), 10, 0).tolist() == expected


def pool_of(worth: list[float], vectors: FloatArray, category: list[int] | None = None) -> ScoredPool:
    places = np.array(category or [0] * len(worth), np.int64)
    shares = np.full(int(places.max()) + 1, 1 / (int(places.max()) + 1), np.float32)
    return ScoredPool(np.array(worth, np.float32), vectors, places, shares)


@pytest.mark.parametrize("diversity", [MarginalRelevance, Determinant])
def test_zero_weight_keeps_the_order_of_worth(diversity: type[MarginalRelevance] | type[Determinant]) -> None:
    vectors = vectors_of(12)
    worth = np.random.default_rng(1).random(12).tolist()
    places = rerank_pool(diversity(vectors, 0.0), pool_of(worth, vectors), 12, NO_MIX)
    assert places == np.argsort(worth)[::-1].tolist()


@pytest.mark.parametrize("diversity", [MarginalRelevance, Determinant])
def test_repetition_comes_after_a_different_item(
    diversity: type[MarginalRelevance] | type[Determinant],
) -> None:
    vectors = unit(np.array([[1, 0, 0], [1, 0.1, 0], [0, 1, 0]], np.float32))
    assert rerank_pool(diversity(vectors, 1.0), pool_of([1, 0.9, 0.5], vectors), 3, NO_MIX) == [0, 2, 1]


@pytest.mark.parametrize("diversity", [MarginalRelevance, Determinant])
def test_equal_vectors_are_all_returned_once(
    diversity: type[MarginalRelevance] | type[Determinant],
) -> None:
    vectors = np.tile(vectors_of(1), (9, 1))
    places = rerank_pool(diversity(vectors, 1.0), pool_of([0.5] * 9, vectors), 20, NO_MIX)
    assert sorted(places) == list(range(9))


def test_marginal_relevance_subtracts_the_largest_cosine_to_a_chosen_item() -> None:
    vectors = vectors_of(10, seed=2)
    worth = np.random.default_rng(2).random(10)
    expected: list[int] = []
    for _ in range(10):
        left = [n for n in range(10) if n not in expected]
        gain = {n: worth[n] - 0.7 * max((vectors[n] @ vectors[m] for m in expected), default=0) for n in left}
        # A negative cosine is no gain: the opposite of a chosen item is not better than an unrelated one.
        gain = {n: worth[n] - 0.7 * max(0, (worth[n] - gain[n]) / 0.7) for n in left}
        expected.append(max(left, key=lambda n: gain[n]))
    assert rerank_pool(MarginalRelevance(vectors, 0.7), pool_of(worth.tolist(), vectors), 10, NO_MIX) == expected


def test_determinant_steps_equal_those_computed_from_determinants() -> None:
    vectors = vectors_of(9, dim=9, seed=6)
    worth = np.random.default_rng(6).random(9)
    expected: list[int] = []
    for _ in range(6):
        left = [n for n in range(9) if n not in expected]

        def gain(n: int) -> float:
            rows = vectors[[*expected, n]].astype(np.float64)
            return float(worth[[*expected, n]].sum() + 0.4 * np.log(np.linalg.det(rows @ rows.T)))

        expected.append(max(left, key=gain))
    assert rerank_pool(Determinant(vectors, 0.4), pool_of(worth.tolist(), vectors), 6, NO_MIX) == expected


def test_determinant_prefers_the_set_with_the_largest_volume() -> None:
    vectors = unit(np.array([[1, 0], [0.9, 0.1], [0, 1], [0.5, 0.5]], np.float32))
    places = rerank_pool(Determinant(vectors, 1.0), pool_of([1.0, 1.0, 1.0, 1.0], vectors), 2, NO_MIX)
    areas = {
        pair: np.linalg.det(vectors[list(pair)] @ vectors[list(pair)].T) for pair in itertools.combinations(range(4), 2)
    }
    assert tuple(places) == max(areas, key=lambda pair: areas[pair])


def test_large_calibration_enforces_the_mix() -> None:
    vectors = vectors_of(30, dim=40)
    worth = [1.0] * 15 + [0.1] * 15
    strict = RerankingWeights(calibration=1e6)
    places = rerank_pool(MarginalRelevance(vectors, 1.0), pool_of(worth, vectors, [0] * 15 + [1] * 15), 10, strict)
    assert [place < 15 for place in places].count(True) == 5
