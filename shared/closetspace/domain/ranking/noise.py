"""The prototype's noise, drawn on the scores of candidates instead of on every inventory vector.

The prototype added Gaussian noise of standard deviation s to every coordinate of every inventory vector. The
squared distance of an item x from a query q in d dimensions then is ``(||x - q|| + s z)^2 + s^2 C`` with a standard
normal z along the line between them and C, the sum over all other coordinates, chi-squared with d - 1 degrees of
freedom. Both are drawn for a few candidates instead of d numbers for every item. Between unit vectors the squared
distance is ``2 - 2 cos``, so a cosine moves by minus half of the distance's change. The mean of that change, ``d s^2``,
moves all items alike and is left out.
"""

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray

PROTOTYPE_SIGMA = 0.1

_STREAMS = 4
"""Streams of uniform numbers per round of a gamma draw: two for a normal draw, one for its acceptance, one unused."""


def perturb(cosines: FloatArray, keys: NDArray[np.uint64], dim: int, *, seed: int, explore: float) -> FloatArray:
    """Return cosines with ``explore`` times the prototype's noise; an item and a seed always give the same draw.

    ``cosines (n,)`` are those of items and their anchor, ``keys (n,)`` the items' stable numbers, ``dim`` the number of
    dimensions.
    """
    if not explore:
        return cosines
    sigma = PROTOTYPE_SIGMA * explore
    distance = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 0))
    squared = (distance + sigma * normal_draws(keys, seed)) ** 2 + sigma**2 * chi_squared_draws(keys, seed, dim - 1)
    noisy: FloatArray = (1 - (squared - dim * sigma**2) / 2).astype(np.float32)
    return noisy


def normal_draws(keys: NDArray[np.uint64], seed: int, stream: int = 0) -> NDArray[np.float64]:
    """Return a standard normal number per key, the same on every machine for a key and seed (Box-Muller)."""
    return _normal(_uniform_draws(keys, seed, stream + 1, stream + 2))


def chi_squared_draws(keys: NDArray[np.uint64], seed: int, degrees: int) -> NDArray[np.float64]:
    """Return a chi-squared number per key: twice a gamma draw of shape ``degrees / 2`` (Marsaglia and Tsang 2000)."""
    if degrees < 2:
        squared: NDArray[np.float64] = normal_draws(keys, seed, _STREAMS) ** 2 * degrees
        return squared
    shape = degrees / 2 - 1 / 3
    drawn: NDArray[np.float64] = np.zeros(len(keys))
    waiting, pending = np.arange(len(keys)), keys
    stream = _STREAMS
    while waiting.size:
        uniform = _uniform_draws(pending, seed, stream + 1, stream + 2, stream + 3)
        normal = _normal(uniform[:2])
        cubed = np.maximum(1 + normal / (9 * shape) ** 0.5, 0) ** 3
        with np.errstate(divide="ignore"):
            bound = normal**2 / 2 + shape * (1 - cubed + np.log(cubed))
        kept = np.log(1 - uniform[2]) < bound
        drawn[waiting[kept]] = 2 * shape * cubed[kept]
        waiting, pending = waiting[~kept], pending[~kept]
        stream += _STREAMS
    return drawn


def _normal(uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a standard normal number for each pair of uniform ones, ``(2, n) -> (n,)``."""
    draws: NDArray[np.float64] = np.sqrt(-2 * np.log(1 - uniform[0])) * np.cos(2 * np.pi * uniform[1])
    return draws


def _uniform_draws(keys: NDArray[np.uint64], seed: int, *streams: int) -> NDArray[np.float64]:
    """Return a number from 0 to 1 per stream and key, ``(streams, n)``."""
    numbers = np.concatenate([[seed], streams]).astype(np.uint64)
    mixed = _mixed((keys ^ _mixed(numbers[:1])) + numbers[1:, None])
    draws: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return draws


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the output of SplitMix64 (Steele, Lea, Flood 2014), in which every bit depends on every input bit."""
    z = numbers * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
