"""Ranges of numbers as one array."""

import numpy as np

from closetspace.domain.index.index import Rows


def consecutive(starts: Rows, ends: Rows) -> Rows:
    """Return the numbers from each start to before its end, ``(n,)``, one range after the other."""
    counts = ends - starts
    numbers: Rows = np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    return numbers
