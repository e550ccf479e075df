"""The input and output of an encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.descriptor import COLOUR, EncoderDescriptor
from closetspace.domain.encoder.vectors import FloatArray

Picture = NDArray[np.uint8]
"""An upright photo, ``(height, width, 3) uint8`` sRGB, with transparency on white."""

Shares = Mapping[str, float]
"""Labels and their calibrated probabilities, the likeliest first; the rest up to 1 is unknown."""

MIN_COLOUR_SHARE, MAX_COLOURS = 0.2, 3
"""The least probability of a colour that an encoding names, and how many colours it names."""


CLEAR_SHARE = 0.5
"""The least probability of a label that stands alone: a wrong word is worse than none."""


def clear_label(shares: Shares) -> str | None:
    """Return the likeliest label, None if none is clear."""
    label = max(shares, key=lambda each: shares[each], default=None)
    return label if label is not None and shares[label] >= CLEAR_SHARE else None


@dataclass(frozen=True)
class Garment:
    """What an encoder gets of a garment; photo, name and brand are all optional."""

    picture: Picture | None
    name: str = ""
    brand: str = ""


@dataclass(frozen=True)
class Encoding:
    """What an encoder predicts for a garment.

    ``vector`` is ``(dim,) float32`` of unit length. ``category`` is the likeliest of the descriptor's categories.
    ``attributes`` are the predictions of the heads, empty if the garment has no photo, name or brand. ``photo_vector``
    is the vector of the photo alone, ``garment_probability`` the probability that the photo shows a garment; both are
    None without a photo or if the encoder does not report them.
    """

    vector: FloatArray
    category: str
    attributes: Mapping[str, Shares]
    photo_vector: FloatArray | None = None
    garment_probability: float | None = None

    @property
    def colours(self) -> tuple[str, ...]:
        """The names of up to `MAX_COLOURS` likely colours, in lower case."""
        shares = self.attributes.get(COLOUR, {})
        return tuple(label.lower() for label, share in shares.items() if share >= MIN_COLOUR_SHARE)[:MAX_COLOURS]


class Encoder(Protocol):
    """Turns garments into vectors; safe to call from several threads at once."""

    @property
    def descriptor(self) -> EncoderDescriptor: ...

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        """Encode a batch, in order. Each result depends on its own garment alone."""
        ...
