"""What an invented shop has on its shelves: every product's kind, look, name, brand and price."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from catalog_jobs.demo.drawing.articles import ARTICLES, Article
from catalog_jobs.demo.drawing.palette import COLOURS, Colour, Look, Pattern

_Option = TypeVar("_Option")

_FIRST_ID = 10_001
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
# What goes with what: an accent that neither disappears on its colour nor shouts at it.
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
    """One product of the catalog, and how it looks."""

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
        """Its line of products.csv."""
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
            "currency": "EUR",
            "url": f"https://shop.example/products/{self.id}",
        }


def assortment(items: int, seed: int) -> list[Product]:
    """The same products for the same seed; every kind comes as often as its share says."""
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
