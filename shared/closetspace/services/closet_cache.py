"""What was derived of the closets that asked last: people ask for several pages and lists in a row."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.ranking.outfits import Measure, Wardrobe, measure_of
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import ClosetArrays

MOST = 32
"""Closets that are kept: of 50 items they are 2 MB together, were all of 5,000 they would be 170."""


@dataclass(frozen=True)
class ClosetFeatures:
    """A closet as arrays, the taste of it, and what its items go with."""

    worn: ClosetArrays
    taste: Taste
    priors: EncoderPriors

    @cached_property
    def measure(self) -> Measure:
        return measure_of(tuple((head, tuple(labels)) for head, labels in self.priors.heads.items()))

    @cached_property
    def wardrobe(self) -> Wardrobe:
        return Wardrobe(self.measure.garments(self.worn.categories, self.worn.attributes), self.measure)


@dataclass
class ClosetCache:
    """Keeps what was made of a version of a closet, until another version is asked for or others push it out."""

    _kept: OrderedDict[tuple[str, str], tuple[int, ClosetFeatures]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: tuple[str, str], version: int, derive: Callable[[], ClosetFeatures]) -> ClosetFeatures:
        """What is kept of this very version, else what ``derive`` makes of it now."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept[0] != version:
            kept = (version, derive())
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return kept[1]
