"""What an encoder is, and what goes in and comes out of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]
"""An upright photo, ``(height, width, 3) uint8`` sRGB, transparency laid on white."""


@dataclass(frozen=True)
class EncoderDescriptor:
    """The identity of an encoder; everything that stores a vector stores ``id`` beside it.

    ``files`` maps each file of the encoder to its sha256 in hex.
    """

    id: str
    dim: int
    categories: tuple[str, ...]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Garment:
    """What an encoder may know of a garment; a photo, name and brand that are missing are valid input."""

    picture: Picture | None
    name: str = ""
    brand: str = ""


@dataclass(frozen=True)
class Encoding:
    """What an encoder says of a garment.

    ``vector`` is ``(dim,) float32`` of unit length. ``category`` is one of the descriptor's categories;
    ``category_confidence`` in 0..1 is its softmax share. ``colours`` are colour names, the largest share
    first, empty without a photo.
    """

    vector: FloatArray
    category: str
    category_confidence: float
    colours: tuple[str, ...]


class Encoder(Protocol):
    """Turns garments into vectors; safe to call from several threads at once."""

    @property
    def descriptor(self) -> EncoderDescriptor: ...

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        """Encode a batch, in order. Each result depends on its own garment alone."""
        ...
