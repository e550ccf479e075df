"""The sheet that a garment is drawn on: outlines, parts cut from cloth, seams, folds, light and shadow."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from catalog_jobs.demo.drawing.cloth import RGB, Look, line_on, weave

Point = tuple[float, float]
Outline = tuple[Point, ...]

_COMMAND = re.compile(r"([MLQC])([^MLQCZ]*)")
_CURVE_STEPS = 14


@cache
def path(text: str) -> Outline:
    """Return the points of an SVG path with absolute M, L, Q, C and Z commands; curves become short lines."""
    points: list[Point] = []
    for command, arguments in _COMMAND.findall(text):
        given = _pairs(arguments)
        if command in "ML":
            points += given
            continue
        degree = {"Q": 2, "C": 3}[command]
        for start in range(0, len(given), degree):
            points += _bezier([points[-1], *given[start : start + degree]])
    return tuple(points)


def mirrored(outline: Outline) -> Outline:
    """Return the outline mirrored at the vertical centre line."""
    return tuple((100 - x, y) for x, y in outline)


def whole(right_half: str) -> Outline:
    """Return a symmetric outline from its right half, which starts and ends on the centre line."""
    half = path(right_half)
    return half + tuple(reversed(mirrored(half)))


def ellipse(x: float, y: float, rx: float, ry: float | None = None) -> Outline:
    """Return an ellipse around ``(x, y)``, a circle without ``ry``."""
    k, ry = 0.5523, rx if ry is None else ry  # k: length of a cubic curve's handles for a quarter circle
    return path(
        f"M{x + rx} {y} C{x + rx} {y + k * ry} {x + k * rx} {y + ry} {x} {y + ry}"
        f" {x - k * rx} {y + ry} {x - rx} {y + k * ry} {x - rx} {y}"
        f" {x - rx} {y - k * ry} {x - k * rx} {y - ry} {x} {y - ry}"
        f" {x + k * rx} {y - ry} {x + rx} {y - k * ry} {x + rx} {y}"
    )


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """Return a rectangle."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def bounds(points: Iterable[Point]) -> tuple[int, int, int, int]:
    """Return the smallest box of whole pixels around points."""
    xs, ys = zip(*points, strict=True)
    return int(min(xs)), int(min(ys)), int(max(xs)) + 2, int(max(ys)) + 2


