"""A person's closet: for each item that is ready what each encoder that embedded it made of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.products import NO_PRODUCT

STORED_VECTOR = np.dtype("<f2")
"""Half precision on the way to the database: 512 bytes at 256 dimensions, cosines right to 1e-6."""


@dataclass(frozen=True)
class ClosetEntry:
    """What one encoder made of an item.

    ``vector`` is ``(d,) float32``; ``attributes (labels,)`` holds the packed shares of the heads' labels
    (`closetspace.domain.encoder.attributes`). ``photo_hash`` is its fingerprint, ``title`` brand and name as
    the owner wrote them, ``product`` their `closetspace.domain.index.products.product_key`.
    """

    encoder: str
    vector: FloatArray
    category: str
    photo_hash: str
    attributes: PackedAttributes = field(default_factory=lambda: np.zeros(0, np.uint8))
    title: str = ""
    product: int = NO_PRODUCT


@dataclass(frozen=True)
class Closet:
    """What one read gives of a person's closet.

    ``entries`` are by item id and encoder id: one an item, several while the encoder is being changed, all of
    the same photo, name and brand. ``version`` grows with every change of the closet (microseconds); 0 means
    that the person never had one.
    """

    uid: str
    entries: Mapping[str, Mapping[str, ClosetEntry]]
    version: int = 0

    @cached_property
    def coverage(self) -> Mapping[str, int]:
        """How many items each encoder has embedded."""
        return Counter(encoder_id for by_encoder in self.entries.values() for encoder_id in by_encoder)

    def by_encoder(self, encoder_id: str) -> dict[str, ClosetEntry]:
        """That encoder's entries by item id."""
        return {i: entries[encoder_id] for i, entries in self.entries.items() if encoder_id in entries}

    def encoded_by(self, encoder_id: str) -> "ClosetArrays":
        """The items whose vectors can be compared with that encoder's, in the order of their ids."""
        ids = sorted(item_id for item_id, by_encoder in self.entries.items() if encoder_id in by_encoder)
        entries = [self.entries[item_id][encoder_id] for item_id in ids]
        labels = max((len(entry.attributes) for entry in entries), default=0)
        silent = np.zeros(labels, np.uint8)
        told = [entry.attributes if len(entry.attributes) else silent for entry in entries]
        return ClosetArrays(
            ids=tuple(ids),
            vectors=_rows([entry.vector for entry in entries], np.float32),
            categories=tuple(entry.category for entry in entries),
            attributes=_rows(told, np.uint8),
            titles=tuple(entry.title for entry in entries),
            products=np.array([entry.product for entry in entries], np.uint64),
        )


def _rows(vectors: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """Vectors of one length as rows: five times faster than numpy's own way for thousands of small ones."""
    if not vectors:
        return np.zeros((0, 0), dtype)
    return np.concatenate(vectors, dtype=dtype).reshape(len(vectors), -1)


@dataclass(frozen=True)
class ClosetArrays:
    """A closet as arrays, a row for each id.

    ``vectors (n, d) float32`` are of unit length, to half precision; ``attributes (n, labels)`` are as packed.
    """

    ids: tuple[str, ...]
    vectors: FloatArray
    categories: tuple[str, ...]
    attributes: PackedAttributes
    titles: tuple[str, ...]
    products: NDArray[np.uint64]

    def only(self, rows: NDArray[np.int64]) -> "ClosetArrays":
        """These rows of it."""
        return ClosetArrays(
            ids=tuple(self.ids[row] for row in rows),
            vectors=self.vectors[rows],
            categories=tuple(self.categories[row] for row in rows),
            attributes=self.attributes[rows],
            titles=tuple(self.titles[row] for row in rows),
            products=self.products[rows],
        )

    @cached_property
    def rows_by_category(self) -> dict[str, np.ndarray]:
        """Row numbers of each category, categories in alphabetical order."""
        names = np.array(self.categories)
        return {str(name): np.flatnonzero(names == name) for name in sorted(set(self.categories))}


def most_covering(closet: Closet, preferred: str) -> str:
    """The encoder that has embedded most of the closet's items; of several the preferred one."""
    return max((preferred, *closet.coverage), key=lambda encoder_id: closet.coverage.get(encoder_id, 0))


def pack(vector: FloatArray) -> bytes:
    """A vector as the database keeps it."""
    return vector.astype(STORED_VECTOR).tobytes()


def unpack(data: bytes) -> FloatArray:
    """A vector as the database kept it, ``(d,) float32``."""
    return np.frombuffer(data, STORED_VECTOR).astype(np.float32)
