"""Colours and patterns of garments, and cloth woven in them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

RGB = tuple[int, int, int]
Pattern = Literal["plain", "stripes", "checks", "dots", "block", "print", "denim", "knit"]


@dataclass(frozen=True)
class Colour:
    """A colour with the catalog's name for it."""

    name: str
    rgb: RGB


@dataclass(frozen=True)
class Look:
    """The differences between garments of the same kind.

    ``cut`` in [0, 1) selects a variant of the silhouette (collar, sleeve, lapel).
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
    """Mix two colours; ``share`` is that of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(rgb: RGB, share: float = 0.3) -> RGB:
    """Mix a colour with black."""
    return mix(rgb, (0, 0, 0), share)


def lighter(rgb: RGB, share: float = 0.3) -> RGB:
    """Mix a colour with white."""
    return mix(rgb, (255, 255, 255), share)


def line_on(rgb: RGB) -> RGB:
    """Return a colour in which seams are visible on cloth of this colour."""
    return lighter(rgb, 0.25) if sum(rgb) < 180 else darker(rgb, 0.34)


Weaver = Callable[[ImageDraw.ImageDraw, float, Look, np.random.Generator], None]


def weave(look: Look, pixels: int, rng: np.random.Generator) -> Image.Image:
    """Return a square of cloth in the look's colour and pattern."""
    cloth = Image.new("RGB", (pixels, pixels), look.colour.rgb)
    _WEAVERS[look.pattern](ImageDraw.Draw(cloth), pixels / 100, look, rng)
    return cloth


def _plain(_draw: ImageDraw.ImageDraw, _unit: float, _look: Look, _rng: np.random.Generator) -> None:
    pass


def _stripes(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    period, share = rng.uniform(5, 11), rng.uniform(0.3, 0.5)
    for top in np.arange(rng.uniform(0, period), 100, period):
        draw.rectangle((0, top * unit, 100 * unit, (top + share * period) * unit), look.accent.rgb)


def _checks(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    period = rng.uniform(7, 13)
    half, full = mix(look.colour.rgb, look.accent.rgb, 0.45), mix(look.colour.rgb, look.accent.rgb, 0.85)
    starts = [(start, start + period * 0.42) for start in np.arange(1, 100, period)]
    for low, high in starts:
        draw.rectangle((0, low * unit, 100 * unit, high * unit), half)
        draw.rectangle((low * unit, 0, high * unit, 100 * unit), half)
    for left, right in starts:
        for top, bottom in starts:
            draw.rectangle((left * unit, top * unit, right * unit, bottom * unit), full)
    line = lighter(look.accent.rgb, 0.5)
    for low, _ in starts:
        middle = (low - period * 0.29) * unit
        draw.line((0, middle, 100 * unit, middle), line, round(0.5 * unit))
        draw.line((middle, 0, middle, 100 * unit), line, round(0.5 * unit))


def _dots(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    period, radius = rng.uniform(5, 9), rng.uniform(0.9, 1.7)
    for row, y in enumerate(np.arange(1, 100, period * 0.87)):
        for x in np.arange(1 + (row % 2) * period / 2, 100, period):
            _spot(draw, unit, (x, y), radius, look.accent.rgb)


def _block(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    top, height = rng.uniform(30, 50), rng.uniform(9, 26)
    draw.rectangle((0, top * unit, 100 * unit, (top + height) * unit), look.accent.rgb)
    if height > 16:
        draw.rectangle((0, (top + height) * unit, 100 * unit, 100 * unit), lighter(look.colour.rgb, 0.75))


def _print(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    """Draw flowers with five petals."""
    petals = (look.accent.rgb, lighter(look.accent.rgb, 0.45), mix(look.colour.rgb, look.accent.rgb, 0.5))
    for number, (x, y) in enumerate(_scattered(rng, 8.5)):
        size, turn = rng.uniform(1.3, 2.6), rng.uniform(0, 6.3)
        for petal in range(5):
            angle = turn + petal * 2 * np.pi / 5
            place = (x + np.cos(angle) * size, y + np.sin(angle) * size)
            _spot(draw, unit, place, size * 0.72, petals[number % 3])
        _spot(draw, unit, (x, y), size * 0.5, darker(look.colour.rgb, 0.25))


def _denim(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    """Draw twill: fine diagonals in slightly different colours."""
    for start in np.arange(-100, 100, 0.9):
        thread = lighter(look.colour.rgb, float(rng.uniform(0.02, 0.2)))
        draw.line((start * unit, 0, (start + 100) * unit, 100 * unit), thread, max(1, round(0.35 * unit)))


def _knit(draw: ImageDraw.ImageDraw, unit: float, look: Look, rng: np.random.Generator) -> None:
    """Draw columns of stitches."""
    period = float(rng.choice([1.8, 2.6, 3.4]))
    valley, ridge = darker(look.colour.rgb, 0.2), lighter(look.colour.rgb, 0.1)
    for x in np.arange(0, 100, period):
        draw.line((x * unit, 0, x * unit, 100 * unit), valley, max(1, round(0.24 * period * unit)))
        middle = (x + period / 2) * unit
        draw.line((middle, 0, middle, 100 * unit), ridge, max(1, round(0.2 * period * unit)))


def _scattered(rng: np.random.Generator, period: float) -> list[tuple[float, float]]:
    """Return points about one period apart, randomly displaced."""
    grid = np.arange(0, 100 + period, period)
    return [(x + rng.uniform(-2, 2), y + rng.uniform(-2, 2)) for y in grid for x in grid]


def _spot(draw: ImageDraw.ImageDraw, unit: float, at: tuple[float, float], radius: float, rgb: RGB) -> None:
    x, y = at
    draw.ellipse([(x - radius) * unit, (y - radius) * unit, (x + radius) * unit, (y + radius) * unit], rgb)


_WEAVERS: dict[Pattern, Weaver] = {
    "plain": _plain,
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "block": _block,
    "print": _print,
    "denim": _denim,
    "knit": _knit,
}
