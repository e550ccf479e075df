"""Writes a drawn wardrobe: photos of what one person with a taste for navy and white owns."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog_jobs.demo.drawing.articles import ARTICLES
from catalog_jobs.demo.drawing.folder import DrawnFolder
from catalog_jobs.demo.drawing.palette import COLOURS, RGB, Look, Pattern
from catalog_jobs.demo.drawing.photos import SUFFIXES, Format, Scene, take_photo

_ARTICLES = {article.type: article for article in ARTICLES}
_LINEN: RGB = (226, 221, 212)
_OAK: RGB = (188, 158, 122)
_CONCRETE: RGB = (168, 168, 166)
_SHEET: RGB = (236, 236, 238)


@dataclass(frozen=True)
class _Owned:
    """One thing in the wardrobe; name and brand are what its owner typed, or left out."""

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

    Among them are a JPEG that EXIF turns, a PNG with transparency and a WebP. The same seed draws the same
    photos; returns at once where that was done before. More photos than the wardrobe has things are more
    photos of the same things.

    Raises:
        InvalidInput: the folder holds a wardrobe that was not drawn.
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
