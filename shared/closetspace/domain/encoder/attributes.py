"""Attributes as numbers: what the heads say of many garments, side by side.

A garment's row holds the shares of all labels of all heads but the category, heads and labels in the encoder's
order, each share times 255: two garments by the same encoder can be compared place by place.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.encoding import Shares
from closetspace.domain.encoder.vectors import FloatArray

Packed = NDArray[np.uint8]
"""Rows of shares, ``(n, labels) uint8``; a row of zeros is a garment of which nothing is known."""

Heads = Mapping[str, Sequence[str]]
"""Each attribute's labels, in order."""

WHOLE = 255
"""A share of 1."""


def packed(attributes: Mapping[str, Shares], heads: Heads) -> Packed:
    """One garment's row, ``(labels,) uint8``; heads may hold the category, which takes no part."""
    shares = [attributes.get(head, {}).get(label, 0.0) for head in parts(heads) for label in heads[head]]
    return np.rint(np.array(shares, np.float64) * WHOLE).astype(np.uint8)


def parts(heads: Heads) -> dict[str, slice]:
    """Where each attribute's labels stand in a row."""
    found: dict[str, slice] = {}
    start = 0
    for head, labels in heads.items():
        if head != CATEGORY:
            found[head] = slice(start, start + len(labels))
            start += len(labels)
    return found


def width(heads: Heads) -> int:
    """The length of a row."""
    return sum(len(labels) for head, labels in heads.items() if head != CATEGORY)


def shares(rows: Packed) -> FloatArray:
    """Rows as shares in 0..1, ``(n, labels) float32``."""
    return rows.astype(np.float32) * np.float32(1 / WHOLE)


def block(blocks: Mapping[str, int], name: str) -> slice:
    """Where a block of that name stands in a vector; nowhere when the encoder tells of none."""
    start = 0
    for known, size in blocks.items():
        if known == name:
            return slice(start, start + size)
        start += size
    return slice(0, 0)
