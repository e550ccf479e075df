"""A person's closet: for each item that is ready a vector of each encoder that embedded it, and the taste of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from closetspace.domain.encoding import FloatArray

STORED_VECTOR = np.dtype("<f2")
"""Half precision on the way to the database: 512 bytes at 256 dimensions, cosines right to 1e-6."""


@dataclass(frozen=True)
class ClosetEntry:
    """What one encoder made of an item. ``vector`` is ``(d,) float32``; ``photo_hash`` its photo's fingerprint."""

    encoder: str
    vector: FloatArray
    category: str
    photo_hash: str


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

    def encoded_by(self, encoder_id: str) -> "Wearables":
        """The items whose vectors can be compared with that encoder's, in the order of their ids."""
        chosen = sorted(self.by_encoder(encoder_id).items())
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


def most_covering(closet: Closet, preferred: str) -> str:
    """The encoder that has embedded most of the closet's items; of several the preferred one."""
    return max((preferred, *closet.coverage), key=lambda encoder_id: closet.coverage.get(encoder_id, 0))


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
