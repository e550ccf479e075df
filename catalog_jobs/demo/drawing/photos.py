"""Drawn garments as a phone would photograph them at home: on a floor or a bed, a little crooked."""

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from catalog_jobs.demo.drawing.articles import Article
from catalog_jobs.demo.drawing.palette import RGB, Look
from catalog_jobs.demo.drawing.sheet import Sheet

Format = Literal["jpeg", "turned", "png", "webp"]
SUFFIXES: dict[Format, str] = {"jpeg": ".jpg", "turned": ".jpg", "png": ".png", "webp": ".webp"}

_SIZE = (960, 1280)
_ORIENTATION, _TURN_RIGHT = 0x0112, 6  # EXIF: to be turned by 90 degrees clockwise before it is shown
_SHADOW: RGB = (40, 38, 46)


@dataclass(frozen=True)
class Scene:
    """What is photographed, on what, and as which kind of file."""

    article: Article
    look: Look
    ground: RGB
    format: Format = "jpeg"


def take_photo(scene: Scene, rng: np.random.Generator) -> bytes:
    """The file's bytes; a PNG shows the garment alone, cut out."""
    garment = _garment(scene, rng)
    if scene.format == "png":
        return _encoded(garment, "PNG")
    photo = _on_ground(garment, scene.ground, rng)
    if scene.format == "webp":
        return _encoded(photo, "WEBP", quality=85)
    if scene.format == "jpeg":
        return _encoded(photo, "JPEG", quality=90)
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURN_RIGHT
    return _encoded(photo.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


def _garment(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Slightly turned and scaled, on a transparent ground."""
    sheet = Sheet(scene.look, int(_SIZE[0] * rng.uniform(0.82, 0.94)), rng)
    scene.article.draw(sheet)
    return sheet.finish().rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC, expand=True)


def _on_ground(garment: Image.Image, ground: RGB, rng: np.random.Generator) -> Image.Image:
    photo = _ground(ground, rng)
    middle = [(room - used) // 2 for room, used in zip(_SIZE, garment.size, strict=True)]
    at = (middle[0] + int(rng.integers(-12, 13)), middle[1] + int(rng.integers(-60, 61)))
    cover = Image.new("L", _SIZE)
    cover.paste(garment.getchannel("A"), at)
    shadow = ImageChops.offset(cover, 9, 14).filter(ImageFilter.GaussianBlur(13))
    photo.paste(_SHADOW, mask=shadow.point([level * 0.42 for level in range(256)]))
    photo.paste(garment, at, garment)
    return photo


def _ground(rgb: RGB, rng: np.random.Generator) -> Image.Image:
    """A plain surface: light falling off to one side, soft unevenness, and the grain of a small sensor."""
    width, height = _SIZE
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    light = 1 + rng.uniform(-0.06, 0.06) * across + rng.uniform(-0.06, 0.06) * down - 0.05 * (across**2 + down**2)
    coarse = Image.fromarray(rng.normal(0, 0.011, (8, 6)).astype(np.float32))
    light = light + np.asarray(coarse.resize(_SIZE, Image.Resampling.BICUBIC))
    grain = rng.normal(0, 2.0, (height, width))
    surface = light[..., None] * np.array(rgb) + grain[..., None]
    return Image.fromarray(surface.clip(0, 255).astype(np.uint8))


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
