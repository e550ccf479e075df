"""The traits that owned items share: their likeliest colours and usages, and what a sentence calls an item."""

from collections import Counter
from collections.abc import Mapping

from closetspace.domain.encoder.attributes import (
    UNKNOWN,
    Heads,
    PackedAttributes,
    head_slices,
    likeliest_labels,
    unpack_row,
)
from closetspace.domain.encoder.descriptor import COLOUR, USAGE
from closetspace.domain.wardrobe.closet import ClosetArrays
from closetspace.domain.wardrobe.suggested_name import suggest_name

MIN_SHARE = 0.3
"""Share from which on a garment counts as having a colour or a usage."""

MIN_ALIKE = 2
"""Minimum number of owned items that share a trait for a sentence to mention it."""


class OwnedTraits:
    """The number of owned items with each colour and usage."""

    def __init__(self, closet: ClosetArrays, heads: Heads) -> None:
        self._closet, self._heads = closet, heads
        self._columns = head_slices(heads) if closet.attributes.shape[1] else {}
        self._counts = {head: Counter(labels) for head, labels in self.labels(closet.attributes).items()}

    def labels(self, attributes: PackedAttributes) -> Mapping[str, list[int]]:
        """Return the likeliest colour and usage of garments, as positions among the labels."""
        return {
            head: likeliest_labels(attributes[:, self._columns[head]], MIN_SHARE).tolist()
            for head in (COLOUR, USAGE)
            if head in self._columns
        }

    def clause(self, head: str, label: int) -> str | None:
        """Return ``navy blue like 5 of your 14 items``, or None if fewer owned items share the trait."""
        alike, total = 0 if label == UNKNOWN else self._counts[head][label], len(self._closet.ids)
        if alike < min(MIN_ALIKE, total):
            return None
        return f"{self._heads[head][label].lower()} like {_of_yours(alike, total)}"

    def name_of(self, row: int) -> str:
        """Return what a sentence calls an owned item: ``your Arket Jumper``, or ``your red top`` if it has no title."""
        closet = self._closet
        if closet.titles[row]:
            return f"your {closet.titles[row]}"
        known = self._heads if self._columns else {}
        return f"your {suggest_name(closet.categories[row], unpack_row(closet.attributes[row], known)).lower()}"


def _of_yours(count: int, total: int) -> str:
    if total == 1:
        return "the one item you own"
    return f"all of your {total} items" if count == total else f"{count} of your {total} items"
