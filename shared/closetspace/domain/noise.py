"""The prototype's way to surprise, at no cost: noise on the candidates' scores.

The prototype added Gaussian noise of standard deviation s to every coordinate of every inventory vector. For
an item x and a query q in d dimensions that shifts the squared distance by a random amount of variance
``4 s^2 ||x - q||^2 + 2 d s^4``. Between unit vectors the squared distance is ``2 - 2 cos``, so the same effect
on the cosine has a quarter of that variance, and can be drawn for a few candidates instead of all vectors.
"""

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoding import FloatArray

PROTOTYPE_SIGMA = 0.1


def explored(scores: FloatArray, keys: NDArray[np.uint64], dim: int, *, seed: int, explore: float) -> FloatArray:
    """Scores with the noise of ``explore`` times the prototype's; the same item and seed give the same draw.

    ``scores (n,)`` are cosines, ``keys (n,)`` the items' stable numbers, ``dim`` the vectors' length.
    """
    if not explore:
        return scores
    sigma = PROTOTYPE_SIGMA * explore
    variance = sigma**2 * (2 - 2 * scores.astype(np.float64)) + dim * sigma**4 / 2
    noisy: FloatArray = (scores + np.sqrt(np.maximum(variance, 0)) * normal_draws(keys, seed)).astype(np.float32)
    return noisy


def normal_draws(keys: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """One standard normal number a key, the same for the same key and seed on every machine (Box-Muller)."""
    start = keys ^ _mixed(np.array([seed], np.uint64))
    uniform = [(_mixed(start + np.uint64(stream)) >> np.uint64(11)) * 2.0**-53 for stream in (1, 2)]
    draws: NDArray[np.float64] = np.sqrt(-2 * np.log(1 - uniform[0])) * np.cos(2 * np.pi * uniform[1])
    return draws


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The output function of SplitMix64 (Steele, Lea, Flood 2014): every bit depends on every bit."""
    z = numbers * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
