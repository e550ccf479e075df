"""From scored candidates to a list: what it repeats, and what it makes room for."""

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

HOW = RerankingWeights()
NEAR = 0.985
RED, BLUE, GREEN = np.eye(3, dtype=np.float32)


def pool(worth: Sequence[float], category: Sequence[int] | None = None, shares: Sequence[float] = (1,)) -> Pool:
    """Candidates that have nothing in common: no brand, no look, no product, and no colours."""
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


def listed(candidates: Pool, count: int = 20, how: RerankingWeights = HOW) -> list[int]:
    return rerank(candidates, count, how, NEAR)


def counts(candidates: Pool, count: int = 20) -> list[int]:
    """How many of each category are listed."""
    return list(np.bincount(candidates.category[listed(candidates, count)], minlength=len(candidates.shares)))


def falling(count: int, first: float = 1.0, step: float = 0.001) -> list[float]:
    """Worths of which each is a little less than the one before."""
    return [first - step * place for place in range(count)]


def test_nothing_in_common_is_listed_by_worth() -> None:
    worth = np.random.default_rng(1).permutation(falling(30))
    assert listed(pool(worth.tolist()), 30) == np.argsort(-worth).tolist()


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.8, 0.1, 0.1), (0.95, 0.05)])
@pytest.mark.parametrize("count", [20, 50])
def test_list_follows_the_mix(shares: tuple[float, ...], count: int) -> None:
    category = np.repeat(np.arange(len(shares)), 60)
    found = counts(pool(falling(60) * len(shares), category.tolist(), shares), count)
    np.testing.assert_allclose(found, np.array(shares) * count, atol=1.01)


def test_what_hardly_fits_comes_last_however_much_its_category_lacks() -> None:
    candidates = pool([0.9, *[0.01] * 5, *falling(20)], [0] * 6 + [1] * 20, (0.5, 0.5))
    order = listed(candidates, 26)
    assert 0 in order[:4]
    assert set(order[-5:]) == {1, 2, 3, 4, 5}


def test_repeating_costs_a_share_of_what_the_list_is_worth() -> None:
    """A list of items that all fit half as well is composed alike."""
    candidates = random_pool(3, 60)
    half = replace(candidates, worth=candidates.worth * np.float32(0.5))
    flat = replace(HOW, calibration=0.0)
    assert listed(half, 20, flat) == listed(candidates, 20, flat)


def test_every_page_follows_the_mix_and_not_the_whole_list_alone() -> None:
    candidates = pool(falling(60) * 2, [0] * 60 + [1] * 60, (0.5, 0.5))
    order = candidates.category[listed(candidates, 60)]
    for start in range(0, 60, 10):
        assert 4 <= order[start : start + 10].sum() <= 6


def test_category_that_has_nothing_good_gives_way_but_is_not_left_out() -> None:
    good, poor = counts(pool([1.0] * 30 + [0.01] * 30, [0] * 30 + [1] * 30, (0.5, 0.5)))
    assert 2 <= poor <= 7
    assert good + poor == 20


def test_places_of_a_category_that_runs_out_go_to_the_others() -> None:
    assert counts(pool(falling(33), [0] * 30 + [1] * 3, (0.2, 0.8))) == [17, 3]


def test_variants_of_a_product_come_once_in_all_categories_together() -> None:
    candidates = replace(
        pool(falling(6), [0, 0, 0, 1, 1, 1], (0.5, 0.5)), products=np.array([7, 7, 8, 8, 7, 9], np.uint64)
    )
    chosen = listed(candidates)
    assert sorted(candidates.products[chosen].tolist()) == [7, 8, 9]
    assert 0 in chosen, "the better of two variants is shown"


@pytest.mark.parametrize(("cosine", "listed_of_two"), [(1.0, 1), (NEAR + 0.001, 1), (NEAR - 0.001, 2)])
def test_near_duplicates_within_a_category_come_once(cosine: float, listed_of_two: int) -> None:
    two = np.array([[1, 0], [cosine, (1 - cosine**2) ** 0.5]], np.float32)
    assert len(listed(replace(pool([0.5, 0.9]), vectors=two))) == listed_of_two
    assert listed(replace(pool([0.5, 0.9]), vectors=two))[0] == 1
    assert len(listed(replace(pool([0.5, 0.9], [0, 1], (0.5, 0.5)), vectors=two))) == 2, "a shoe is never a shirt"


def test_brands_take_turns_among_items_as_good() -> None:
    candidates = replace(pool(falling(40)), brands=np.repeat(np.arange(4, dtype=np.int32), 10))
    of_each = Counter(candidates.brands[listed(candidates, 12)].tolist())
    assert set(of_each.values()) == {3}


