"""Data augmentation: random crops, positions, rotations and light, and other backgrounds for products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.fashion_data import Example
from closetspace.domain.encoder.encoding import Picture

_WHITE = 243  # the background of a product is brighter in every channel
_PATCH = 48  # pixels; the side of the corner of a photo that becomes a background

CELLS = 7
"""Side of the grid of cells that says where the garment is."""


@dataclass(frozen=True)
class Views:
    """Draws training views of ``side`` pixels.

    An enlarged corner of one of the ``backgrounds`` becomes the background of a product. Without them, products keep
    their white one.
    """

    side: int
    backgrounds: Sequence[Path] = ()

    def view(self, example: Example, random: np.random.Generator) -> tuple[Picture, NDArray[np.float32] | None]:
        """Return ``(side, side, 3) uint8``, and for a product the share of garment in each cell ``(7, 7)``."""
        picture = Image.fromarray(example.picture())
        if not example.is_product:
            placed = _place(picture, _geometry(random, sideways=0.12), self.side)
            return np.asarray(_degrade(_relight(placed, random), random)), None
        mask = Image.fromarray(foreground(np.asarray(picture)))
        if self.backgrounds and random.random() < 0.6:
            picture = self._replace_background(picture, mask, random)
        geometry = _geometry(random, sideways=0.02)
        view = _degrade(_relight(_place(picture, geometry, self.side), random), random)
        seen = _place(mask, geometry, self.side)
        cells = np.asarray(seen.resize((CELLS, CELLS), Image.Resampling.BOX), np.float32) / np.float32(255)
        return np.asarray(view), cells

    def _replace_background(self, picture: Image.Image, mask: Image.Image, random: np.random.Generator) -> Image.Image:
        other = Image.open(self.backgrounds[int(random.integers(len(self.backgrounds)))]).convert("RGB")
        left, top = (int(random.choice([0, max(0, edge - _PATCH)])) for edge in other.size)
        box = (left, top, min(left + _PATCH, other.size[0]), min(top + _PATCH, other.size[1]))
        scene = other.resize(picture.size, Image.Resampling.BILINEAR, box=box)
        return Image.composite(picture, scene, mask.filter(ImageFilter.GaussianBlur(1)))


def foreground(picture: Picture) -> NDArray[np.uint8]:
    """Return the mask of a product on white, ``(h, w) uint8``: 255 for garment. Holes count as garment."""
    ndimage = train_module("scipy.ndimage")
    filled = ndimage.binary_fill_holes(picture.min(axis=2) < _WHITE)
    mask: NDArray[np.uint8] = filled.astype(np.uint8) * np.uint8(255)
    return mask


@dataclass(frozen=True)
class _Geometry:
    """The position of a view: ``scale`` times the picture's width and height, at ``offset`` of the remaining space."""

    scale: tuple[float, float]
    offset: tuple[float, float]
    angle: float
    mirrored: bool


def _geometry(random: np.random.Generator, sideways: float) -> _Geometry:
    """Draw a view: usually a crop, sometimes the picture on a larger canvas, or rotated by a quarter turn.

    Encoders squash pictures to a square, so the proportions of views vary too.
    """
    area = random.uniform(1.0, 2.2) if random.random() < 0.2 else random.uniform(0.45, 1.0)
    aspect = math.exp(random.uniform(-0.3, 0.3))
    turn = math.pi / 2 * random.choice([1, 2, 3], p=[0.45, 0.1, 0.45]) if random.random() < sideways else 0.0
    return _Geometry(
        scale=((area * aspect) ** 0.5, (area / aspect) ** 0.5),
        offset=(random.random(), random.random()),
        angle=turn + random.normal(0, 0.1),
        mirrored=random.random() < 0.5,
    )


def _place(picture: Image.Image, geometry: _Geometry, side: int) -> Image.Image:
    """Resample a picture to a view, once. Pixels outside of the picture get the colour of its border."""
    width, height = picture.size
    w, h = (edge * scale for edge, scale in zip(picture.size, geometry.scale, strict=True))
    x, y = ((edge - size) * part for edge, size, part in zip((width, height), (w, h), geometry.offset, strict=True))
    cos, sin = math.cos(geometry.angle) / side, math.sin(geometry.angle) / side
    sign = -1 if geometry.mirrored else 1
    a, b, d, e = sign * w * cos, -w * sin, sign * h * sin, h * cos
    c, f = x + w / 2 - (a + b) * side / 2, y + h / 2 - (d + e) * side / 2
    return picture.transform(
        (side, side),
        Image.Transform.AFFINE,
        (a, b, c, d, e, f),
        Image.Resampling.BILINEAR,
        fillcolor=_border_colour(picture),
    )


def _border_colour(picture: Image.Image) -> tuple[int, ...] | int:
    if picture.mode != "RGB":
        return 0
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


def _relight(view: Image.Image, random: np.random.Generator) -> Image.Image:
    """Change exposure, contrast and the colour of the light, to which the labels, given by eye, are invariant."""
    exposure = random.normal(-0.03, 0.15) - (random.uniform(0.4, 1.2) if random.random() < 0.08 else 0)
    warmth, tint = random.normal(0, 0.08), random.normal(0, 0.03)
    gain = np.exp(exposure + np.array([warmth, tint, -warmth], np.float32))
    gamma = math.exp(random.normal(0, 0.12))
    lit = (np.asarray(view, np.float32) / 255) ** gamma * gain
    return Image.fromarray((np.clip(lit, 0, 1) * 255).astype(np.uint8))


def _degrade(view: Image.Image, random: np.random.Generator) -> Image.Image:
    """Sometimes remove detail, as in tiny and blurred photos."""
    if random.random() >= 0.12:
        return view
    edge = int(random.uniform(36, 110))
    return view.resize((edge, edge), Image.Resampling.BOX).resize(view.size, Image.Resampling.BILINEAR)
