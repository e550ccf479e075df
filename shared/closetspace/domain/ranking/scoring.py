"""How well candidates fit what a person wears: a probability for each attribute."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from closetspace.domain.encoder.attributes import FULL_SHARE, Heads, PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import GENDER, UNISEX
from closetspace.domain.encoder.vectors import FloatArray

MIN_FIT = 0.01
"""Lower limit of a fit: heads err, and an item that they rule out may still be shown last."""

EXPONENTS: Mapping[str, int] = {GENDER: 2}
"""How many times an attribute counts, once if not stated. An item for another gender, or for children, is a worse
mistake than one of another colour."""


@dataclass(frozen=True)
class AttributeFit:
    """The fit of candidates as one matrix product with the packed shares of their labels.

    ``matrix (labels, attributes)`` multiplies the first of the shares, ``offset (attributes,)`` is added;
    ``attributes`` names the columns.
    """

    attributes: tuple[str, ...]
    matrix: FloatArray
    offset: FloatArray

    def __call__(self, rows: PackedAttributes) -> FloatArray:
        """Return each garment's fit in each attribute, ``(n, attributes)`` in `MIN_FIT`..1: the probability that it
        fits, to the power of the attribute's exponent."""
        # The scale of the shares is in the matrix: rows are many, and labels few.
        shares = rows[:, : len(self.matrix)].astype(np.float32)
        fit: FloatArray = np.minimum(shares @ self.matrix + (self.offset + np.float32(MIN_FIT)), 1)
        for column, attribute in enumerate(self.attributes):
            if (exponent := EXPONENTS.get(attribute, 1)) != 1:
                fit[:, column] **= exponent
        return fit


def attribute_fit(heads: Heads, memberships: Mapping[str, FloatArray], usual: Mapping[str, FloatArray]) -> AttributeFit:
    """Build the fit from the membership ``(labels,)`` of each attribute's labels in the closet.

    The share that a head leaves unassigned fits as the ``usual (labels,)`` shares do.
    """
    # Labels after the last one that counts need not be read.
    labels = max((head_slices(heads)[head].stop for head in memberships), default=0)
    matrix: FloatArray = np.zeros((labels, len(memberships)), np.float32)
    offset: FloatArray = np.zeros(len(memberships), np.float32)
    for column, (head, member) in enumerate(memberships.items()):
        offset[column] = usual[head] @ member
        matrix[head_slices(heads)[head], column] = member - offset[column]
    matrix /= FULL_SHARE
    return AttributeFit(tuple(memberships), matrix, offset)


def requested_membership(head: str, labels: Collection[str], known: Collection[str]) -> FloatArray:
    """Return the membership of an attribute's ``known`` labels where a person requests some; unisex fits everyone."""
    fits = {label.casefold() for label in labels} | ({UNISEX.casefold()} if head == GENDER else set())
    return np.array([label.casefold() in fits for label in known], np.float32)
