"""Which labels of an attribute a person wears, as far as their closet shows.

A label belongs to a person if a fair share of their items has it. Heads give probabilities, so the share is uncertain:
the closet's own distribution of labels is estimated first (expectation-maximisation), which makes each item's
probabilities sharper, and then the number of items with a label has a Poisson binomial distribution. A label's
membership is the expectation, over that number, of how much so many items say. So two of eleven items in a rare
colour count for more than one, an item that the heads are not sure of counts for less, and a closet may hold as many
colours as its owner likes.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray

Floats = NDArray[np.float64]

FAIR_SHARE = 0.2
"""Share of a closet's items from which on a label certainly belongs to its owner."""

FEW_ITEMS = 0.1
"""Membership of a label that just misses its fair share; of fewer items proportionally less. People own single pieces
in a colour that they don't wear: gifts, occasions, mistakes."""

ROUNDS = 10
"""Of expectation-maximisation: what changes after that is in the third digit."""

PRIOR_ITEMS = 1.0
"""How many items of usual labels a closet begins with, which keeps small closets near to what is usual."""

_LEAST = 1e-3


@dataclass(frozen=True)
class LabelMembership:
    """``member (labels,) float32``: how certainly each label is one that the person wears; ``share`` of their items."""

    member: FloatArray
    share: FloatArray


def worn_labels(posteriors: FloatArray, usual: FloatArray) -> LabelMembership:
    """Estimate which labels a closet's owner wears.

    ``posteriors (n, labels)`` are the heads' for ``n`` items, rows summing to one; ``usual (n, labels)`` is how common
    the labels are among products of each item's category, which the heads learnt as their prior.
    """
    common = np.maximum(usual.astype(np.float64), _LEAST)
    likelihood = posteriors / common
    typical = common.mean(axis=0) / common.mean(axis=0).sum()
    share = typical
    for _ in range(ROUNDS):
        share = (_normal(likelihood * share).sum(axis=0) + PRIOR_ITEMS * typical) / (len(posteriors) + PRIOR_ITEMS)
    member = _membership(_normal(likelihood * share))
    return LabelMembership(member.astype(np.float32), share.astype(np.float32))


def _membership(probabilities: Floats) -> Floats:
    """Expect how much the number of items with each label says, ``(n, labels) -> (labels,)``."""
    enough = max(1, math.ceil(FAIR_SHARE * len(probabilities)))
    fewer = _count_distribution(probabilities, enough)
    weight = np.array([FEW_ITEMS * count / max(1, enough - 1) for count in range(enough)])
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


def _normal(weights: Floats) -> Floats:
    normal: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normal
