"""What an encoder knows beside a closet: its labels, and what is usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Heads, Packed, parts, shares
from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.vectors import FloatArray

SHRINKAGE = 20
"""Products of all categories that join each category's own: small categories lean on what is usual everywhere."""

RARE = np.float32(1e-3)
"""Share that every label has at least: heads tell of labels that the sample lacks."""


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


@dataclass(frozen=True)
class EncoderPriors:
    """An encoder's heads, the category's among them, and its sample of what is usual, where it has one."""

    heads: Heads
    reference: Reference | None = None

    @cached_property
    def usual_means(self) -> Mapping[str, FloatArray]:
        """The mean vector of each category's usual products."""
        names = self.heads[CATEGORY]
        return {names[place]: mean for place, mean in self.reference.means.items()} if self.reference else {}

    def place_of(self, category: str) -> int | None:
        """A category's place among the encoder's."""
        return self._places.get(category)

    def told(self, attributes: Packed) -> dict[str, FloatArray]:
        """The heads' posteriors by attribute, ``(n, labels)``; what they leave to the unknown is taken for usual."""
        known = shares(attributes)
        found: dict[str, FloatArray] = {}
        for head, part in parts(self.heads).items():
            sure = known[:, part]
            whole = sure + np.maximum(0, 1 - sure.sum(axis=1, keepdims=True)) * self.usual(head)
            found[head] = whole / whole.sum(axis=1, keepdims=True)
        return found

    def usual(self, head: str) -> FloatArray:
        """How common an attribute's labels are, ``(labels,)`` that sum to one; all alike where nobody knows."""
        return self._usual[head]

    def usual_in(self, head: str, categories: Sequence[str]) -> FloatArray:
        """The same within each of ``n`` categories, ``(n, labels)``."""
        rows = {name: self._usual_in(head, name) for name in set(categories)}
        return np.array([rows[name] for name in categories], np.float32)

    def _usual_in(self, head: str, category: str) -> FloatArray:
        place = self.place_of(category)
        if self.reference is None or place is None:
            return self.usual(head)
        return _normal(self.reference.usual_in(place)[parts(self.heads)[head]])

    @cached_property
    def _usual(self) -> dict[str, FloatArray]:
        if self.reference is None:
            return {head: _normal(np.ones(len(self.heads[head]), np.float32)) for head in parts(self.heads)}
        return {head: _normal(self.reference.usual[part]) for head, part in parts(self.heads).items()}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.heads[CATEGORY])}


def _normal(common: FloatArray) -> FloatArray:
    normal: FloatArray = (common + RARE) / (common + RARE).sum()
    return normal
