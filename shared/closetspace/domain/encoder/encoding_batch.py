"""The encodings of many garments as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import PackedAttributes, pack_attributes, row_length
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.vectors import FloatArray

PHOTO_SCALE = 127
"""The integer that stands for 1 in a photo vector. Photo vectors explain and do not rank, so a byte is enough."""

PhotoVectors = NDArray[np.int8]


@dataclass(frozen=True)
class EncodingBatch:
    """Rows of ``n`` garments by one encoder, in the precision of an index.

    ``vectors (n, d)`` are of photo and text, ``photo_vectors (n, d)`` of the photo alone, or of both if the encoder
    does not report it. ``attributes (n, labels)`` are packed, ``categories`` the likeliest ones.
    """

    vectors: FloatArray
    photo_vectors: PhotoVectors
    attributes: PackedAttributes
    categories: tuple[str, ...]

    @classmethod
    def from_encodings(cls, encodings: Sequence[Encoding], encoder: EncoderDescriptor) -> "EncodingBatch":
        """Stack encodings, in order."""
        if not encodings:
            return cls.zeros((), encoder)
        photos = np.array([e.vector if e.photo_vector is None else e.photo_vector for e in encodings], np.float32)
        return cls(
            vectors=np.array([e.vector for e in encodings], np.float32),
            photo_vectors=quantize_photo_vectors(photos),
            attributes=np.array([pack_attributes(e.attributes, encoder.heads) for e in encodings], np.uint8),
            categories=tuple(e.category for e in encodings),
        )

    @classmethod
    def zeros(cls, categories: tuple[str, ...], encoder: EncoderDescriptor) -> "EncodingBatch":
        """Return a batch with these categories whose rows are to be filled."""
        vectors, labels = (len(categories), encoder.dim), (len(categories), row_length(encoder.heads))
        return cls(np.zeros(vectors, np.float32), np.zeros(vectors, np.int8), np.zeros(labels, np.uint8), categories)

    def select(self, rows: Sequence[int] | NDArray[np.int64]) -> "EncodingBatch":
        """Return these rows, in this order; the batch itself if it has them so, because it may have gigabytes."""
        rows = np.array(rows, np.int64)
        if np.array_equal(rows, np.arange(len(self))):
            return self
        categories = tuple(self.categories[row] for row in rows.tolist())
        return EncodingBatch(self.vectors[rows], self.photo_vectors[rows], self.attributes[rows], categories)

    def __len__(self) -> int:
        return len(self.categories)


def quantize_photo_vectors(vectors: FloatArray) -> PhotoVectors:
    """Return vectors of unit length with one byte a number."""
    quantized: PhotoVectors = np.rint(vectors * PHOTO_SCALE).astype(np.int8)
    return quantized
