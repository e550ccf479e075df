"""The sheet that a garment is put together on: parts cut from cloth, seams, folds, light and shadow."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from catalog_jobs.demo.drawing.cloth import weave
from catalog_jobs.demo.drawing.geometry import Outline, Point, bounds, mirrored
from catalog_jobs.demo.drawing.palette import RGB, Look, line_on

_SMALL = 320  # pictures up to this many pixels are drawn three times as large, others twice, then averaged
_SHADE_STEP = 4  # light is smooth, so it is computed on every fourth of those pixels
_REACH = 7.0  # units beyond its outline that a part still changes the light
_LIGHT = (0.55, 0.85)  # light falls from the upper left

Shade = npt.NDArray[np.float32]


class Sheet:
    """Draws one garment in units of a hundredth of the sheet; ``finish`` gives the picture."""

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
        """Lay a part on the sheet: of one colour, or cut from the cloth.

        ``volume`` is how round it looks, ``cast`` how much shadow falls on what lies beneath it.
        """
        points = self._in_pixels(outline, self._side)
        ImageDraw.Draw(self._alpha).polygon(points, fill=255)
        if fill is None and self.look.pattern != "plain":
            self._cut_from_cloth(points)
        else:
            self._brush.polygon(points, fill=fill or self.look.colour.rgb)
        self._light(outline, volume, cast)

    def pair(self, outline: Outline, fill: RGB | None = None, *, volume: float = 1.0, cast: float = 1.0) -> None:
        """The same part on both sides."""
        for side in (outline, mirrored(outline)):
            self.part(side, fill, volume=volume, cast=cast)

    def seam(self, outline: Outline, rgb: RGB | None = None, *, width: float = 0.55, dash: float = 0) -> None:
        """A line; dashed like stitches where ``dash`` gives their length."""
        points = self._in_pixels(outline, self._side)
        pixels, colour = max(1, round(width * self._side / 100)), rgb or line_on(self.look.colour.rgb)
        if not dash:
            self._brush.line(points, colour, pixels, joint="curve")
            return
        for stitch in _stitches(points, dash * self._side / 100):
            self._brush.line(stitch, colour, pixels)

    def seams(self, outline: Outline, rgb: RGB | None = None, *, width: float = 0.55, dash: float = 0) -> None:
        """The same line on both sides."""
        for side in (outline, mirrored(outline)):
            self.seam(side, rgb, width=width, dash=dash)

    def fold(self, outline: Outline, *, width: float = 1.6, strength: float = 0.5) -> None:
        """A soft crease: a dark valley with a light ridge beside it."""
        points = self._in_pixels(outline, self._small)
        pixels = max(1, round(width * self._small / 100))
        level = round(255 * strength)
        ImageDraw.Draw(self._valleys).line(points, level, pixels, joint="curve")
        beside = [(x - pixels, y - pixels * 0.5) for x, y in points]
        ImageDraw.Draw(self._ridges).line(beside, level, pixels, joint="curve")

    def folds(self, outline: Outline, *, width: float = 1.6, strength: float = 0.5) -> None:
        """The same crease on both sides."""
        for side in (outline, mirrored(outline)):
            self.fold(side, width=width, strength=strength)

    def finish(self) -> Image.Image:
        """The garment, lit, on a transparent ground: RGBA of ``pixels`` x ``pixels``."""
        size = (self._pixels, self._pixels)
        colour = np.asarray(self._colour.reduce(self._oversampling), np.float32)
        light = self._shade + 0.2 * self._soft(self._ridges, 0.7) - 0.42 * self._soft(self._valleys, 0.8)
        light = np.asarray(Image.fromarray(light).resize(size, Image.Resampling.BICUBIC))[..., None]
        lit = colour * (1 + np.minimum(light, 0)) + (255 - colour) * np.maximum(light, 0) * 0.8
        lit += 1.6 * self._rng.standard_normal((*size, 1), np.float32)  # cloth is never quite even
        picture = Image.fromarray(lit.clip(0, 255).astype(np.uint8))
        picture.putalpha(self._alpha.reduce(self._oversampling))
        return picture

    def _cut_from_cloth(self, points: list[Point]) -> None:
        area = bounds(points)
        mask = Image.new("L", (area[2] - area[0], area[3] - area[1]))
        ImageDraw.Draw(mask).polygon([(x - area[0], y - area[1]) for x, y in points], fill=255)
        self._colour.paste(self._cloth.crop(area), area, mask)

    def _light(self, outline: Outline, volume: float, cast: float) -> None:
        """Round the part off towards its edges, and let it throw a shadow on what it covers."""
        points = self._in_pixels(outline, self._small)
        left, top, right, bottom = self._around(points)
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
        beneath = self._shade[top:bottom, left:right]
        shadow = 0.22 * cast * np.roll(self._soft(mask, 1.4), round(self._small * 0.008), axis=(0, 1))
        beneath[:] = np.where(np.asarray(mask), self._relief(mask, volume), np.maximum(beneath - shadow, -0.6))

    def _relief(self, mask: Image.Image, volume: float) -> Shade:
        """How light the inside of a part is: facing the light or not, and dark along its edge."""
        wide, narrow = self._soft(mask, 3.2), self._soft(mask, 0.6)
        down, right = np.gradient(wide)
        slope = (right * _LIGHT[0] + down * _LIGHT[1]) * self._small / 100
        depth, edge = (2 * wide - 1).clip(0, 1), 1 - (2 * narrow - 1).clip(0, 1)
        light = volume * (1.1 * slope - 0.2 * (1 - depth) ** 2 + 0.03) - 0.22 * edge
        return light.astype(np.float32)

    def _around(self, points: list[Point]) -> tuple[int, int, int, int]:
        """The part of the shade that a part of the garment can touch."""
        left, top, right, bottom = bounds(points)
        reach = round(_REACH * self._small / 100)
        low, high = 0, self._small
        return max(low, left - reach), max(low, top - reach), min(high, right + reach), min(high, bottom + reach)

    def _soft(self, mask: Image.Image, radius: float) -> Shade:
        """A mask from 0 to 1, blurred by a radius in units."""
        blurred = mask.filter(ImageFilter.GaussianBlur(radius * self._small / 100))
        return np.asarray(blurred, np.float32) / np.float32(255)

    @staticmethod
    def _in_pixels(outline: Outline, side: int) -> list[Point]:
        return [(x * side / 100, y * side / 100) for x, y in outline]


def _stitches(points: list[Point], length: float) -> list[list[Point]]:
    """Every other piece of a line, each about ``length`` pixels long."""
    line: npt.NDArray[Any] = np.asarray(points)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    stops = np.arange(0, along[-1], length)
    places = [(float(np.interp(s, along, line[:, 0])), float(np.interp(s, along, line[:, 1]))) for s in stops]
    return [places[start : start + 2] for start in range(0, len(places) - 1, 2)]
