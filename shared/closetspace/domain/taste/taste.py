"""A closet in short: what interests it shows, and what its owner wears."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import COLOUR, GENDER, USAGE
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray, mean_vector
from closetspace.domain.taste.audience import audience, tells_audience
from closetspace.domain.taste.interests import Anchor, Interest, anchor, interests_of, style_of
from closetspace.domain.taste.membership import LabelMembership, worn_labels
from closetspace.domain.wardrobe.closet import Closet, ClosetArrays

FITTED = (COLOUR, GENDER, USAGE)
"""The attributes that recommendations must fit, as far as an encoder tells them; a pattern is no matter of fit."""

MOST_WEIGHED = 256
"""Items of a closet that tell what its owner wears: enough for shares to 3 %, and 4 ms; a larger one is sampled."""


@dataclass(frozen=True)
class Taste:
    """A closet in short. ``mean`` is ``(d,) float32``; ``closet_version`` says which closet it was derived from.

    ``worn`` says of each attribute what the person wears.
    """

    encoder: str
    mean: FloatArray
    interests: tuple[Interest, ...]
    closet_version: int
    worn: Mapping[str, LabelMembership] = field(default_factory=dict)
    _compared: dict[str, dict[str, Anchor]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def anchor(self, category: str, index_version: str, usual: Mapping[str, FloatArray]) -> Anchor:
        """What an index's candidates of a category are compared with, made once; ``usual`` are its category means."""
        known = self._compared.setdefault(index_version, {})
        if category not in known:
            # A copy of the values: another request may add to them meanwhile.
            style = next((compared.style for compared in list(known.values())), None)
            known[category] = anchor(
                self.interests, category, style_of(self.interests, usual) if style is None else style
            )
        return known[category]

    @property
    def count(self) -> int:
        """Number of items it was derived from."""
        return sum(interest.count for interest in self.interests)

    @property
    def mix(self) -> dict[str, int]:
        """How many items of each category."""
        counts: dict[str, int] = {}
        for interest in self.interests:
            counts[interest.category] = counts.get(interest.category, 0) + interest.count
        return counts


def derive_taste(closet: Closet, encoder_id: str, priors: EncoderPriors | None = None) -> Taste:
    """The taste of one encoder's vectors; zeros for an empty closet.

    The same closet gives the same taste, in whatever order and by whatever process it came to be.
    """
    worn = closet.encoded_by(encoder_id)
    taste = Taste(encoder_id, mean_vector(worn.vectors), interests_of(worn), closet.version)
    if priors is None or not worn.attributes.size:
        return taste
    chosen = worn.only(evenly(len(worn.ids), MOST_WEIGHED))
    return replace(taste, worn=_worn(chosen, priors))


def _worn(closet: ClosetArrays, priors: EncoderPriors) -> dict[str, LabelMembership]:
    posteriors = priors.posteriors(closet.attributes)
    found: dict[str, LabelMembership] = {}
    for head in FITTED:
        if head in posteriors:
            if head == GENDER and tells_audience(priors.heads[head]):
                found[head] = audience(posteriors[head], priors.heads[head])
            else:
                found[head] = worn_labels(posteriors[head], priors.base_rates_in(head, closet.categories))
    return found


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """Up to ``most`` places of ``count``, evenly apart."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64)) if count else np.zeros(0, np.int64)
