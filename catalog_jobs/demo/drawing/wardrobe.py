"""The drawn wardrobe: phone photos of what a person with a taste for navy and white owns."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from catalog_jobs.demo.drawing.articles import ARTICLES, Article
from catalog_jobs.demo.drawing.cloth import COLOURS, RGB, Look, Pattern
from catalog_jobs.demo.drawing.folder import DrawnFolder
from catalog_jobs.demo.drawing.sheet import Sheet

Format = Literal["jpeg", "turned", "png", "webp"]
SUFFIXES: dict[Format, str] = {"jpeg": ".jpg", "turned": ".jpg", "png": ".png", "webp": ".webp"}

_SIZE = (960, 1280)
_ORIENTATION, _TURN_RIGHT = 0x0112, 6  # EXIF: to be turned by 90 degrees clockwise before it is shown
_SHADOW: RGB = (40, 38, 46)


@dataclass(frozen=True)
class Scene:
    """What is photographed, the background, and the file format."""

    article: Article
    look: Look
    ground: RGB
    format: Format = "jpeg"


def take_photo(scene: Scene, rng: np.random.Generator) -> bytes:
    """Return the bytes of a photo; a PNG shows the garment on a transparent background."""
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
    """Draw the garment, slightly turned and scaled, on a transparent background."""
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
    """Return a plain surface with uneven light and sensor noise."""
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


_ARTICLES = {article.type: article for article in ARTICLES}
_LINEN: RGB = (226, 221, 212)
_OAK: RGB = (188, 158, 122)
_CONCRETE: RGB = (168, 168, 166)
_SHEET: RGB = (236, 236, 238)


@dataclass(frozen=True)
class _Owned:
    """One thing in the wardrobe; name and brand are as its owner typed them, or empty."""

    type: str
    colour: str
    accent: str
    name: str
    brand: str
    ground: RGB
    pattern: Pattern = "plain"
    format: Format = "jpeg"
    cut: float = 0.2


_WARDROBE = (
    _Owned("Tshirts", "White", "Navy Blue", "Striped navy T-shirt", "Tideway", _OAK, "stripes"),
    _Owned("Shirts", "White", "Blue", "White Oxford shirt", "Northfold", _CONCRETE, format="turned", cut=0.5),
    _Owned("Jeans", "Navy Blue", "Blue", "Dark blue jeans", "Alder Row", _LINEN, "denim"),
    _Owned("Casual Shoes", "White", "Navy Blue", "White sneakers", "Tideway", _OAK),
    _Owned("Sweaters", "Navy Blue", "White", "Navy sweater", "Birch & Bone", _SHEET, "knit", "png"),
    _Owned("Shirts", "Blue", "White", "Checked blue shirt", "", _LINEN, "checks", "webp"),
    _Owned("Trousers", "Beige", "Brown", "Beige chinos", "Lumen Works", _SHEET),
    _Owned("Sports Shoes", "Navy Blue", "White", "", "Kestrel", _SHEET),
    _Owned("Jackets", "Navy Blue", "Grey", "Quilted navy jacket", "Northfold", _LINEN, cut=0.8),
    _Owned("Watches", "Brown", "White", "", "", _SHEET, cut=0.7),
    _Owned("Backpacks", "Navy Blue", "Navy Blue", "Navy backpack", "Tideway", _OAK),
    _Owned("Belts", "Brown", "Brown", "Brown belt", "Solvane", _SHEET),
    _Owned("Caps", "Navy Blue", "White", "Navy cap", "Paceline", _LINEN),
    _Owned("Shorts", "Navy Blue", "White", "Navy shorts", "Casa Brisa", _SHEET),
)


def draw_wardrobe(directory: Path, *, photos: int = 10, seed: int = 7) -> None:
    """Photograph ``photos`` garments into a folder, with their names and brands in wardrobe.csv.

    Among them are a JPEG with EXIF rotation, a PNG with transparency and a WebP. The same seed takes the same photos;
    does nothing if the folder is complete. Beyond the size of the wardrobe the garments repeat. Raises `InvalidInput`
    if the folder has a wardrobe that was not drawn.
    """
    folder = DrawnFolder(directory, "wardrobe.csv", {"photos": photos, "seed": seed})
    if folder.is_finished():
        return
    folder.begin()
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("file", "name", "brand"))
    for number in range(photos):
        owned = _WARDROBE[number % len(_WARDROBE)]
        file = f"{number + 1:02}-{owned.type.lower().replace(' ', '-')}{SUFFIXES[owned.format]}"
        folder.write(file, take_photo(_scene(owned), np.random.default_rng([seed, number])))
        writer.writerow((file, owned.name, owned.brand))
    folder.write("wardrobe.csv", table.getvalue().encode())
    folder.finish()


def _scene(owned: _Owned) -> Scene:
    look = Look(COLOURS[owned.colour], COLOURS[owned.accent], owned.pattern, owned.cut)
    return Scene(_ARTICLES[owned.type], look, owned.ground, owned.format)
