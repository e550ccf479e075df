"""The drawn catalog: the products of an invented shop, written as products.csv and images/."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from catalog_jobs.demo.drawing.articles import ARTICLES, Article
from catalog_jobs.demo.drawing.cloth import COLOURS, Colour, Look, Pattern
from catalog_jobs.demo.drawing.folder import DrawnFolder
from catalog_jobs.demo.drawing.sheet import Sheet

_Option = TypeVar("_Option")

_FIRST_ID = 10_001
_REDUCED, _DISCOUNT = 6, 0.2
"""Every so many products are reduced, by this share of their list price."""

_BRANDS = {
    "Casual": ("Northfold", "Alder Row", "Tideway", "Birch & Bone", "Casa Brisa", "Lumen Works"),
    "Formal": ("Harrow & Finch", "Monmartin", "Solvane", "Northfold"),
    "Sports": ("Kestrel", "Paceline", "Tideway"),
}
_PATTERN_WORDS: dict[Pattern, str] = {
    "plain": "",
    "stripes": "Striped",
    "checks": "Checked",
    "dots": "Dotted",
    "block": "Colour Block",
    "print": "Floral",
    "denim": "Washed",
    "knit": "Ribbed",
}
_SEASONS = {
    "Sweaters": "Winter",
    "Sweatshirts": "Fall",
    "Jackets": "Winter",
    "Shorts": "Summer",
    "Sandals": "Summer",
    "Flip Flops": "Summer",
    "Dresses": "Summer",
    "Tops": "Summer",
}  # fmt: skip
# Accents that go with each colour: visible on it, and not garish.
_ACCENTS = {
    "White": ("Navy Blue", "Red", "Blue", "Black", "Green"),
    "Black": ("White", "Grey", "Red", "Beige"),
    "Grey": ("White", "Navy Blue", "Black", "Yellow"),
    "Navy Blue": ("White", "Red", "Beige", "Blue"),
    "Blue": ("White", "Navy Blue", "Yellow"),
    "Red": ("White", "Navy Blue", "Black"),
    "Green": ("White", "Navy Blue", "Beige"),
    "Olive": ("Beige", "Black", "Orange"),
    "Beige": ("Brown", "Navy Blue", "White", "Maroon"),
    "Brown": ("Beige", "White", "Orange"),
    "Pink": ("White", "Maroon", "Grey", "Red"),
    "Purple": ("White", "Pink", "Grey"),
    "Yellow": ("White", "Grey", "Navy Blue"),
    "Maroon": ("Beige", "White", "Grey"),
    "Orange": ("White", "Navy Blue", "Grey"),
}


@dataclass(frozen=True)
class Product:
    """One product of the catalog, with its look."""

    id: int
    article: Article
    look: Look
    gender: str
    usage: str
    season: str
    year: int
    brand: str
    price: float
    name: str

    def row(self) -> dict[str, str]:
        """Return its row of products.csv."""
        return {
            "id": str(self.id),
            "gender": self.gender,
            "masterCategory": self.article.master_category,
            "subCategory": self.article.sub_category,
            "articleType": self.article.type,
            "baseColour": self.look.colour.name,
            "season": self.season,
            "year": str(self.year),
            "usage": self.usage,
            "productDisplayName": self.name,
            "brand": self.brand,
            "price": f"{self.price:.2f}",
            "list_price": f"{self.price / (1 - _DISCOUNT):.2f}" if self.id % _REDUCED == 0 else "",
            "currency": "EUR",
            "url": f"https://shop.example/products/{self.id}",
        }


def assortment(items: int, seed: int) -> list[Product]:
    """Return the shop's products, each kind in proportion to its share; the same for the same seed."""
    shares = np.array([article.share for article in ARTICLES])
    counts = np.floor(np.cumsum(shares) / shares.sum() * items + 0.5).astype(int)
    kinds = np.searchsorted(counts, np.arange(items), side="right")
    rng = np.random.default_rng(seed)
    rng.shuffle(kinds)
    return [_product(_FIRST_ID + place, ARTICLES[kind], rng) for place, kind in enumerate(kinds)]


def one_of(options: Sequence[_Option], rng: np.random.Generator) -> _Option:
    """Any of them, each as likely as the others."""
    return options[int(rng.integers(len(options)))]


def accent_for(colour: Colour, rng: np.random.Generator) -> Colour:
    """A second colour that goes with the first."""
    return COLOURS[one_of(_ACCENTS[colour.name], rng)]


def _product(number: int, article: Article, rng: np.random.Generator) -> Product:
    colour = COLOURS[one_of(article.colours, rng)]
    look = Look(colour, accent_for(colour, rng), one_of(article.patterns, rng), float(rng.random()))
    gender, usage = one_of(article.genders, rng), one_of(article.usages, rng)
    brand = one_of(_BRANDS[usage], rng)
    words = (brand, gender, _PATTERN_WORDS[look.pattern], colour.name, article.noun)
    return Product(
        id=number,
        article=article,
        look=look,
        gender=gender,
        usage=usage,
        season=_SEASONS.get(article.type) or one_of(("Spring", "Summer", "Fall"), rng),
        year=int(rng.integers(2024, 2027)),
        brand=brand,
        price=int(rng.integers(article.prices[0], article.prices[1])) + one_of((0.0, 0.5, 0.9, 0.95), rng),
        name=" ".join(word for word in words if word),
    )


_PIXELS = 224
_QUALITY = 88


def draw_catalog(
    directory: Path, *, items: int = 360, seed: int = 7, progress: Callable[[int, int], None] | None = None
) -> None:
    """Draw ``items`` products into a folder that can be imported as a catalog.

    The same seed draws the same pictures. Does nothing if the folder is complete; starts over if an earlier call was
    interrupted. ``progress`` is called with the number of drawn products and of all. Raises `InvalidInput` if the
    folder has a catalog that was not drawn.
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
    """Draw a product on white, as shops show them; return a JPEG of 224 x 224 pixels."""
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
