"""Re-ranking: what a list repeats, and for which categories it makes room."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.ranking.reranking import Pool, RerankingWeights, rerank

WEIGHTS = RerankingWeights()
NEAR_DUPLICATE = 0.985
RED, BLUE, GREEN = np.eye(3, dtype=np.float32)


def pool(worth: Sequence[float], category: Sequence[int] | None = None, shares: Sequence[float] = (1,)) -> Pool:
    """Return candidates that share no brand, look or product, and have no colours."""
    count = len(worth)
    return Pool(
        worth=np.array(worth, np.float32),
        category=np.zeros(count, np.int64) if category is None else np.array(category, np.int64),
        shares=np.array(shares, np.float32),
        brands=np.arange(count, dtype=np.int32),
        products=np.arange(count).astype(np.uint64),
        vectors=np.eye(count, dtype=np.float32),
        looks=np.eye(count, dtype=np.float32),
        colours=np.zeros((count, 0), np.float32),
        palette=np.zeros(0, np.float32),
    )


def places(candidates: Pool, count: int = 20, weights: RerankingWeights = WEIGHTS) -> list[int]:
    return rerank(candidates, count, weights, NEAR_DUPLICATE)


def category_counts(candidates: Pool, count: int = 20) -> list[int]:
    """Return the number of listed items of each category."""
    return list(np.bincount(candidates.category[places(candidates, count)], minlength=len(candidates.shares)))


def decreasing(count: int, first: float = 1.0, step: float = 0.001) -> list[float]:
    """Return worths that decrease by ``step``."""
    return [first - step * place for place in range(count)]


def test_candidates_with_nothing_in_common_are_listed_by_worth() -> None:
    worth = np.random.default_rng(1).permutation(decreasing(30))
    assert places(pool(worth.tolist()), 30) == np.argsort(-worth).tolist()


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.8, 0.1, 0.1), (0.95, 0.05)])
@pytest.mark.parametrize("count", [20, 50])
def test_list_follows_the_shares_of_categories(shares: tuple[float, ...], count: int) -> None:
    category = np.repeat(np.arange(len(shares)), 60)
    listed = category_counts(pool(decreasing(60) * len(shares), category.tolist(), shares), count)
    np.testing.assert_allclose(listed, np.array(shares) * count, atol=1.01)


def test_misfits_come_last_even_if_their_category_lacks_items() -> None:
    candidates = pool([0.9, *[0.01] * 5, *decreasing(20)], [0] * 6 + [1] * 20, (0.5, 0.5))
    order = places(candidates, 26)
    assert 0 in order[:4]
    assert set(order[-5:]) == {1, 2, 3, 4, 5}


def test_penalties_scale_with_the_worth_of_the_list() -> None:
    """Items that all fit half as well give the same list."""
    candidates = random_pool(3, 60)
    half = replace(candidates, worth=candidates.worth * np.float32(0.5))
    weights = replace(WEIGHTS, calibration=0.0)
    assert places(half, 20, weights) == places(candidates, 20, weights)


def test_every_page_follows_the_shares_of_categories() -> None:
    candidates = pool(decreasing(60) * 2, [0] * 60 + [1] * 60, (0.5, 0.5))
    order = candidates.category[places(candidates, 60)]
    for start in range(0, 60, 10):
        assert 4 <= order[start : start + 10].sum() <= 6


def test_category_of_poor_fits_gets_fewer_places_but_not_none() -> None:
    good, poor = category_counts(pool([1.0] * 30 + [0.01] * 30, [0] * 30 + [1] * 30, (0.5, 0.5)))
    assert 2 <= poor <= 7
    assert good + poor == 20


def test_places_of_an_exhausted_category_go_to_the_others() -> None:
    assert category_counts(pool(decreasing(33), [0] * 30 + [1] * 3, (0.2, 0.8))) == [17, 3]


def test_product_is_listed_once_in_all_categories_together() -> None:
    candidates = replace(
        pool(decreasing(6), [0, 0, 0, 1, 1, 1], (0.5, 0.5)), products=np.array([7, 7, 8, 8, 7, 9], np.uint64)
    )
    chosen = places(candidates)
    assert sorted(candidates.products[chosen].tolist()) == [7, 8, 9]
    assert 0 in chosen, "the best variant is listed"


@pytest.mark.parametrize(("cosine", "expected"), [(1.0, 1), (NEAR_DUPLICATE + 0.001, 1), (NEAR_DUPLICATE - 0.001, 2)])
def test_near_duplicates_within_a_category_are_listed_once(cosine: float, expected: int) -> None:
    vectors = np.array([[1, 0], [cosine, (1 - cosine**2) ** 0.5]], np.float32)
    assert len(places(replace(pool([0.5, 0.9]), vectors=vectors))) == expected
    assert places(replace(pool([0.5, 0.9]), vectors=vectors))[0] == 1
    two_categories = replace(pool([0.5, 0.9], [0, 1], (0.5, 0.5)), vectors=vectors)
    assert len(places(two_categories)) == 2, "a shoe is no near-duplicate of a shirt"


def test_brands_alternate_among_equal_fits() -> None:
    candidates = replace(pool(decreasing(40)), brands=np.repeat(np.arange(4, dtype=np.int32), 10))
    brand_counts = Counter(candidates.brands[places(candidates, 12)].tolist())
    assert set(brand_counts.values()) == {3}


def test_looks_alternate_among_equal_fits_of_a_category() -> None:
    looks = np.repeat(np.eye(2, dtype=np.float32), [2, 1], axis=0)
    assert places(replace(pool([0.9, 0.88, 0.86]), looks=looks)) == [0, 2, 1]
    two_categories = pool([0.9, 0.88, 0.86], [0, 1, 1], (0.5, 0.5))
    assert places(replace(two_categories, looks=looks)) == places(two_categories)


def test_items_outside_of_the_window_are_no_repetition() -> None:
    worth, brands = [1.0] * 6 + [0.9] * 6, np.array([1] * 6 + list(range(2, 8)), np.int32)
    candidates = replace(pool(worth), brands=brands)
    assert places(candidates, 6, replace(WEIGHTS, window=1)) == [0, 1, 2, 3, 4, 5]
    assert 6 in places(candidates, 6)


def test_first_page_does_not_depend_on_the_length_of_the_list() -> None:
    candidates = coloured([RED, BLUE, GREEN] * 20, (0.5, 0.3, 0.2))
    assert places(candidates, 60)[:20] == places(candidates, 20)


def coloured(colours: Sequence[FloatArray], palette: Sequence[float]) -> Pool:
    return replace(pool(decreasing(len(colours))), colours=np.array(colours), palette=np.array(palette, np.float32))


@pytest.mark.parametrize("palette", [(0.75, 0.25, 0), (0.25, 0.75, 0), (0.4, 0.3, 0.3)])
def test_colours_follow_the_palette(palette: tuple[float, ...]) -> None:
    candidates = coloured([RED, BLUE, GREEN] * 30, palette)
    np.testing.assert_allclose(candidates.colours[places(candidates)].mean(axis=0), palette, atol=0.1)


def test_uncertain_colour_hardly_counts() -> None:
    certain, uncertain = (places(coloured([RED, RED * red**2, BLUE], (0.4, 0.6, 0))) for red in (1, 0.1))
    assert certain == [0, 2, 1]
    assert uncertain == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 1_000])
def test_list_has_the_requested_length_or_all_candidates(count: int) -> None:
    assert sorted(places(pool(decreasing(5)), count)) == list(range(min(count, 5)))


def test_excluded_candidates_and_empty_categories_fill_no_place() -> None:
    assert places(pool([])) == []
    assert places(pool([0.5, -np.inf, 0.4])) == [0, 2]
    assert category_counts(pool(decreasing(30), [1] * 30, (0.9, 0.05, 0.05))) == [0, 20, 0]


def random_pool(seed: int, count: int) -> Pool:
    """Return candidates of few brands, looks, vectors and products, so that all of these repeat."""
    random = np.random.default_rng(seed)
    vectors, looks = (unit(random.standard_normal((few, 3)).astype(np.float32)) for few in (15, 5))
    return Pool(
        worth=random.random(count, np.float32),
        category=np.sort(random.integers(0, 3, count)),
        shares=np.array([0.6, 0.3, 0.1], np.float32),
        brands=random.integers(0, 3, count).astype(np.int32),
        products=random.integers(0, 30, count).astype(np.uint64),
        vectors=vectors[random.integers(0, len(vectors), count)],
        looks=looks[random.integers(0, len(looks), count)],
        colours=random.dirichlet(np.ones(3), count).astype(np.float32),
        palette=np.array([0.5, 0.5, 0], np.float32),
    )


def repeats(candidates: Pool) -> NDArray[np.bool_]:
    """Return which pairs of candidates may not both be listed, ``(n, n)``."""
    same = candidates.category[:, None] == candidates.category
    near = candidates.vectors @ candidates.vectors.T >= NEAR_DUPLICATE
    return np.asarray((candidates.products[:, None] == candidates.products) | (same & near), np.bool_)


def values(candidates: Pool, chosen: list[int], weights: RerankingWeights, count: int) -> NDArray[np.float64]:
    """Return what each candidate adds to a list of ``count`` items, computed from scratch."""
    typical = np.sort(candidates.worth)[-count:].mean()
    best = np.array([candidates.worth[candidates.category == place].max() for place in candidates.category])
    recent = chosen[max(0, len(chosen) - weights.window) :]
    taken = (candidates.category[:, None] == candidates.category[chosen]).sum(axis=1) + weights.first
    same = candidates.category[:, None] == candidates.category[recent]
    looks = (np.maximum(candidates.looks @ candidates.looks[recent].T, 0) ** 4 * same).sum(axis=1)
    brands = (candidates.brands[:, None] == candidates.brands[recent]).sum(axis=1)
    over = np.maximum(0, candidates.colours[chosen].sum(axis=0) - candidates.palette * (len(chosen) + 1))
    gain = weights.calibration * candidates.shares[candidates.category] * np.log((taken + 1) / taken)
    penalty = weights.look * looks + weights.brand * brands + weights.colour * (candidates.colours @ over)
    misfit = np.where(candidates.worth < weights.misfit * best, 1e3, 0)
    return np.asarray(candidates.worth + gain - typical * penalty - misfit, np.float64)


@given(st.integers(0, 1_000), st.integers(0, 60), st.integers(1, 5))
def test_each_step_takes_the_candidate_that_adds_most(seed: int, size: int, window: int) -> None:
    candidates, weights = random_pool(seed, size), replace(WEIGHTS, window=window)
    before, available = candidates.worth.copy(), np.ones(size, np.bool_)
    chosen = places(candidates, 15, weights)
    for step, place in enumerate(chosen):
        value = values(candidates, chosen[:step], weights, 15)
        assert available[place]
        assert value[place] == pytest.approx(value[available].max(), abs=1e-5)
        available &= ~repeats(candidates)[place]
    assert len(chosen) == 15 or not available.any(), "only repetitions are left out"
    assert places(candidates, 15, weights) == chosen
    np.testing.assert_array_equal(candidates.worth, before, "the pool is not changed")
