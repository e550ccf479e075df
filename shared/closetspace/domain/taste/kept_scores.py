"""Parts of scores that a taste and an index decide alone: they stay the same from one request to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Rows

MAX_KEPT = 25_000
"""Items per taste: 100 KB of similarities and 300 KB of fits, of which a process has at most 256
(`closetspace.services.closet_cache`)."""


@dataclass
class KeptScores:
    """One part of the scores of consecutive rows of one index version, whose arrays are then read once.

    Similarities are computed from 8 MB for 8,000 items.
    """

    _version: str = ""
    _kept: dict[tuple[str, int, int], FloatArray] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, version: str, category: str, rows: Rows, compute: Callable[[], FloatArray]) -> FloatArray:
        """Return the part of a category's ``rows``, which ascend, ``(n,)`` or ``(n, columns)``.

        ``compute`` returns one that is unknown.
        """
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
