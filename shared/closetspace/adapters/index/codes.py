"""Codes: vectors as one byte for each of the directions in which a catalog's vectors vary most.

A score needs a vector's products with a few directions. Codes give these nearly exactly, for a sixteenth of the memory,
so a search chooses rows by their codes and reads the vectors of those that it returns. The directions are the principal
components, and the coordinates are scalar-quantized.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Rows, Score

Codes = NDArray[np.int8]
"""Rows of coordinates, ``(n, k) int8``."""

CODE_LENGTH = 64
"""Coordinates of a code, ``k``, where vectors have as many: 64 of 256 hold 99 % of the variance of real products'
vectors. With 48, half as many rows again have to be returned for the same lists."""

MOST_STEPS = 127
"""The largest coordinate."""

LEAST_RANGE = 1e-3
"""Least range of coordinates that is divided into steps: smaller ones are rounding errors of few vectors."""

SAMPLED_ROWS = 65_536
"""Rows from which the directions are derived."""


@dataclass(frozen=True)
class CodedRows:
    """Rows, or the means of groups of rows, as they are scored by their codes.

    ``codes (n, k) int8`` stand for vectors; ``spread (n,) float32`` and ``attributes (n, labels) uint8`` are those of
    `closetspace.domain.index.index.Candidates`.
    """

    codes: Codes
    spread: FloatArray
    attributes: PackedAttributes

    def of(self, places: Rows | slice) -> "CodedRows":
        """Return the rows at these places."""
        if isinstance(places, slice):
            return CodedRows(self.codes[places], self.spread[places], self.attributes[places])
        # `take` is three times faster than indexing.
        return CodedRows(
            self.codes.take(places, axis=0), self.spread.take(places), self.attributes.take(places, axis=0)
        )


CodeScore = Callable[[CodedRows], FloatArray]
"""Returns the scores of rows by their codes, ``(n,)``."""


@dataclass(frozen=True)
class Coding:
    """The coordinates of codes: ``basis (d, k) float32`` are their directions, ``steps (k,) float32`` their units."""

    basis: FloatArray
    steps: FloatArray

    def encode(self, vectors: FloatArray) -> Codes:
        """Return the codes of vectors, ``(n, d) -> (n, k)``."""
        coordinates = np.rint(vectors @ self.basis / self.steps)
        codes: Codes = np.clip(coordinates, -MOST_STEPS, MOST_STEPS).astype(np.int8)
        return codes

    def score_by(self, score: Score) -> CodeScore:
        """Return the score of rows by their codes in place of their vectors."""
        directions = np.ascontiguousarray((score.directions @ self.basis * self.steps).T)

        def by_codes(rows: CodedRows) -> FloatArray:
            return score(rows.codes.astype(np.float32) @ directions, rows.spread, rows.attributes)

        return by_codes


def derive_coding(vectors: FloatArray) -> Coding:
    """Return the coding that loses least of vectors, ``(n, d)``."""
    sample = vectors[:: -(-len(vectors) // SAMPLED_ROWS)].astype(np.float64)
    _, components = np.linalg.eigh(sample.T @ sample)
    basis = components[:, ::-1][:, :CODE_LENGTH]
    steps = np.maximum(np.abs(sample @ basis).max(axis=0), LEAST_RANGE) / MOST_STEPS
    return Coding(basis.astype(np.float32), steps.astype(np.float32))
