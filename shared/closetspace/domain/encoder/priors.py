"""An encoder's priors: how common each label is in a sample of products."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Heads, PackedAttributes, head_slices, unpack_attributes
from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.vectors import FloatArray

SHRINKAGE = 20
"""Weight, in products, of the base rates of all categories in those of one, for categories with few products."""

MIN_BASE_RATE = np.float32(1e-3)
"""Added to every base rate: heads predict labels that the sample lacks."""


@dataclass(frozen=True)
class ReferenceSample:
    """A sample of ``n`` products as one encoder sees them, which tastes are compared with.

    It belongs to the encoder, not to the catalog, so a taste stays valid when the catalog changes. ``categories (n,)``
    index the encoder's categories, ``vectors (n, d) float32`` have unit length, ``attributes (n, labels)`` are packed
    (`closetspace.domain.encoder.attributes`).
    """

    categories: NDArray[np.int64]
    vectors: FloatArray
    attributes: PackedAttributes

    @cached_property
    def base_rates(self) -> FloatArray:
        """How common each label is, ``(labels,)``."""
        rates: FloatArray = unpack_attributes(self.attributes).mean(axis=0)
        return rates

    def base_rates_in(self, category: int) -> FloatArray:
        """Return how common each label is in a category, ``(labels,)``, shrunk towards all categories."""
        rows = np.flatnonzero(self.categories == category)
        counts = unpack_attributes(self.attributes[rows]).sum(axis=0)
        rates: FloatArray = (counts + SHRINKAGE * self.base_rates) / (len(rows) + SHRINKAGE)
        return rates


@dataclass(frozen=True)
class EncoderPriors:
    """The labels of an encoder's heads, including the category, and its reference sample if it has one."""

    heads: Heads
    reference: ReferenceSample | None = None

    def posteriors(self, attributes: PackedAttributes) -> dict[str, FloatArray]:
        """Return the heads' posteriors by attribute, ``(n, labels)`` with rows that sum to 1.

        What a head leaves unknown is distributed by the base rates.
        """
        shares = unpack_attributes(attributes)
        posteriors: dict[str, FloatArray] = {}
        for head, columns in head_slices(self.heads).items():
            known = shares[:, columns]
            filled = known + np.maximum(0, 1 - known.sum(axis=1, keepdims=True)) * self.base_rates(head)
            posteriors[head] = filled / filled.sum(axis=1, keepdims=True)
        return posteriors

    def base_rates(self, head: str) -> FloatArray:
        """Return how common an attribute's labels are, ``(labels,)`` with the sum 1; uniform without a sample."""
        return self._base_rates[head]

    def base_rates_in(self, head: str, categories: Sequence[str]) -> FloatArray:
        """Return how common an attribute's labels are in each of ``n`` categories, ``(n, labels)``."""
        rates = {name: self._base_rates_in(head, name) for name in set(categories)}
        return np.array([rates[name] for name in categories], np.float32)

    def _base_rates_in(self, head: str, category: str) -> FloatArray:
        index = self._category_indices.get(category)
        if self.reference is None or index is None:
            return self.base_rates(head)
        return _normalize(self.reference.base_rates_in(index)[head_slices(self.heads)[head]])

    @cached_property
    def _base_rates(self) -> dict[str, FloatArray]:
        if self.reference is None:
            return {head: _normalize(np.ones(len(self.heads[head]), np.float32)) for head in head_slices(self.heads)}
        slices = head_slices(self.heads)
        return {head: _normalize(self.reference.base_rates[columns]) for head, columns in slices.items()}

    @cached_property
    def _category_indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.heads[CATEGORY])}


def _normalize(rates: FloatArray) -> FloatArray:
    normalized: FloatArray = (rates + MIN_BASE_RATE) / (rates + MIN_BASE_RATE).sum()
    return normalized
