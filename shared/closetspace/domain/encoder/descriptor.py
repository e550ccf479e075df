"""What an encoder is: its identity, what it reads, and the attributes that it predicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

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
