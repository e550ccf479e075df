"""The noise of ``explore``: the prototype's, drawn from its exact distribution."""

import numpy as np
import pytest
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.products import item_key
from closetspace.domain.ranking.noise import PROTOTYPE_SIGMA, chi_squared_draws, normal_draws, perturb

Draws = NDArray[np.float64]

CRITICAL = 1.95
"""Critical value of the two-sample Kolmogorov-Smirnov statistic times sqrt(n m / (n + m)): samples of one distribution
exceed it once in a thousand."""

DRAWS = 5_000
"""Enough to distinguish distributions whose distribution functions differ by 4 %."""

NORMAL_GOLDEN = [1.86219564129933, -0.31060342407083313, -0.2692677930182651]
CHI_SQUARED_GOLDEN = [40.36414200246469, 56.42442092992419, 67.41154376059046]


def keys_of(count: int) -> NDArray[np.uint64]:
    return np.array([item_key(f"item {number}") for number in range(count)], np.uint64)


KEYS = keys_of(DRAWS)


def kolmogorov_smirnov(first: Draws | FloatArray, second: Draws | FloatArray) -> float:
    """Return the two-sample Kolmogorov-Smirnov statistic, scaled as `CRITICAL` is."""
    both = np.concatenate([first, second])
    shares = [np.searchsorted(np.sort(sample), both, side="right") / len(sample) for sample in (first, second)]
    distance = np.abs(shares[0] - shares[1]).max()
    return float(distance * np.sqrt(len(first) * len(second) / (len(first) + len(second))))


def prototype_draws(cosine: float, dim: int, explore: float, seed: int) -> Draws:
    """Draw as the prototype did: noise on every coordinate of the item's vector."""
    query, item = np.zeros(dim), np.zeros(dim)
    query[0] = 1
    item[:2] = cosine, np.sqrt(1 - cosine**2)
    sigma = PROTOTYPE_SIGMA * explore
    noisy = item + sigma * np.random.default_rng([seed, dim]).standard_normal((DRAWS, dim))
    cosines: Draws = 1 - (np.square(noisy - query).sum(axis=1) - dim * sigma**2) / 2
    return cosines


def our_draws(cosine: float, dim: int, explore: float, seed: int = 1) -> FloatArray:
    return perturb(np.full(DRAWS, cosine, np.float32), KEYS, dim, seed=seed, explore=explore)


@pytest.mark.parametrize("explore", [0.2, 1.0])
@pytest.mark.parametrize("cosine", [1.0, 0.8, 0.0, -1.0])
@pytest.mark.parametrize("dim", [2, 4, 64, 512])
def test_noise_has_the_prototypes_distribution(dim: int, cosine: float, explore: float) -> None:
    assert kolmogorov_smirnov(our_draws(cosine, dim, explore), prototype_draws(cosine, dim, explore, seed=2)) < CRITICAL


def test_normal_noise_of_the_same_mean_and_variance_has_another_distribution() -> None:
    exact = prototype_draws(1.0, 4, 1.0, seed=2)
    normal = exact.mean() + exact.std() * normal_draws(KEYS, 1)
    assert kolmogorov_smirnov(normal, exact) > 2 * CRITICAL


def test_noise_does_not_change_the_mean_cosine() -> None:
    for cosine in (1.0, 0.3):
        draws = our_draws(cosine, 512, 1.0)
        assert draws.mean() == pytest.approx(cosine, abs=4 * float(draws.std()) / DRAWS**0.5)


def test_noise_grows_with_the_distance_from_the_anchor() -> None:
    spread = [our_draws(cosine, 64, 0.5).std() for cosine in (1.0, 0.5, -0.5)]
    assert spread == sorted(spread)


def test_explore_zero_returns_the_cosines_unchanged() -> None:
    cosines = np.linspace(-1, 1, DRAWS, dtype=np.float32)
    np.testing.assert_array_equal(perturb(cosines, KEYS, 64, seed=1, explore=0), cosines)


def test_cosine_rounded_above_one_counts_as_one() -> None:
    just_above = np.nextafter(np.float32(1), np.float32(2))
    np.testing.assert_array_equal(our_draws(float(just_above), 64, 1.0), our_draws(1.0, 64, 1.0))


def test_noise_depends_on_item_and_seed_alone() -> None:
    alone = perturb(np.array([0.7], np.float32), KEYS[40:41], 64, seed=3, explore=1)
    assert our_draws(0.7, 64, 1.0, seed=3)[40] == alone[0]
    backwards = perturb(np.full(DRAWS, 0.7, np.float32), KEYS[::-1], 64, seed=3, explore=1)
    np.testing.assert_array_equal(backwards[::-1], our_draws(0.7, 64, 1.0, seed=3))


def test_draws_equal_the_golden_numbers() -> None:
    """Different machines and releases draw the pages of one list, so the numbers must not change."""
    keys = np.array([0, 1, 2**64 - 1], np.uint64)
    np.testing.assert_allclose(normal_draws(keys, 5), NORMAL_GOLDEN, rtol=1e-12)
    np.testing.assert_allclose(chi_squared_draws(keys, 5, 63), CHI_SQUARED_GOLDEN, rtol=1e-12)


@pytest.mark.parametrize("seed", [2, 3, 2**52, 2**53 - 1])
def test_noise_of_different_seeds_is_independent(seed: int) -> None:
    for first, second in (
        (normal_draws(KEYS, 1), normal_draws(KEYS, seed)),
        (chi_squared_draws(KEYS, 1, 63), chi_squared_draws(KEYS, seed, 63)),
        (our_draws(0.5, 64, 1.0, seed=1), our_draws(0.5, 64, 1.0, seed=seed)),
    ):
        assert abs(np.corrcoef(first, second)[0, 1]) < 4 / DRAWS**0.5


def test_both_parts_of_an_items_noise_are_independent() -> None:
    along, across = normal_draws(KEYS, 1), chi_squared_draws(KEYS, 1, 63)
    for part in (along, along**2):
        assert abs(np.corrcoef(part, across)[0, 1]) < 4 / DRAWS**0.5


@pytest.mark.parametrize("seed", range(5))
def test_normal_draws_are_standard_normal(seed: int) -> None:
    draws = normal_draws(KEYS, seed)
    assert abs(draws.mean()) < 4 / DRAWS**0.5
    assert abs(draws.std() - 1) < 4 / (2 * DRAWS) ** 0.5
    assert kolmogorov_smirnov(draws, np.random.default_rng(seed).standard_normal(DRAWS)) < CRITICAL


@pytest.mark.parametrize("degrees", [1, 2, 3, 63, 511])
def test_chi_squared_draws_are_chi_squared(degrees: int) -> None:
    draws = chi_squared_draws(KEYS, 7, degrees)
    assert draws.min() > 0
    assert draws.mean() == pytest.approx(degrees, abs=4 * (2 * degrees / DRAWS) ** 0.5)
    # The variance of a sample's variance is the fourth central moment, 12 k (k + 4), minus the squared variance.
    error = ((12 * degrees * (degrees + 4) - 4 * degrees**2) / DRAWS) ** 0.5
    assert draws.var() == pytest.approx(2 * degrees, abs=4 * error)
    assert kolmogorov_smirnov(draws, np.random.default_rng(7).chisquare(degrees, DRAWS)) < CRITICAL


def test_no_cosines_get_no_noise() -> None:
    cosines = np.zeros(0, np.float32)
    assert perturb(cosines, KEYS[:0], 64, seed=1, explore=1).shape == (0,)
    assert perturb(cosines, KEYS[:0], 64, seed=1, explore=0).shape == (0,)
