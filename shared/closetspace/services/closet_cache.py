"""A cache of derived closet features: people ask for several pages and lists in a row."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from closetspace.domain.ranking.closet_features import ClosetFeatures

MAX_CLOSETS, MAX_ITEMS = 256, 30_000
"""Closets in the cache, and their items in all: 14 MB at 50 items each, and at most 32 MB."""


@dataclass
class ClosetCache:
    """Features by closet, each for one version of it; the least recently used go first."""

    _features: OrderedDict[tuple[str, str], tuple[int, ClosetFeatures]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: tuple[str, str], version: int, derive: Callable[[], ClosetFeatures]) -> ClosetFeatures:
        """Return the cached features of exactly this version, else what ``derive`` returns."""
        with self._lock:
            cached = self._features.get(key)
        if cached is None or cached[0] != version:
            cached = (version, derive())
        with self._lock:
            self._features[key] = cached
            self._features.move_to_end(key)
            while len(self._features) > MAX_CLOSETS or sum(map(_size, self._features.values())) > MAX_ITEMS:
                self._features.popitem(last=False)
        return cached[1]

    def items_of(self, uid: str) -> int | None:
        """Return how many items a person's closet had when it was last derived, None if that is not known."""
        with self._lock:
            return next((_size(cached) for (owner, _), cached in self._features.items() if owner == uid), None)


def _size(cached: tuple[int, ClosetFeatures]) -> int:
    return len(cached[1].closet.ids)
