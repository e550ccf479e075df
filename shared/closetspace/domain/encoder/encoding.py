"""What an encoder is, and what goes in and comes out of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]
"""An upright photo, ``(height, width, 3) uint8`` sRGB, transparency laid on white."""

LEAST_NAMED, MOST_NAMED = 0.2, 3
"""Of a garment's colours: the least share that is named, and how many are."""


Shares = Mapping[str, float]
"""Labels and their calibrated probabilities, the likeliest first; what they lack of 1 is unknown."""

CATEGORY, COLOUR, GENDER, USAGE, PATTERN = "category", "colour", "gender", "usage", "pattern"
"""The attributes that encoders tell of; any but the category may be missing from one."""

UNISEX = "Unisex"
"""The gender that fits everybody."""


class Framing(StrEnum):
    """Which part of a photo an encoder's image network sees."""

    CENTRE = "centre"
    """The middle square: what lies off-centre is lost."""

    WHOLE = "whole"
    """All of it, scaled to a square without regard to its proportions."""


@dataclass(frozen=True)
class EncoderDescriptor:
    """The identity of an encoder; everything that stores a vector stores ``id`` beside it.

    ``files`` maps each file of the encoder to its sha256 in hex, ``heads`` each attribute to its labels. The
    image network sees squares of ``side`` pixels, framed by ``framing``; the text network one line for each of
    ``lines``, which names the garment's fields that are joined to it. ``blocks`` are the named parts that a vector is
    made of, in order, with their dimensions, where it has any; ``reference`` is the sha256 of the sample that tastes
    are compared with, empty where there is none: a new sample leaves the vectors, and so the id, as they are.
    ``tells_garment`` says whether the encoder tells garments from other pictures.
    """

    id: str
    dim: int
    heads: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str]
    side: int = 224
    framing: Framing = Framing.CENTRE
    lines: tuple[tuple[str, ...], ...] = (("brand", "name"),)
    blocks: Mapping[str, int] = field(default_factory=dict)
    reference: str = ""
    tells_garment: bool = False

    @property
    def categories(self) -> tuple[str, ...]:
        """What a garment may be; closets and indexes are divided by it."""
        return self.heads[CATEGORY]


@dataclass(frozen=True)
class Garment:
    """What an encoder may know of a garment; a photo, name and brand that are missing are valid input."""

    picture: Picture | None
    name: str = ""
    brand: str = ""


@dataclass(frozen=True)
class Encoding:
    """What an encoder says of a garment.

    ``vector`` is ``(dim,) float32`` of unit length. ``category`` is one of the descriptor's categories, the
    likeliest even where little is known. ``attributes`` are the heads' answers, empty ones where nothing is
    known of the garment. ``by_photo`` is the vector that the photo alone would get, None where there is no photo,
    or where the encoder does not tell. ``garment`` is the probability that the photo shows a garment; None without a
    photo, or if the encoder does not tell.
    """

    vector: FloatArray
    category: str
    attributes: Mapping[str, Shares]
    by_photo: FloatArray | None = None
    garment: float | None = None

    @property
    def colours(self) -> tuple[str, ...]:
        """The names of up to three colours, in lower case, that the garment rather has than not."""
        shares = self.attributes.get(COLOUR, {})
        return tuple(label.lower() for label, share in shares.items() if share >= LEAST_NAMED)[:MOST_NAMED]


class Encoder(Protocol):
    """Turns garments into vectors; safe to call from several threads at once."""

    @property
    def descriptor(self) -> EncoderDescriptor: ...

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        """Encode a batch, in order. Each result depends on its own garment alone."""
        ...
