"""Which method explains a closet best: each item in turn is left out and has to be found among usual products."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.background import Background
from closetspace.domain.closet import Wearables
from closetspace.domain.encoding import FloatArray
from closetspace.domain.interests import (
    DEFAULT,
    Choice,
    Interest,
    Variant,
    anchors,
    interests_of,
    similarities,
    without,
)
from closetspace.domain.membership import Weighed
from closetspace.domain.reference import Reference
from closetspace.domain.scoring import fitting
from closetspace.domain.style import spread_of

WEIGHTS = (0.5, 1.0, 2.0, 4.0)
"""Weights of similarity that are tried, in nats per unit of cosine."""

LEAST_GAIN = 4.0
"""Nats of likelihood, over all items left out, by which another method has to be better than the default."""

MOST_LEFT_OUT = 24
"""Items that are left out in turn, evenly chosen from a larger closet."""

MOST_OTHERS = 48
"""Usual products of its category that each of them has to be found among."""

LEAST_CLOSET = 4
"""Items below which nothing is tried: what is left without one says too little."""


def choose(worn: Wearables, style: NDArray[np.int64], weighed: Mapping[str, Weighed], background: Background) -> Choice:
    """The variant and weight under which the left-out items are likeliest; the default unless clearly beaten.

    ``style (n,)`` are the items' styles, ``weighed`` has what each attribute's sets of labels say of each item. The
    likelihood is a conditional logit's (McFadden 1974): of the item among usual products of its category.
    """
    reference = background.reference
    if reference is None or len(worn.ids) < LEAST_CLOSET:
        return DEFAULT
    likelihood = _likelihoods(worn, style, weighed, background, reference)
    best = max(likelihood, key=lambda choice: (likelihood[choice], choice == DEFAULT))
    return best if likelihood[best] - likelihood[DEFAULT] >= LEAST_GAIN else DEFAULT


def _likelihoods(
    worn: Wearables,
    style: NDArray[np.int64],
    weighed: Mapping[str, Weighed],
    background: Background,
    reference: Reference,
) -> dict[Choice, float]:
    """The logarithm of the likelihood of the left-out items under every method."""
    total = {Choice(variant, weight): 0.0 for variant in Variant for weight in WEIGHTS}
    members = {head: sets.without_each() for head, sets in weighed.items()}
    usual = {head: background.usual(head) for head in weighed}
    of_category, of_style = interests_of(worn), interests_of(worn, style)
    for item in evenly(len(worn.ids), MOST_LEFT_OUT).tolist():
        others = _others(reference, background.place_of(worn.categories[item]))
        if not len(others):
            continue
        tells = fitting(background.heads, {head: m[item] for head, m in members.items()}, usual)
        attributes = np.concatenate([worn.attributes[item : item + 1], reference.attributes[others]])
        fits = np.log(tells(attributes)).sum(axis=1)
        vectors = np.concatenate([worn.vectors[item : item + 1], reference.vectors[others]])
        for variant in Variant:
            interests = of_style if variant.by_style else of_category
            near = _similarity(
                worn, item, style[item] if variant.by_style else 0, interests, variant, vectors, background
            )
            for weight in WEIGHTS:
                scores = fits + weight * near
                total[Choice(variant, weight)] += float(scores[0] - np.logaddexp.reduce(scores))
    return total


def _similarity(
    worn: Wearables,
    item: int,
    style: int,
    interests: Sequence[Interest],
    variant: Variant,
    vectors: FloatArray,
    background: Background,
) -> FloatArray:
    """Of an item and others of its category to the closet without it, ``(n,)``."""
    category = worn.categories[item]
    left = without(interests, category, style, worn.vectors[item])
    mean = background.usual_means[category]
    to = anchors(left, category, variant, background.usual_means)
    found: FloatArray = similarities(vectors, mean, spread_of(vectors, mean), to).max(axis=1)
    return found


def _others(reference: Reference, category: int | None) -> NDArray[np.int64]:
    rows = reference.rows(category) if category is not None else np.zeros(0, np.int64)
    return rows[evenly(len(rows), MOST_OTHERS)]


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """Up to ``most`` places of ``count``, evenly apart."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64)) if count else np.zeros(0, np.int64)
