"""What the autoencoder learns from: products with a picture that can be read, in three parts."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog_jobs.evaluation.datasets.products import in_training_split, labelled_rows
from closetspace.adapters.images.resizing import square
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, USAGE, Framing
from closetspace.domain.encoder.encoding import Garment, Picture
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings

SIDE = 224
"""Pixels of the square that is encoded and reconstructed: what ResNet50 was trained with."""

COLUMNS = {CATEGORY: "subCategory", COLOUR: "baseColour", GENDER: "gender", USAGE: "usage"}
LEAST_OF_A_LABEL = 10
"""Training products; of fewer nothing can be learnt."""


@dataclass(frozen=True)
class Product:
    """A product whose picture can be read; ``labels`` are words by attribute, empty where nothing is known."""

    path: Path
    name: str
    brand: str
    labels: Mapping[str, str]

    def picture(self) -> Picture:
        """Return the square that is encoded, ``(SIDE, SIDE, 3) uint8``."""
        return square(photo_decoder(Settings())(self.path.read_bytes()), SIDE, Framing.CENTRE)

    def garment(self) -> Garment:
        """Return its text alone."""
        return Garment(None, self.name, self.brand)


@dataclass(frozen=True)
class Products:
    """Three fifths to train with, a fifth to stop and to calibrate by, and a fifth that only results are told of."""

    train: Sequence[Product]
    validation: Sequence[Product]
    test: Sequence[Product]

    def all(self) -> list[Product]:
        return [*self.train, *self.validation, *self.test]

    def digest(self) -> str:
        """Return what tells these products from others, whatever folder they lie in."""
        lines = (f"{product.path.name}\t{product.name}\n" for product in self.all())
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]

    def vocabulary(self) -> dict[str, tuple[str, ...]]:
        """Return the labels that there are enough products of, the most frequent first; no attribute without any."""
        words = {attribute: _frequent(p.labels[attribute] for p in self.all()) for attribute in COLUMNS}
        return {attribute: labels for attribute, labels in words.items() if labels}


def read_products(folder: Path, tell: Callable[[str], None]) -> Products:
    """Read the training split of a labelled product folder; ``tell`` hears how many pictures are left out.

    Raises:
        InvalidInput: the folder is no labelled dataset.
        FailedPrecondition: one of the three parts is left without a picture.
    """
    found = [_product(folder, row) for row in labelled_rows(folder) if in_training_split(row["productDisplayName"])]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        readable = list(threads.map(_is_readable, found))
    products = [product for product, fine in zip(found, readable, strict=True) if fine]
    if len(products) < len(found):
        tell(f"Left out {len(found) - len(products)} of {len(found)} products: no picture that can be read")
    parts: tuple[list[Product], ...] = ([], [], [])
    for product in products:
        parts[_part(product.name)].append(product)
    if not all(parts):
        raise FailedPrecondition(
            f"{folder} has {len(products)} products to learn from with a picture that can be read, which is too few:"
            " training, validation and test need some each. Pictures are images/<id>.jpg."
        )
    return Products(*parts)


def squares(products: Sequence[Product]) -> Picture:
    """Stack pictures: ``(n, SIDE, SIDE, 3) uint8``."""
    return np.stack([product.picture() for product in products])


def _product(folder: Path, row: Mapping[str, str]) -> Product:
    labels = {attribute: row.get(column, "") for attribute, column in COLUMNS.items()}
    picture = folder / "images" / f"{row['id']}.jpg"
    return Product(picture, row["productDisplayName"], row.get("brand", ""), labels)


def _is_readable(product: Product) -> bool:
    try:
        product.picture()
    except (OSError, ValueError, InvalidInput):
        return False
    return product.path.parent.name == "images"  # an id with a path in it leads elsewhere


def _part(name: str) -> int:
    digest = hashlib.sha256(name.strip().lower().encode()).hexdigest()
    return (0, 0, 0, 1, 2)[int(digest, 16) % 5]


def _frequent(words: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(word for word in words if word and word != "NA")
    return tuple(word for word, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])) if n >= LEAST_OF_A_LABEL)
