"""The audience of a closet: a woman, a man or both, with or without children's things.

Every item of the closet is evidence for this one question, so it is answered once for the whole closet: each answer is
a hypothesis, weighted by the likelihood of the gender head's predictions for all items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import UNISEX
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.taste.membership import LabelMembership

WOMEN, MEN, BOYS, GIRLS = "Women", "Men", "Boys", "Girls"

OTHER_GENDER_SHARE = 0.05
"""Share of things made for the other gender in the closet of one person: borrowed, or bought because they fit."""

UNISEX_SHARE = 0.2
"""Share of unisex things in any closet."""

CHILDREN_SHARE, MISTAKEN_CHILDREN_SHARE = 0.35, 0.02
"""Share of children's things in a closet with and in one without them; the latter are errors of the head."""

SHARED_PRIOR, CHILDREN_PRIOR = 0.4, 0.2
"""Prior probabilities that a closet belongs to a woman and a man, and that it holds children's things."""

EVIDENCE_WEIGHT = 0.6
"""Weight of an item's log-likelihood. Photos of one closet share a room, a camera and a style, so the head's errors are
correlated and count for less than those of independent photos."""

UNISEX_FIT = 0.8
"""Fit of a unisex thing, relative to one made for the person's gender."""


@dataclass(frozen=True)
class _Hypothesis:
    """Who wears the closet's things, and the prior probability of that."""

    genders: frozenset[str]
    children: bool
    prior: float

    def shares(self) -> Mapping[str, float]:
        """Return the expected share of each label."""
        child = CHILDREN_SHARE if self.children else MISTAKEN_CHILDREN_SHARE
        own = (1 - UNISEX_SHARE) / len(self.genders)
        other = OTHER_GENDER_SHARE if len(self.genders) == 1 else 0.0
        adult = {gender: own - other if gender in self.genders else other for gender in (WOMEN, MEN)} | {
            UNISEX: UNISEX_SHARE
        }
        return {label: share * (1 - child) for label, share in adult.items()} | dict.fromkeys((BOYS, GIRLS), child / 2)


def _hypotheses() -> tuple[_Hypothesis, ...]:
    single = (1 - SHARED_PRIOR) / 2
    genders = {frozenset({WOMEN}): single, frozenset({MEN}): single, frozenset({WOMEN, MEN}): SHARED_PRIOR}
    children = {True: CHILDREN_PRIOR, False: 1 - CHILDREN_PRIOR}
    return tuple(_Hypothesis(who, kids, genders[who] * children[kids]) for who, kids in product(genders, children))


_HYPOTHESES = _hypotheses()


def has_audience_labels(labels: Sequence[str]) -> bool:
    """Return whether a gender head's labels are among those of the hypotheses."""
    return {WOMEN, MEN} <= set(labels)


def estimate_audience(posteriors: FloatArray, labels: Sequence[str]) -> LabelMembership:
    """Estimate how well each gender label fits a closet's owner.

    ``posteriors (n, labels)`` are the gender head's for ``n`` items. They serve as likelihoods, because the head is
    fitted on photos of women's, men's and children's things in equal parts.
    """
    shares = np.array([[hypothesis.shares().get(label, 0.0) for label in labels] for hypothesis in _HYPOTHESES])
    likelihood = np.log(np.maximum(posteriors.astype(np.float64) @ shares.T, 1e-9)).sum(axis=0)
    log_weights = EVIDENCE_WEIGHT * likelihood + np.log([hypothesis.prior for hypothesis in _HYPOTHESES])
    weights = np.exp(log_weights - log_weights.max())
    member = _fit(labels, weights / weights.sum())
    return LabelMembership(member, posteriors.mean(axis=0).astype(np.float32))


def _fit(labels: Sequence[str], weights: NDArray[np.float64]) -> FloatArray:
    """Return the fit of each label under the weighted hypotheses, ``(6,) -> (labels,)``."""

    def wearer(gender: str) -> float:
        return sum(float(w) for w, hypothesis in zip(weights, _HYPOTHESES, strict=True) if gender in hypothesis.genders)

    children = sum(float(w) for w, hypothesis in zip(weights, _HYPOTHESES, strict=True) if hypothesis.children)
    fit = {WOMEN: wearer(WOMEN), MEN: wearer(MEN), UNISEX: UNISEX_FIT, BOYS: children, GIRLS: children}
    return np.array([fit.get(label, 0.0) for label in labels], np.float32)
