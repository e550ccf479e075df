"""How well candidates fit what a person wears: a probability, attribute by attribute."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from closetspace.domain.encoder.attributes import WHOLE, Heads, Packed, parts
from closetspace.domain.encoder.encoding import GENDER, UNISEX, FloatArray

LEAST_FIT = 0.01
"""Least probability that a head is believed: what it rules out may still be shown, last."""

WEIGHTS: Mapping[str, int] = {GENDER: 2}
"""How many times an attribute counts, once unless stated: a thing made for another sex, or for children, is a worse
mistake than one in another colour."""


@dataclass(frozen=True)
class Fitting:
    """What a person wears, as one product with what heads say.

    ``matrix (labels, attributes)``, by which the first of the packed shares are multiplied, and
    ``offset (attributes,)``; ``attributes`` names the columns.
    """

    attributes: tuple[str, ...]
    matrix: FloatArray
    offset: FloatArray

    def __call__(self, rows: Packed) -> FloatArray:
        """How well each garment fits in each attribute, ``(n, attributes)`` up to 1: the probability that it fits, at
        least `LEAST_FIT`, to the power of the attribute's weight."""
        # The shares' scale is in the matrix: rows are many, and labels few.
        shares = rows[:, : len(self.matrix)].astype(np.float32)
        fit: FloatArray = np.minimum(shares @ self.matrix + (self.offset + np.float32(LEAST_FIT)), 1)
        for column, attribute in enumerate(self.attributes):
            if (weight := WEIGHTS.get(attribute, 1)) != 1:
                fit[:, column] **= weight
        return fit


def fitting(heads: Heads, worn: Mapping[str, FloatArray], usual: Mapping[str, FloatArray]) -> Fitting:
    """Fit to the membership ``(labels,)`` of each attribute's labels in what is worn.

    What heads leave to the unknown fits as what is ``usual (labels,)`` does.
    """
    # What comes after the last label that counts need not be read.
    labels = max((parts(heads)[head].stop for head in worn), default=0)
    matrix: FloatArray = np.zeros((labels, len(worn)), np.float32)
    offset: FloatArray = np.zeros(len(worn), np.float32)
    for column, (head, member) in enumerate(worn.items()):
        offset[column] = usual[head] @ member
        matrix[parts(heads)[head], column] = member - offset[column]
    matrix /= WHOLE
    return Fitting(tuple(worn), matrix, offset)


def asked_for(head: str, labels: Collection[str], known: Collection[str]) -> FloatArray:
    """The membership of an attribute's ``known`` labels where the person says what they want; unisex fits all."""
    fits = {label.casefold() for label in labels} | ({UNISEX.casefold()} if head == GENDER else set())
    return np.array([label.casefold() in fits for label in known], np.float32)
