"""A drawn index and drawn closets: vectors and labels at random, as many as a usual shop and its customers have."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from closetspace.adapters.encoder.files import encoder_directory, read_descriptor
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.descriptor import CATEGORY, EncoderDescriptor
from closetspace.domain.encoder.encoding import Shares
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents, Manifest
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.settings import Settings

ITEMS, OWNED = 8_000, 50
"""Items in the index, and in a usual closet."""

CATEGORIES = 8

WORN = 8
"""Maximum number of labels of an attribute that a person wears."""


class SyntheticCatalog:
    """Draws an index and closets; the same ones whenever the same calls are made."""

    def __init__(self) -> None:
        self.encoder: EncoderDescriptor = read_descriptor(encoder_directory(Settings().encoder))
        self._random = np.random.default_rng(1)
        self._categories = self.encoder.categories[:CATEGORIES]
        self._centres = self._random.standard_normal((CATEGORIES, self.encoder.dim))

    def write(self, folder: Path) -> Manifest:
        """Write an index of `ITEMS` items into a folder."""
        items = [
            IndexedItem(
                id=f"item-{i}",
                name=f"Item {i}",
                brand=f"Brand {i % 200}",
                category=self._categories[i % CATEGORIES],
                gender="Unisex",
                price=20.0,
                currency="EUR",
                src="https://shop.example/",
            )
            for i in range(ITEMS)
        ]
        vectors = np.array([self._draw_vector(i) for i in range(ITEMS)], np.float32)
        attributes = np.array([pack_attributes(self._draw_attributes(), self.encoder.heads) for _ in items], np.uint8)
        encodings = EncodingBatch(
            vectors, quantize_photo_vectors(vectors), attributes, tuple(item.category for item in items)
        )
        return write_bundle(folder, BundleContents(items, encodings, self.encoder, "synthetic"), datetime.now(UTC))

    def closet(self, owned: int) -> dict[str, ClosetEntry]:
        """Return the entries of a closet by item id."""
        return {
            f"owned-{i}": ClosetEntry(
                self.encoder.id,
                self._draw_vector(i),
                self._categories[i % CATEGORIES],
                str(i),
                pack_attributes(self._draw_attributes(WORN), self.encoder.heads),
                f"Owned {i}",
                i + 1,
            )
            for i in range(owned)
        }

    def _draw_vector(self, number: int) -> FloatArray:
        centre = self._centres[number % CATEGORIES]
        return unit((centre + self._random.standard_normal(self.encoder.dim)).astype(np.float32))

    def _draw_attributes(self, most: int | None = None) -> dict[str, Shares]:
        """Draw a label of each attribute, for owned items among the first ``most`` labels."""
        heads = {head: labels[:most] for head, labels in self.encoder.heads.items() if head != CATEGORY}
        return {head: {str(self._random.choice(labels)): 0.8} for head, labels in heads.items()}
