"""What is usual: a sample of products, by the encoder that a closet's vectors are by.

Against it shows what is particular about a person. It belongs to the encoder and not to the catalog, so a taste
stays what it is when the catalog changes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Packed, shares
from closetspace.domain.encoder.encoding import FloatArray

SHRINKAGE = 20
"""Products of all categories that join each category's own: small categories lean on what is usual everywhere."""


@dataclass(frozen=True)
class Reference:
    """``n`` products: ``categories (n,)`` are places in the encoder's categories, ``vectors (n, d) float32`` have unit
    length, ``attributes (n, labels)`` are as `closetspace.domain.encoder.attributes` packs them."""

    categories: NDArray[np.int64]
    vectors: FloatArray
    attributes: Packed

    @cached_property
    def usual(self) -> FloatArray:
        """How common each label is, ``(labels,)``."""
        common: FloatArray = shares(self.attributes).mean(axis=0)
        return common

    def usual_in(self, category: int) -> FloatArray:
        """How common each label is in a category, ``(labels,)``; of one that the sample lacks as it is in all."""
        of_it = self.rows(category)
        told = shares(self.attributes[of_it]).sum(axis=0)
        common: FloatArray = (told + SHRINKAGE * self.usual) / (len(of_it) + SHRINKAGE)
        return common

    def rows(self, category: int) -> NDArray[np.int64]:
        """Where the sample holds a category."""
        return np.flatnonzero(self.categories == category)

    @cached_property
    def means(self) -> dict[int, FloatArray]:
        """The mean vector of each category that the sample holds."""
        present = np.unique(self.categories).tolist()
        return {c: self.vectors[self.rows(c)].mean(axis=0, dtype=np.float64).astype(np.float32) for c in present}
