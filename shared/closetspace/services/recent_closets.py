"""What was derived of the closets that asked last: people ask for several pages and lists in a row."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from closetspace.domain.background import Background
from closetspace.domain.closet import Wearables
from closetspace.domain.outfits import Measure, Wardrobe, measure_of
from closetspace.domain.taste import Taste

MOST = 32
"""Closets that are kept: of 50 items they are 2 MB together, were all of 5,000 they would be 170."""


@dataclass(frozen=True)
class KnownCloset:
    """A closet as arrays, the taste of it, and what its items go with."""

    worn: Wearables
    taste: Taste
    background: Background

    @cached_property
    def measure(self) -> Measure:
        return measure_of(tuple((head, tuple(labels)) for head, labels in self.background.heads.items()))

    @cached_property
    def wardrobe(self) -> Wardrobe:
        return Wardrobe(self.measure.garments(self.worn.categories, self.worn.attributes), self.measure)


@dataclass
class RecentClosets:
    """Keeps what was made of a version of a closet, until another version is asked for or others push it out."""

    _kept: OrderedDict[tuple[str, str], tuple[int, KnownCloset]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: tuple[str, str], version: int, derive: Callable[[], KnownCloset]) -> KnownCloset:
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
