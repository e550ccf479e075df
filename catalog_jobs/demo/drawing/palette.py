"""The colours that garments come in, and how a garment is to look."""

from dataclasses import dataclass
from typing import Literal

RGB = tuple[int, int, int]
Pattern = Literal["plain", "stripes", "checks", "dots", "block", "print", "denim", "knit"]


@dataclass(frozen=True)
class Colour:
    """A colour by the name that the catalog uses for it."""

    name: str
    rgb: RGB


@dataclass(frozen=True)
class Look:
    """What sets one garment apart from another of its kind.

    ``cut`` in [0, 1) chooses between the variants that a silhouette knows (collar, sleeve, lapel).
    """

    colour: Colour
    accent: Colour
    pattern: Pattern
    cut: float = 0.0


COLOURS = {
    name: Colour(name, rgb)
    for name, rgb in (
        ("Black", (36, 36, 40)),
        ("White", (243, 243, 240)),
        ("Grey", (142, 145, 150)),
        ("Navy Blue", (33, 44, 82)),
        ("Blue", (62, 112, 178)),
        ("Red", (188, 40, 46)),
        ("Green", (48, 122, 82)),
        ("Olive", (104, 106, 64)),
        ("Beige", (212, 194, 162)),
        ("Brown", (112, 74, 48)),
        ("Pink", (230, 142, 170)),
        ("Purple", (110, 72, 146)),
        ("Yellow", (238, 196, 70)),
        ("Maroon", (112, 30, 46)),
        ("Orange", (226, 122, 48)),
    )
}

SILVER: RGB = (188, 192, 198)
GOLD: RGB = (206, 170, 96)
RUBBER: RGB = (240, 239, 234)
THREAD: RGB = (206, 150, 84)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """``first`` with ``share`` of ``second`` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(rgb: RGB, share: float = 0.3) -> RGB:
    """A colour towards black."""
    return mix(rgb, (0, 0, 0), share)


def lighter(rgb: RGB, share: float = 0.3) -> RGB:
    """A colour towards white."""
    return mix(rgb, (255, 255, 255), share)


def line_on(rgb: RGB) -> RGB:
    """A colour that a seam is visible in on cloth of this colour."""
    return lighter(rgb, 0.25) if sum(rgb) < 180 else darker(rgb, 0.34)
