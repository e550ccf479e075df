"""Writes a drawn catalog: products.csv and images/."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from catalog_jobs.demo.drawing.assortment import Product, assortment
from catalog_jobs.demo.drawing.folder import DrawnFolder
from catalog_jobs.demo.drawing.sheet import Sheet

_PIXELS = 224
_QUALITY = 88


def draw_catalog(
    directory: Path, *, items: int = 360, seed: int = 7, progress: Callable[[int, int], None] | None = None
) -> None:
    """Draw ``items`` products into a folder that can be imported as a catalog.

    The same seed draws the same pictures. Returns at once where that was done before, and starts over where
    it was cut off. ``progress`` is told how many are done, of how many.

    Raises:
        InvalidInput: the folder holds a catalog that was not drawn.
    """
    folder = DrawnFolder(directory, "products.csv", {"items": items, "seed": seed})
    if folder.is_finished():
        return
    folder.begin()
    products = assortment(items, seed)
    for done, product in enumerate(products, start=1):
        folder.write(f"images/{product.id}.jpg", product_photo(product, seed))
        if progress:
            progress(done, items)
    folder.write("products.csv", _table(products))
    folder.finish()


def product_photo(product: Product, seed: int) -> bytes:
    """A product in front of white, as shops show them: a JPEG of 224 x 224."""
    rng = np.random.default_rng([seed, product.id])
    sheet = Sheet(product.look, _PIXELS, rng)
    product.article.draw(sheet)
    garment = sheet.finish()
    photo = Image.new("RGB", garment.size, "white")
    photo.paste(garment, mask=garment)
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _table(products: list[Product]) -> bytes:
    rows = [product.row() for product in products]
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()
