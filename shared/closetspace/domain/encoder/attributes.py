"""Packed attributes: the probabilities of all heads' labels for many garments, as one array of bytes.

A row holds the probabilities of every label of every head but the category, in the encoder's order, times 255. Rows
by the same encoder can be compared column by column.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.encoding import Shares
from closetspace.domain.encoder.vectors import FloatArray

PackedAttributes = NDArray[np.uint8]
"""Rows of probabilities, ``(n, labels) uint8``; a row of zeros is a garment of which nothing is known."""

Heads = Mapping[str, Sequence[str]]
"""Each attribute's labels, in order."""

FULL_SHARE = 255
"""A probability of 1."""

UNKNOWN = -1
"""The position of a label that is not known."""


def pack_attributes(attributes: Mapping[str, Shares], heads: Heads) -> PackedAttributes:
    """Return one garment's row, ``(labels,) uint8``; the category is left out even if ``heads`` has it."""
    shares = [attributes.get(head, {}).get(label, 0.0) for head in head_slices(heads) for label in heads[head]]
    return np.rint(np.array(shares, np.float64) * FULL_SHARE).astype(np.uint8)


def unpack_attributes(rows: PackedAttributes) -> FloatArray:
    """Return rows as probabilities from 0 to 1, ``(n, labels) float32``."""
    return rows.astype(np.float32) * np.float32(1 / FULL_SHARE)


def unpack_row(row: PackedAttributes, heads: Heads) -> dict[str, Shares]:
    """Return one garment's probabilities by head and label; heads of which nothing is known are left out."""
    known = {head: row[columns] / FULL_SHARE for head, columns in head_slices(heads).items() if row[columns].any()}
    return {head: dict(zip(heads[head], shares.tolist(), strict=True)) for head, shares in known.items()}


def likeliest_labels(rows: PackedAttributes, least: float) -> NDArray[np.int64]:
    """Return the position of each garment's likeliest label, `UNKNOWN` where its probability is below ``least``.

    ``rows (n, labels)`` are the columns of one head.
    """
    best = rows.argmax(axis=1)
    return np.where(rows.max(axis=1) >= least * FULL_SHARE, best, UNKNOWN)


def head_slices(heads: Heads) -> dict[str, slice]:
    """Return the columns of each attribute in a row."""
    slices: dict[str, slice] = {}
    start = 0
    for head, labels in heads.items():
        if head != CATEGORY:
            slices[head] = slice(start, start + len(labels))
            start += len(labels)
    return slices


def row_length(heads: Heads) -> int:
    """Return the number of columns of a row."""
    return sum(len(labels) for head, labels in heads.items() if head != CATEGORY)
