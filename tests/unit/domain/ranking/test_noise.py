"""Exploring: the prototype's noise, drawn from its exact distribution."""

import numpy as np
import pytest
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.products import item_key
from closetspace.domain.ranking.noise import PROTOTYPE_SIGMA, chi_squared_draws, normal_draws, perturb

Draws = NDArray[np.float64]

CRITICAL = 1.95
"""Of the two-sample Kolmogorov-Smirnov statistic, times sqrt(n m / (n + m)): equal distributions differ more once in a
thousand."""

DRAWS = 5_000
"""Tells distributions apart whose distribution functions differ by 4 %."""

NORMAL_GOLDEN = [1.86219564129933, -0.31060342407083313, -0.2692677930182651]
CHI_SQUARED_GOLDEN = [40.36414200246469, 56.42442092992419, 67.41154376059046]


def keys_of(count: int) -> NDArray[np.uint64]:
    return np.array([item_key(f"item {number}") for number in range(count)], np.uint64)


KEYS = keys_of(DRAWS)


def apart(one: Draws | FloatArray, other: Draws | FloatArray) -> float:
    """The Kolmogorov-Smirnov statistic, in units of which `CRITICAL` is one."""
    every = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(sample), every, side="right") / len(sample) for sample in (one, other)]
    distance = np.abs(shares[0] - shares[1]).max()
    return float(distance * np.sqrt(len(one) * len(other) / (len(one) + len(other))))


def prototypes_draws(cosine: float, dim: int, explore: float, seed: int) -> Draws:
    """The prototype's own way: noise on every coordinate of the item's vector."""
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
def test_noise_is_distributed_as_the_prototypes(dim: int, cosine: float, explore: float) -> None:
    assert apart(our_draws(cosine, dim, explore), prototypes_draws(cosine, dim, explore, seed=2)) < CRITICAL


def test_normal_noise_of_the_same_mean_and_variance_would_be_told_apart() -> None:
    theirs = prototypes_draws(1.0, 4, 1.0, seed=2)
    normal = theirs.mean() + theirs.std() * normal_draws(KEYS, 1)
    assert apart(normal, theirs) > 2 * CRITICAL


def test_noise_moves_no_cosine_on_average() -> None:
    for cosine in (1.0, 0.3):
        draws = our_draws(cosine, 512, 1.0)
        assert draws.mean() == pytest.approx(cosine, abs=4 * float(draws.std()) / DRAWS**0.5)


def test_what_is_the_same_gets_less_noise_than_what_is_far() -> None:
    spread = [our_draws(cosine, 64, 0.5).std() for cosine in (1.0, 0.5, -0.5)]
    assert spread == sorted(spread)


def test_no_exploring_leaves_cosines_as_they_are_whatever_the_seed() -> None:
    cosines = np.linspace(-1, 1, DRAWS, dtype=np.float32)
    np.testing.assert_array_equal(perturb(cosines, KEYS, 64, seed=1, explore=0), cosines)


def test_cosine_a_little_above_one_is_taken_for_one() -> None:
    just_above = np.nextafter(np.float32(1), np.float32(2))
    np.testing.assert_array_equal(our_draws(float(just_above), 64, 1.0), our_draws(1.0, 64, 1.0))


def test_same_item_and_seed_get_the_same_noise_whatever_else_is_drawn() -> None:
    alone = perturb(np.array([0.7], np.float32), KEYS[40:41], 64, seed=3, explore=1)
    assert our_draws(0.7, 64, 1.0, seed=3)[40] == alone[0]
    backwards = perturb(np.full(DRAWS, 0.7, np.float32), KEYS[::-1], 64, seed=3, explore=1)
    np.testing.assert_array_equal(backwards[::-1], our_draws(0.7, 64, 1.0, seed=3))


def test_draws_stay_what_they_are() -> None:
    """Pages of one list are drawn by different machines and releases: the numbers may not change."""
    keys = np.array([0, 1, 2**64 - 1], np.uint64)
    np.testing.assert_allclose(normal_draws(keys, 5), NORMAL_GOLDEN, rtol=1e-12)
    np.testing.assert_allclose(chi_squared_draws(keys, 5, 63), CHI_SQUARED_GOLDEN, rtol=1e-12)


@pytest.mark.parametrize("other", [2, 3, 2**52, 2**53 - 1])
def test_other_seeds_noise_is_independent(other: int) -> None:
    for one, two in (
        (normal_draws(KEYS, 1), normal_draws(KEYS, other)),
        (chi_squared_draws(KEYS, 1, 63), chi_squared_draws(KEYS, other, 63)),
        (our_draws(0.5, 64, 1.0, seed=1), our_draws(0.5, 64, 1.0, seed=other)),
    ):
        assert abs(np.corrcoef(one, two)[0, 1]) < 4 / DRAWS**0.5


def test_the_two_parts_of_an_items_noise_are_independent() -> None:
    line, rest = normal_draws(KEYS, 1), chi_squared_draws(KEYS, 1, 63)
    for one in (line, line**2):
        assert abs(np.corrcoef(one, rest)[0, 1]) < 4 / DRAWS**0.5


@pytest.mark.parametrize("seed", range(5))
def test_normal_draws_are_standard_normal(seed: int) -> None:
    draws = normal_draws(KEYS, seed)
    assert abs(draws.mean()) < 4 / DRAWS**0.5
    assert abs(draws.std() - 1) < 4 / (2 * DRAWS) ** 0.5
    assert apart(draws, np.random.default_rng(seed).standard_normal(DRAWS)) < CRITICAL


@pytest.mark.parametrize("degrees", [1, 2, 3, 63, 511])
def test_chi_squared_draws_have_its_mean_variance_and_shape(degrees: int) -> None:
    draws = chi_squared_draws(KEYS, 7, degrees)
    assert draws.min() > 0
    assert draws.mean() == pytest.approx(degrees, abs=4 * (2 * degrees / DRAWS) ** 0.5)
    # The fourth central moment is 12 k (k + 4): the variance of a sample's variance is it less the variance squared.
    error = ((12 * degrees * (degrees + 4) - 4 * degrees**2) / DRAWS) ** 0.5
    assert draws.var() == pytest.approx(2 * degrees, abs=4 * error)
    assert apart(draws, np.random.default_rng(7).chisquare(degrees, DRAWS)) < CRITICAL


def test_nothing_is_drawn_for_nothing() -> None:
    nothing = np.zeros(0, np.float32)
    assert perturb(nothing, KEYS[:0], 64, seed=1, explore=1).shape == (0,)
    assert perturb(nothing, KEYS[:0], 64, seed=1, explore=0).shape == (0,)
