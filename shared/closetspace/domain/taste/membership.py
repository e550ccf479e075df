"""The labels of an attribute that a person wears, estimated from their closet.

A label belongs to a person if a fair share of their items has it. Heads predict probabilities, so the share is
uncertain. First the closet's own distribution of labels is estimated by expectation-maximisation, which sharpens each
item's probabilities. Then the number of items with a label has a Poisson binomial distribution, and the label's
membership is an expectation over that number. Two of eleven items in a rare colour thus count for more than one, an
item with an uncertain prediction counts for less, and a closet may have any number of colours.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray

Floats = NDArray[np.float64]

FAIR_SHARE, FAIR_SHARE_OF_PHOTOS = 0.2, 0.12
"""Share of a closet's items from which on a label certainly belongs to its owner: of items with a name, and of photos
without one, of whose labels heads are less sure."""

RATES_OF_PHOTOS = 0.25
"""Power to which the rates of products are raised for photos without a name; 0 gives equal rates."""

MAX_PARTIAL_MEMBERSHIP = 0.1
"""Membership of a label that misses its fair share by one item; fewer items get proportionally less. People own single
pieces in a colour that they do not wear: gifts, special occasions, mistakes."""

EM_ROUNDS = 10
"""Rounds of expectation-maximisation; later ones change the third digit."""

PRIOR_ITEMS = 1.0
"""Weight of the base rates, in items, which keeps the distributions of small closets close to them."""

_MIN_BASE_RATE = 1e-3


@dataclass(frozen=True)
class LabelMembership:
    """``member (labels,) float32``: the certainty from 0 to 1 that the person wears a label; ``share (labels,)
    float32``: the label's share of their items."""

    member: FloatArray
    share: FloatArray


def estimate_membership(posteriors: FloatArray, base_rates: FloatArray, is_named: NDArray[np.bool_]) -> LabelMembership:
    """Estimate which labels a closet's owner wears.

    ``posteriors (n, labels)`` are the heads' for ``n`` items, rows with the sum 1. ``base_rates (n, labels)`` are how
    common the labels are among products of each item's category. ``is_named (n,)`` says which items have a name.
    """
    prior = np.maximum(_expected(base_rates, is_named), _MIN_BASE_RATE)
    likelihood = posteriors / prior
    typical = prior.mean(axis=0) / prior.mean(axis=0).sum()
    share = typical
    for _ in range(EM_ROUNDS):
        share = (_normalize(likelihood * share).sum(axis=0) + PRIOR_ITEMS * typical) / (len(posteriors) + PRIOR_ITEMS)
    named = int(np.count_nonzero(is_named))
    fair = math.ceil(FAIR_SHARE * named + FAIR_SHARE_OF_PHOTOS * (len(posteriors) - named))
    member = _membership(_normalize(likelihood * share), max(1, fair))
    return LabelMembership(member.astype(np.float32), share.astype(np.float32))


def _expected(base_rates: FloatArray, is_named: NDArray[np.bool_]) -> Floats:
    """Return how likely a head finds each label before it sees an item, ``(n, labels)``.

    With a name, these are the base rates of products. Of people's photos alone the rates are not known. The heads'
    errors about them often name a colour that few products have, which a division by its small rate would turn into
    certainty, so the rates are made more equal.
    """
    rates = base_rates.astype(np.float64)
    return np.where(is_named[:, np.newaxis], rates, _normalize(rates**RATES_OF_PHOTOS))


def _membership(probabilities: Floats, enough: int) -> Floats:
    """Return each label's expected membership over the number of items that have it, ``(n, labels) -> (labels,)``.

    From ``enough`` items on it is 1.
    """
    fewer = _count_distribution(probabilities, enough)
    weight = np.array([MAX_PARTIAL_MEMBERSHIP * count / max(1, enough - 1) for count in range(enough)])
    member: Floats = (1 - fewer.sum(axis=0)) + weight @ fewer
    return np.clip(member, 0, 1)


def _count_distribution(probabilities: Floats, below: int) -> Floats:
    """Return the probability that 0, 1, … ``below - 1`` items have each label, ``(below, labels)``."""
    counts = np.zeros((below, probabilities.shape[1]))
    counts[0] = 1
    for has in probabilities:
        counts[1:] = counts[1:] * (1 - has) + counts[:-1] * has
        counts[0] *= 1 - has
    return counts


def _normalize(weights: Floats) -> Floats:
    normalized: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normalized