def test_looks_take_turns_among_items_as_good_and_only_within_a_category() -> None:
    looks = np.repeat(np.eye(2, dtype=np.float32), [2, 1], axis=0)
    assert listed(replace(pool([0.9, 0.88, 0.86]), looks=looks)) == [0, 2, 1]
    apart = pool([0.9, 0.88, 0.86], [0, 1, 1], (0.5, 0.5))
    assert listed(replace(apart, looks=looks)) == listed(apart)


def test_what_lies_more_than_a_page_back_is_no_repetition() -> None:
    worth, brands = [1.0] * 6 + [0.9] * 6, np.array([1] * 6 + list(range(2, 8)), np.int32)
    candidates = replace(pool(worth), brands=brands)
    assert listed(candidates, 6, replace(HOW, window=1)) == [0, 1, 2, 3, 4, 5]
    assert 6 in listed(candidates, 6)


def test_first_page_is_the_same_however_long_the_list() -> None:
    candidates = coloured([RED, BLUE, GREEN] * 20, (0.5, 0.3, 0.2))
    assert listed(candidates, 60)[:20] == listed(candidates, 20)


def coloured(colours: Sequence[FloatArray], palette: Sequence[float]) -> Pool:
    return replace(pool(falling(len(colours))), colours=np.array(colours), palette=np.array(palette, np.float32))


@pytest.mark.parametrize("palette", [(0.75, 0.25, 0), (0.25, 0.75, 0), (0.4, 0.3, 0.3)])
def test_colours_follow_the_palette(palette: tuple[float, ...]) -> None:
    candidates = coloured([RED, BLUE, GREEN] * 30, palette)
    np.testing.assert_allclose(candidates.colours[listed(candidates)].mean(axis=0), palette, atol=0.1)


def test_colour_that_the_head_is_not_sure_of_hardly_counts() -> None:
    surely, perhaps = (listed(coloured([RED, RED * red**2, BLUE], (0.4, 0.6, 0))) for red in (1, 0.1))
    assert surely == [0, 2, 1]
    assert perhaps == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 1_000])
def test_list_is_as_long_as_asked_or_as_there_are_candidates(count: int) -> None:
    assert sorted(listed(pool(falling(5)), count)) == list(range(min(count, 5)))


def test_what_there_is_not_and_what_must_never_come_do_not_fill_a_list() -> None:
    assert listed(pool([])) == []
    assert listed(pool([0.5, -np.inf, 0.4])) == [0, 2]
    assert counts(pool(falling(30), [1] * 30, (0.9, 0.05, 0.05))) == [0, 20, 0]


def random_pool(seed: int, count: int) -> Pool:
    """Few brands, looks, vectors and products, so that all of them are repeated."""
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
    """Of which two only one may be listed, ``(n, n)``."""
    same = candidates.category[:, None] == candidates.category
    alike = candidates.vectors @ candidates.vectors.T >= NEAR
    return np.asarray((candidates.products[:, None] == candidates.products) | (same & alike), np.bool_)


def added(candidates: Pool, chosen: list[int], how: RerankingWeights, count: int) -> NDArray[np.float64]:
    """What each candidate adds to a list of ``count``, worked out from the beginning."""
    typical = np.sort(candidates.worth)[-count:].mean()
    best = np.array([candidates.worth[candidates.category == place].max() for place in candidates.category])
    recent = chosen[max(0, len(chosen) - how.window) :]
    taken = (candidates.category[:, None] == candidates.category[chosen]).sum(axis=1) + how.first
    same = candidates.category[:, None] == candidates.category[recent]
    looks = (np.maximum(candidates.looks @ candidates.looks[recent].T, 0) ** 4 * same).sum(axis=1)
    brands = (candidates.brands[:, None] == candidates.brands[recent]).sum(axis=1)
    over = np.maximum(0, candidates.colours[chosen].sum(axis=0) - candidates.palette * (len(chosen) + 1))
    lacking = how.calibration * candidates.shares[candidates.category] * np.log((taken + 1) / taken)
    spent = how.look * looks + how.brand * brands + how.colour * (candidates.colours @ over)
    last = np.where(candidates.worth < how.misfit * best, 1e3, 0)
    return np.asarray(candidates.worth + lacking - typical * spent - last, np.float64)


@given(st.integers(0, 1_000), st.integers(0, 60), st.integers(1, 5))
def test_each_step_takes_what_adds_most_and_repeats_nothing(seed: int, size: int, window: int) -> None:
    candidates, how = random_pool(seed, size), replace(HOW, window=window)
    before, open_to = candidates.worth.copy(), np.ones(size, np.bool_)
    chosen = listed(candidates, 15, how)
    for step, place in enumerate(chosen):
        value = added(candidates, chosen[:step], how, 15)
        assert open_to[place]
        assert value[place] == pytest.approx(value[open_to].max(), abs=1e-5)
        open_to &= ~repeats(candidates)[place]
    assert len(chosen) == 15 or not open_to.any(), "nothing is left out but what would be repeated"
    assert listed(candidates, 15, how) == chosen
    np.testing.assert_array_equal(candidates.worth, before, "the pool is left as it was")
