"""What an encoder says of many garments, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import Packed, packed, width
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.vectors import FloatArray

PHOTO_SCALE = 127
"""Photo vectors are whole numbers of so many to 1: they explain, they don't rank."""

PhotoVectors = NDArray[np.int8]


@dataclass(frozen=True)
class EncodingBatch:
    """Rows of ``n`` garments by one encoder, in the precision that an index keeps.

    ``vectors (n, d)`` are of photo and text, ``photo_vectors (n, d)`` of the photo alone, the same where the encoder
    does not tell; ``attributes (n, labels)`` are what heads say, ``categories`` the likeliest ones.
    """

    vectors: FloatArray
    photo_vectors: PhotoVectors
    attributes: Packed
    categories: tuple[str, ...]

    @classmethod
    def of(cls, encodings: Sequence[Encoding], encoder: EncoderDescriptor) -> "EncodingBatch":
        """Lay encodings side by side, in order."""
        if not encodings:
            return cls.none(encoder)
        photos = np.array([e.vector if e.by_photo is None else e.by_photo for e in encodings], np.float32)
        return cls(
            vectors=np.array([e.vector for e in encodings], np.float32),
            photo_vectors=as_photo_vectors(photos),
            attributes=np.array([packed(e.attributes, encoder.heads) for e in encodings], np.uint8),
            categories=tuple(e.category for e in encodings),
        )

    @classmethod
    def none(cls, encoder: EncoderDescriptor) -> "EncodingBatch":
        """No rows, of the right lengths."""
        vectors = np.zeros((0, encoder.dim), np.float32)
        return cls(vectors, vectors.astype(np.int8), np.zeros((0, width(encoder.heads)), np.uint8), ())

    @classmethod
    def joined(cls, parts: Sequence["EncodingBatch"], encoder: EncoderDescriptor) -> "EncodingBatch":
        """All rows of all parts, in order."""
        parts = [cls.none(encoder), *parts]
        return cls(
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.photo_vectors for part in parts]),
            np.concatenate([part.attributes for part in parts]),
            tuple(category for part in parts for category in part.categories),
        )

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> "EncodingBatch":
        """Only these rows, in this order."""
        where = np.array(places, np.int64)
        categories = tuple(self.categories[place] for place in where.tolist())
        return EncodingBatch(self.vectors[where], self.photo_vectors[where], self.attributes[where], categories)

    def __len__(self) -> int:
        return len(self.categories)


def as_photo_vectors(vectors: FloatArray) -> PhotoVectors:
    """Vectors of unit length in a byte a number."""
    found: PhotoVectors = np.rint(vectors * PHOTO_SCALE).astype(np.int8)
    return found
