"""What an encoder is: its identity, the input of its networks, and the attributes that it predicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CATEGORY, COLOUR, GENDER, USAGE, PATTERN = "category", "colour", "gender", "usage", "pattern"
"""The attributes that encoders predict; each but the category is optional."""

UNISEX = "Unisex"
"""The gender label of garments for everybody."""


class Framing(StrEnum):
    """The part of a photo that an encoder's image network sees."""

    CENTRE = "centre"
    """The middle square: what is off-centre is cut off."""

    WHOLE = "whole"
    """The whole photo, scaled to a square without keeping its proportions."""


@dataclass(frozen=True)
class EncoderDescriptor:
    """The identity of an encoder; everything that stores a vector also stores the ``id``.

    ``files`` maps each file of the encoder to its sha256 in hex, ``heads`` each attribute to its labels. The image
    network reads squares of ``side`` pixels, framed by ``framing``. The text network reads one line for each of
    ``lines``, the names of the garment's fields that are joined to it. ``blocks`` are the named parts of a vector with
    their dimensions, in order; they may be empty. ``reference`` is the sha256 of the sample that tastes are compared
    with, empty if there is none; a new sample changes neither the vectors nor the id. ``detects_garment`` says whether
    the encoder distinguishes garments from other pictures.
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
    detects_garment: bool = False

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of garments, by which closets and indexes are divided."""
        return self.heads[CATEGORY]


def block_slice(blocks: Mapping[str, int], name: str) -> slice:
    """Return the dimensions of a named block in a vector; an empty slice if the encoder has no such block."""
    start = 0
    for block, size in blocks.items():
        if block == name:
            return slice(start, start + size)
        start += size
    return slice(0, 0)
