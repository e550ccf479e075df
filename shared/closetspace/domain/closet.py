"""A person's closet: one vector for each item that is ready, and the taste derived from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from closetspace.domain.encoding import FloatArray

STORED_VECTOR = np.dtype("<f2")
"""Half precision on the way to the database: 256 bytes at 128 dimensions, cosines right to 1e-6."""


@dataclass(frozen=True)
class ClosetEntry:
    """One item's place in a closet. ``vector`` is ``(d,) float32``; ``photo_hash`` is its photo's fingerprint."""

    encoder: str
    vector: FloatArray
    category: str
    photo_hash: str


@dataclass(frozen=True)
class Closet:
    """What one read gives of a person's closet.

    ``entries`` are by item id. ``version`` grows with every change of the closet (microseconds); 0 means that
    the person never had one.
    """

    uid: str
    entries: Mapping[str, ClosetEntry]
    version: int = 0

    def encoded_by(self, encoder_id: str) -> "Wearables":
        """The items whose vectors can be compared with that encoder's, in the order of their ids."""
        chosen = sorted((i, e) for i, e in self.entries.items() if e.encoder == encoder_id)
        return Wearables(
            ids=tuple(item_id for item_id, _ in chosen),
            vectors=np.array([entry.vector for _, entry in chosen], np.float32),
            categories=tuple(entry.category for _, entry in chosen),
        )


@dataclass(frozen=True)
class Wearables:
    """A closet as arrays: ``vectors`` is ``(n, d) float32``, a row for each id and category."""

    ids: tuple[str, ...]
    vectors: FloatArray
    categories: tuple[str, ...]

    @cached_property
    def rows_by_category(self) -> dict[str, np.ndarray]:
        """Row numbers of each category, categories in alphabetical order."""
        names = np.array(self.categories)
        return {str(name): np.flatnonzero(names == name) for name in sorted(set(self.categories))}


@dataclass(frozen=True)
class Interest:
    """What a person owns of one category: how many, and their mean ``(d,) float32``."""

    category: str
    count: int
    mean: FloatArray


@dataclass(frozen=True)
class Taste:
    """A closet in short. ``mean`` is ``(d,) float32``; ``closet_version`` says which closet it was derived from."""

    encoder: str
    mean: FloatArray
    interests: tuple[Interest, ...]
    closet_version: int

    @property
    def count(self) -> int:
        """Number of items it was derived from."""
        return sum(interest.count for interest in self.interests)


def derive_taste(closet: Closet, encoder_id: str) -> Taste:
    """The mean of everything, and of each category, of one encoder's vectors; zeros for an empty closet."""
    worn = closet.encoded_by(encoder_id)
    interests = tuple(
        Interest(category, len(rows), mean_of(worn.vectors[rows])) for category, rows in worn.rows_by_category.items()
    )
    return Taste(encoder_id, mean_of(worn.vectors), interests, closet.version)


def mean_of(vectors: FloatArray) -> FloatArray:
    """Mean over rows in double precision, ``(n, d) -> (d,) float32``; the order of rows does not show."""
    if not len(vectors):
        return np.zeros(0, np.float32)
    mean: FloatArray = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def pack(vector: FloatArray) -> bytes:
    """A vector as the database keeps it."""
    return vector.astype(STORED_VECTOR).tobytes()


def unpack(data: bytes) -> FloatArray:
    """A vector as the database kept it, ``(d,) float32``."""
    return np.frombuffer(data, STORED_VECTOR).astype(np.float32)
