"""A taste: the summary of a closet that recommendations are based on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import COLOUR, GENDER, USAGE
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray, mean_vector
from closetspace.domain.taste.audience import estimate_audience, has_audience_labels
from closetspace.domain.taste.interests import Anchor, Interest, build_anchor, derive_interests, style_direction
from closetspace.domain.taste.kept_scores import KeptScores
from closetspace.domain.taste.membership import LabelMembership, estimate_membership
from closetspace.domain.wardrobe.closet import Closet, ClosetArrays

FITTED_ATTRIBUTES = (COLOUR, GENDER, USAGE)
"""The attributes that recommendations must fit, if the encoder predicts them; a pattern need not fit."""

MAX_SAMPLED_ITEMS = 256
"""Items from which memberships are estimated: enough for shares to 3 %, in 4 ms. Larger closets are sampled."""


MAX_LAG = 30_000_000
"""Microseconds that a taste may be behind a closet that keeps changing. Meanwhile `recommend` derives it itself."""


@dataclass(frozen=True)
class Taste:
    """The summary of a closet by one encoder.

    ``mean`` is ``(d,) float32``, ``closet_version`` the version of the closet that it was derived from.
    ``memberships`` holds, for each attribute, the labels that the person wears. ``similarities`` and ``fits`` are parts
    of items' scores that are kept from one request to the next.
    """

    encoder: str
    mean: FloatArray
    interests: tuple[Interest, ...]
    closet_version: int
    memberships: Mapping[str, LabelMembership] = field(default_factory=dict)
    similarities: KeptScores = field(default_factory=KeptScores, init=False, repr=False, compare=False)
    fits: KeptScores = field(default_factory=KeptScores, init=False, repr=False, compare=False)
    _anchors: dict[str, dict[str, Anchor]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def anchor(self, category: str, index_version: str, category_means: Mapping[str, FloatArray]) -> Anchor:
        """Return what an index's candidates of a category are compared with.

        ``category_means`` are those of the index. Anchors are cached by version.
        """
        anchors = self._anchors.setdefault(index_version, {})
        if category not in anchors:
            # A copy of the values, because another request may add to them at the same time.
            style = next((anchor.style for anchor in list(anchors.values())), None)
            anchors[category] = build_anchor(
                self.interests, category, style_direction(self.interests, category_means) if style is None else style
            )
        return anchors[category]

    @property
    def count(self) -> int:
        """The number of items that it was derived from."""
        return sum(interest.count for interest in self.interests)

    @property
    def mix(self) -> dict[str, int]:
        """The number of items of each category."""
        counts: dict[str, int] = {}
        for interest in self.interests:
            counts[interest.category] = counts.get(interest.category, 0) + interest.count
        return counts


def is_taste_due(closet_version: int, taste_version: int, changed_to: int | None = None) -> bool:
    """Return whether a taste of ``taste_version`` has to follow its closet of ``closet_version``; 0 is none.

    ``changed_to`` is the version that a change of the closet led to, if it is known. A change that was followed by
    another one need not be dealt with, unless the taste is `MAX_LAG` behind: of many changes in a row the last one
    counts, and a closet that never rests still has a taste.
    """
    if closet_version <= taste_version:
        return closet_version == 0 < taste_version
    was_followed = changed_to is not None and changed_to < closet_version
    return not was_followed or closet_version - taste_version > MAX_LAG


def derive_taste(closet: Closet, encoder_id: str, priors: EncoderPriors | None = None) -> Taste:
    """Derive the taste from one encoder's vectors; zeros for an empty closet, no memberships without priors.

    The same closet gives the same taste, regardless of the order of its changes and of the process.
    """
    arrays = closet.arrays(encoder_id)
    taste = Taste(encoder_id, mean_vector(arrays.vectors), derive_interests(arrays), closet.version)
    if priors is None or not arrays.attributes.size:
        return taste
    sample = arrays.select(evenly_spaced(len(arrays.ids), MAX_SAMPLED_ITEMS))
    return replace(taste, memberships=_memberships(sample, priors))


def _memberships(closet: ClosetArrays, priors: EncoderPriors) -> dict[str, LabelMembership]:
    posteriors = priors.posteriors(closet.attributes)
    is_named = np.array([bool(title) for title in closet.titles])
    memberships: dict[str, LabelMembership] = {}
    for head in FITTED_ATTRIBUTES:
        if head in posteriors:
            if head == GENDER and has_audience_labels(priors.heads[head]):
                memberships[head] = estimate_audience(posteriors[head], priors.heads[head])
            else:
                base_rates = priors.base_rates_in(head, closet.categories)
                memberships[head] = estimate_membership(posteriors[head], base_rates, is_named)
    return memberships


def evenly_spaced(count: int, limit: int) -> NDArray[np.int64]:
    """Return up to ``limit`` positions out of ``count``, evenly spaced and ascending."""
    return np.unique(np.linspace(0, count - 1, min(count, limit)).astype(np.int64)) if count else np.zeros(0, np.int64)
