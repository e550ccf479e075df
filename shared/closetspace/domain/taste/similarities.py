"""The similarities of a catalog's items to a taste, which stay the same from one request of a person to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Rows

MAX_KEPT = 25_000
"""Items per taste: 100 KB, of which a process has at most 256 (`closetspace.services.closet_cache`)."""


@dataclass
class KeptSimilarities:
    """Similarities of consecutive rows of one index version, whose vectors are then read once: 8 MB of 8,000 items."""

    _version: str = ""
    _kept: dict[tuple[str, int, int], FloatArray] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, version: str, category: str, rows: Rows, compute: Callable[[], FloatArray]) -> FloatArray:
        """Return the similarities ``(n,)`` of a category's ``rows``, which ascend; ``compute`` returns unknown ones."""
        if not len(rows) or rows[-1] - rows[0] + 1 != len(rows):
            return compute()
        key = (category, int(rows[0]), len(rows))
        with self._lock:
            known = self._kept.get(key) if self._version == version else None
        if known is not None:
            return known
        computed = compute()
        with self._lock:
            if self._version != version:
                self._version, self._kept = version, {}
            if sum(map(len, self._kept.values())) + len(computed) <= MAX_KEPT:
                self._kept[key] = computed
        return computed