def _pairs(arguments: str) -> list[Point]:
    numbers = [float(number) for number in arguments.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _bezier(control: list[Point]) -> list[Point]:
    return [_point_at(control, step / _CURVE_STEPS) for step in range(1, _CURVE_STEPS + 1)]


def _point_at(control: list[Point], t: float) -> Point:
    """Return a point of a Bézier curve, by De Casteljau's algorithm."""
    while len(control) > 1:
        control = [((1 - t) * ax + t * bx, (1 - t) * ay + t * by) for (ax, ay), (bx, by) in pairwise(control)]
    return control[0]


_SMALL = 320  # pixels; up to this size pictures are drawn three times as large and averaged, above it twice
_SHADE_STEP = 4  # light is smooth, so every fourth of those pixels is enough
_REACH = 7.0  # units beyond its outline that a part shades
_LIGHT = (0.55, 0.85)  # light falls from the upper left

Shade = npt.NDArray[np.float32]


class Sheet:
    """Draws one garment, in hundredths of the sheet's side with y pointing down; `finish` returns the picture."""

    def __init__(self, look: Look, pixels: int, rng: np.random.Generator) -> None:
        self.look, self._pixels, self._rng = look, pixels, rng
        self._oversampling = 3 if pixels <= _SMALL else 2
        self._side = pixels * self._oversampling
        self._cloth = weave(look, self._side, rng)
        self._colour = Image.new("RGB", (self._side, self._side), look.colour.rgb)
        self._alpha = Image.new("L", (self._side, self._side))
        self._brush = ImageDraw.Draw(self._colour)
        self._small = self._side // _SHADE_STEP
        self._shade: Shade = np.zeros((self._small, self._small), np.float32)
        self._valleys, self._ridges = (Image.new("L", (self._small, self._small)) for _ in range(2))

    def part(self, outline: Outline, fill: RGB | None = None, *, volume: float = 1.0, cast: float = 1.0) -> None:
        """Add a part in one colour, or cut from the cloth.

        ``volume`` is how round it looks, ``cast`` how dark its shadow on the parts below is.
        """
        points = self._in_pixels(outline, self._side)
        ImageDraw.Draw(self._alpha).polygon(points, fill=255)
        if fill is None and self.look.pattern != "plain":
            self._cut_from_cloth(points)
        else:
            self._brush.polygon(points, fill=fill or self.look.colour.rgb)
        self._light(outline, volume, cast)

    def pair(self, outline: Outline, fill: RGB | None = None, *, volume: float = 1.0, cast: float = 1.0) -> None:
        """Add a part on both sides."""
        for side in (outline, mirrored(outline)):
            self.part(side, fill, volume=volume, cast=cast)

    def seam(self, outline: Outline, rgb: RGB | None = None, *, width: float = 0.55, dash: float = 0) -> None:
        """Draw a line, as stitches of length ``dash`` if that is not 0."""
        points = self._in_pixels(outline, self._side)
        pixels, colour = max(1, round(width * self._side / 100)), rgb or line_on(self.look.colour.rgb)
        if not dash:
            self._brush.line(points, colour, pixels, joint="curve")
            return
        for stitch in _stitches(points, dash * self._side / 100):
            self._brush.line(stitch, colour, pixels)

    def seams(self, outline: Outline, rgb: RGB | None = None, *, width: float = 0.55, dash: float = 0) -> None:
        """Draw a line on both sides."""
        for side in (outline, mirrored(outline)):
            self.seam(side, rgb, width=width, dash=dash)

    def fold(self, outline: Outline, *, width: float = 1.6, strength: float = 0.5) -> None:
        """Draw a soft crease: a dark valley with a light ridge beside it."""
        points = self._in_pixels(outline, self._small)
        pixels = max(1, round(width * self._small / 100))
        level = round(255 * strength)
        ImageDraw.Draw(self._valleys).line(points, level, pixels, joint="curve")
        beside = [(x - pixels, y - pixels * 0.5) for x, y in points]
        ImageDraw.Draw(self._ridges).line(beside, level, pixels, joint="curve")

    def folds(self, outline: Outline, *, width: float = 1.6, strength: float = 0.5) -> None:
        """Draw a crease on both sides."""
        for side in (outline, mirrored(outline)):
            self.fold(side, width=width, strength=strength)

    def finish(self) -> Image.Image:
        """Return the lit garment on a transparent background: RGBA, ``pixels`` x ``pixels``."""
        size = (self._pixels, self._pixels)
        colour = np.asarray(self._colour.reduce(self._oversampling), np.float32)
        light = self._shade + 0.2 * self._soft(self._ridges, 0.7) - 0.42 * self._soft(self._valleys, 0.8)
        light = np.asarray(Image.fromarray(light).resize(size, Image.Resampling.BICUBIC))[..., None]
        lit = colour * (1 + np.minimum(light, 0)) + (255 - colour) * np.maximum(light, 0) * 0.8
        lit += 1.6 * self._rng.standard_normal((*size, 1), np.float32)  # a little unevenness
        picture = Image.fromarray(lit.clip(0, 255).astype(np.uint8))
        picture.putalpha(self._alpha.reduce(self._oversampling))
        return picture

    def _cut_from_cloth(self, points: list[Point]) -> None:
        area = bounds(points)
        mask = Image.new("L", (area[2] - area[0], area[3] - area[1]))
        ImageDraw.Draw(mask).polygon([(x - area[0], y - area[1]) for x, y in points], fill=255)
        self._colour.paste(self._cloth.crop(area), area, mask)

    def _light(self, outline: Outline, volume: float, cast: float) -> None:
        """Shade a part towards its edges, and add its shadow to the parts below."""
        points = self._in_pixels(outline, self._small)
        left, top, right, bottom = self._around(points)
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
        beneath = self._shade[top:bottom, left:right]
        shadow = 0.22 * cast * np.roll(self._soft(mask, 1.4), round(self._small * 0.008), axis=(0, 1))
        beneath[:] = np.where(np.asarray(mask), self._relief(mask, volume), np.maximum(beneath - shadow, -0.6))

    def _relief(self, mask: Image.Image, volume: float) -> Shade:
        """Return the brightness inside a part: lighter towards the light, darker along its edge."""
        wide, narrow = self._soft(mask, 3.2), self._soft(mask, 0.6)
        down, right = np.gradient(wide)
        slope = (right * _LIGHT[0] + down * _LIGHT[1]) * self._small / 100
        depth, edge = (2 * wide - 1).clip(0, 1), 1 - (2 * narrow - 1).clip(0, 1)
        light = volume * (1.1 * slope - 0.2 * (1 - depth) ** 2 + 0.03) - 0.22 * edge
        return light.astype(np.float32)

    def _around(self, points: list[Point]) -> tuple[int, int, int, int]:
        """Return the area of the shading that a part can change."""
        left, top, right, bottom = bounds(points)
        reach = round(_REACH * self._small / 100)
        low, high = 0, self._small
        return max(low, left - reach), max(low, top - reach), min(high, right + reach), min(high, bottom + reach)

    def _soft(self, mask: Image.Image, radius: float) -> Shade:
        """Return a mask from 0 to 1, blurred by a radius in units of the sheet."""
        blurred = mask.filter(ImageFilter.GaussianBlur(radius * self._small / 100))
        return np.asarray(blurred, np.float32) / np.float32(255)

    @staticmethod
    def _in_pixels(outline: Outline, side: int) -> list[Point]:
        return [(x * side / 100, y * side / 100) for x, y in outline]


def _stitches(points: list[Point], length: float) -> list[list[Point]]:
    """Return every other piece of a line, each about ``length`` pixels long."""
    line: npt.NDArray[Any] = np.asarray(points)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    stops = np.arange(0, along[-1], length)
    places = [(float(np.interp(s, along, line[:, 0])), float(np.interp(s, along, line[:, 1]))) for s in stops]
    return [places[start : start + 2] for start in range(0, len(places) - 1, 2)]
