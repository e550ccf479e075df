"""What goes in and comes out of an encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import COLOUR, EncoderDescriptor
from closetspace.domain.encoder.vectors import FloatArray

Picture = NDArray[np.uint8]
"""An upright photo, ``(height, width, 3) uint8`` sRGB, transparency laid on white."""

LEAST_NAMED, MOST_NAMED = 0.2, 3
"""Of a garment's colours: the least share that is named, and how many are."""


Shares = Mapping[str, float]
"""Labels and their calibrated probabilities, the likeliest first; what they lack of 1 is unknown."""


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
