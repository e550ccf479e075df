"""A closet in short: what interests it shows, what its owner wears, and by which method it recommends best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.background import Background
from closetspace.domain.closet import Closet, Wearables
from closetspace.domain.encoding import GENDER, UNISEX, FloatArray
from closetspace.domain.interests import DEFAULT, Anchors, Choice, Interest, anchors, interests_of, styles_of
from closetspace.domain.leave_one_out import choose, evenly
from closetspace.domain.membership import Weighed, Worn, weigh
from closetspace.domain.style import distinct, mean_of

MOST_WEIGHED = 256
"""Items of a closet that tell what its owner wears: enough for shares to 3 %, and 4 ms; a larger one is sampled."""


@dataclass(frozen=True)
class Taste:
    """A closet in short. ``mean`` is ``(d,) float32``; ``closet_version`` says which closet it was derived from.

    ``worn`` says of each attribute what the person wears; ``choice`` is the method that explains the closet best.
    """

    encoder: str
    mean: FloatArray
    interests: tuple[Interest, ...]
    closet_version: int
    worn: Mapping[str, Worn] = field(default_factory=dict)
    choice: Choice = DEFAULT
    _compared: dict[str, dict[str, Anchors]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def anchors(self, category: str, index_version: str, usual: Mapping[str, FloatArray]) -> Anchors:
        """What an index's candidates of a category are compared with, made once; ``usual`` are its category means."""
        known = self._compared.setdefault(index_version, {})
        if category not in known:
            # A copy of the values: another request may add to them meanwhile.
            styles = next((compared.style for compared in list(known.values())), None)
            known[category] = anchors(self.interests, category, self.choice.variant, usual, styles)
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


def derive_taste(closet: Closet, encoder_id: str, background: Background | None = None) -> Taste:
    """The taste of one encoder's vectors; zeros for an empty closet.

    The same closet gives the same taste, in whatever order and by whatever process it came to be.
    """
    worn = closet.encoded_by(encoder_id)
    taste = Taste(encoder_id, mean_of(worn.vectors), interests_of(worn), closet.version)
    if background is None or not worn.attributes.size:
        return taste
    chosen = worn.only(evenly(len(worn.ids), MOST_WEIGHED))
    weighed = _weighed(chosen, background)
    taste = replace(taste, worn={head: sets.worn() for head, sets in weighed.items()})
    if background.reference is None:
        return taste
    # A second photo of a garment would make finding the first too easy.
    once = distinct(chosen.vectors)
    tried = chosen.only(once)
    choice = choose(tried, styles_of(tried, background), {h: w.only(once) for h, w in weighed.items()}, background)
    style = styles_of(worn, background) if choice.variant.by_style else None
    return replace(taste, choice=choice, interests=interests_of(worn, style))


def _weighed(worn: Wearables, background: Background) -> dict[str, Weighed]:
    told = background.told(worn.attributes)
    return {
        head: weigh(posterior, background.usual_in(head, worn.categories), _free(head, background.heads[head]))
        for head, posterior in told.items()
    }


def _free(head: str, labels: Sequence[str]) -> NDArray[np.bool_] | None:
    return np.array([label == UNISEX for label in labels]) if head == GENDER else None
