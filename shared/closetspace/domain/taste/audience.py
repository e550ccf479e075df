"""For whom a closet is: a woman, a man or both, with children's things or without.

That is one question to which every item of the closet is evidence, so it is answered once for the whole closet and
not item by item: one hypothesis for each answer, weighed by how likely it makes what the heads say of all items.
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

OTHER_SEX = 0.05
"""Share of things made for the other sex in the closet of one person: borrowed, or bought because it fits."""

FOR_BOTH = 0.2
"""Share of unisex things in any closet."""

CHILDREN, NO_CHILDREN = 0.35, 0.02
"""Share of children's things in a closet with and in one without: the latter are errors of the heads."""

SHARED, WITH_CHILDREN = 0.4, 0.2
"""How many closets belong to a woman and a man, and how many hold children's things, before anything is seen."""

EVIDENCE = 0.6
"""How much an item's evidence counts: photos of a closet share a room, a camera and a style, and so the errors of the
head, which therefore add up to less than those of as many strangers' photos."""

UNISEX_FIT = 0.8
"""How well a thing for nobody in particular fits, beside one that is made for the person."""


@dataclass(frozen=True)
class _Hypothesis:
    """Who wears the closet's things, how likely that is beforehand, and what share of them has each label."""

    who: frozenset[str]
    children: bool
    prior: float

    def shares(self) -> Mapping[str, float]:
        child = CHILDREN if self.children else NO_CHILDREN
        own = (1 - FOR_BOTH) / len(self.who)
        stray = OTHER_SEX if len(self.who) == 1 else 0.0
        grown_up = {sex: own - stray if sex in self.who else stray for sex in (WOMEN, MEN)} | {UNISEX: FOR_BOTH}
        return {label: share * (1 - child) for label, share in grown_up.items()} | dict.fromkeys(
            (BOYS, GIRLS), child / 2
        )


def _hypotheses() -> tuple[_Hypothesis, ...]:
    people = {frozenset({WOMEN}): (1 - SHARED) / 2, frozenset({MEN}): (1 - SHARED) / 2, frozenset({WOMEN, MEN}): SHARED}
    children = {True: WITH_CHILDREN, False: 1 - WITH_CHILDREN}
    return tuple(_Hypothesis(who, kids, people[who] * children[kids]) for who, kids in product(people, children))


_HYPOTHESES = _hypotheses()


def tells_audience(labels: Sequence[str]) -> bool:
    """Whether a head's labels say for whom a thing is made, in the words that the hypotheses know."""
    return {WOMEN, MEN} <= set(labels)


def audience(posteriors: FloatArray, labels: Sequence[str]) -> LabelMembership:
    """Estimate for whom the things fit that a closet's owner would want.

    ``posteriors (n, labels)`` are the gender head's for ``n`` items. They are taken for likelihoods: the head is fitted
    on photos of women's, men's and children's things in equal parts, so it begins from none of them.
    """
    shares = np.array([[one.shares().get(label, 0.0) for label in labels] for one in _HYPOTHESES])
    evidence = EVIDENCE * np.log(np.maximum(posteriors.astype(np.float64) @ shares.T, 1e-9)).sum(axis=0)
    evidence += np.log([one.prior for one in _HYPOTHESES])
    weight = np.exp(evidence - evidence.max())
    member = _fits(labels, weight / weight.sum())
    return LabelMembership(member, posteriors.mean(axis=0).astype(np.float32))


def _fits(labels: Sequence[str], weight: NDArray[np.float64]) -> FloatArray:
    """How well each label fits the hypotheses ``(6,)`` as weighed, ``(labels,)``."""

    def worn_by(sex: str) -> float:
        return sum(float(w) for w, one in zip(weight, _HYPOTHESES, strict=True) if sex in one.who)

    children = sum(float(w) for w, one in zip(weight, _HYPOTHESES, strict=True) if one.children)
    fit = {WOMEN: worn_by(WOMEN), MEN: worn_by(MEN), UNISEX: UNISEX_FIT, BOYS: children, GIRLS: children}
    return np.array([fit.get(label, 0.0) for label in labels], np.float32)
