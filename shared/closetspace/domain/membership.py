"""What a person wears of an attribute: which of its labels belong to them, as far as their closet tells.

A closet is seen as drawn from a set of labels (a palette, the usages of a life), with now and then a piece from
outside of it. Every set of the labels that the closet shows most is tried, and weighed by how likely it makes
what the heads say of the items; a label's membership is the weight of the sets that hold it (Bayesian model
averaging). So two of eleven items in a rare colour count for more than two black ones, an item that the heads are
not sure of counts for less, and a large closet may hold many colours.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoding import FloatArray

Floats = NDArray[np.float64]

MOST_LABELS = 10
"""Of an attribute's labels those that the closet shows most are combined: 1,023 sets."""

OUTSIDE = 0.2
"""Share of pieces from outside of what a person wears: gifts, occasions, mistakes, an error of the heads."""

FEW = 1.0
"""How much less likely a set is for each further label, in nats: people wear few of the labels that there are."""

EVEN = 0.5
"""Within a set labels are worn as often as they are sold, to this power: 1 as often, 0 all alike."""

_ROUNDS = 10
_LEAST = 1e-4


@dataclass(frozen=True)
class Worn:
    """``member (labels,) float32``: how likely each label is one that the person wears; ``share`` of their items."""

    member: FloatArray
    share: FloatArray


@dataclass(frozen=True)
class Weighed:
    """The sets of labels that were tried, and how well each explains each item."""

    sets: Floats
    prior: Floats
    each: Floats
    share: Floats

    def only(self, items: NDArray[np.int64]) -> "Weighed":
        """By these items alone."""
        return replace(self, each=self.each[items])

    def worn(self) -> Worn:
        """What the whole closet tells."""
        return Worn(self._members(self.each.sum(axis=0)[None])[0], self.share.astype(np.float32))

    def without_each(self) -> FloatArray:
        """What the closet tells without each of its items, ``(n, labels)``: exact, at no further cost."""
        return self._members(self.each.sum(axis=0) - self.each)

    def _members(self, evidence: Floats) -> FloatArray:
        weight = evidence + self.prior
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        members: FloatArray = (weight / weight.sum(axis=1, keepdims=True) @ self.sets).astype(np.float32)
        return members


def weigh(told: FloatArray, usual: FloatArray, free: NDArray[np.bool_] | None = None) -> Weighed:
    """Weigh sets of labels by a closet.

    ``told (n, labels)`` are the heads' posteriors, rows summing to one; ``usual (n, labels)`` how common the labels
    are among products of each item's category, which is what the heads began from. ``free`` labels fit everybody
    and belong to every set.
    """
    common = np.maximum(usual.astype(np.float64), _LEAST)
    fixed = np.zeros(common.shape[1], np.bool_) if free is None else free
    share = _shares(told / common, common.mean(axis=0))
    tried = np.argsort(-np.where(fixed, -1, share), kind="stable")[: min(MOST_LABELS, int((~fixed).sum()))]
    chosen = _subsets(len(tried))
    sets = np.zeros((len(chosen), common.shape[1]))
    sets[:, tried] = chosen
    sets[:, fixed] = 1
    drawn = (told * common ** (EVEN - 1)) @ sets.T / (common**EVEN @ sets.T)
    return Weighed(sets, _prior(chosen, common.mean(axis=0)[tried]), np.log((1 - OUTSIDE) * drawn + OUTSIDE), share)


def _shares(likelihood: Floats, common: Floats) -> Floats:
    """Of what share of the items each label is (expectation-maximisation, from how common the labels are)."""
    share: Floats = common / common.sum()
    for _ in range(_ROUNDS):
        likely = likelihood * share
        share = (likely / likely.sum(axis=1, keepdims=True)).mean(axis=0)
    return share


def _prior(chosen: Floats, common: Floats) -> Floats:
    """Sets of a size share its weight, those of common labels more of it (as the square root of how common)."""
    size = chosen.sum(axis=1).astype(np.int64)
    weight = np.exp(chosen @ np.log(np.maximum(common, _LEAST)) / 2)
    of_size = np.bincount(size, weight)
    prior: Floats = np.log(weight / of_size[size]) - FEW * size
    return prior


@cache
def _subsets(size: int) -> Floats:
    """Every non-empty subset of ``size`` things, ``(2^size - 1, size)`` of zeros and ones; of none the empty one."""
    if not size:
        return np.zeros((1, 0))
    return ((np.arange(1, 2**size)[:, None] >> np.arange(size)) & 1).astype(np.float64)
