"""What the fashion encoder learns from: products, people's photos, their labels, and the views of them it meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from catalog_jobs.dataset import in_training_split, labelled_rows, split_bucket
from catalog_jobs.training.extra import train_module
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoding import Picture
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

WORN = ("Apparel", "Footwear", "Accessories")
LEAST_OF_A_LABEL = 10
"""Training products; of fewer nothing can be learnt."""

TASKS = ("article", "colour", "gender", "usage")
COLUMNS = {
    "article": "articleType",
    "colour": "baseColour",
    "gender": "gender",
    "usage": "usage",
    "category": "subCategory",
}

SHOES = frozenset({"Casual Shoes", "Sports Shoes", "Heels", "Sandals", "Formal Shoes", "Flats", "Flip Flops"})
CATEGORY_OF_CLASS = {
    "dress": "Dress",
    "hat": "Headwear",
    "longsleeve": "Topwear",
    "outwear": "Topwear",
    "shirt": "Topwear",
    "t-shirt": "Topwear",
    "pants": "Bottomwear",
    "shorts": "Bottomwear",
    "skirt": "Bottomwear",
    "shoes": "Shoes",
}
"""The folders of the user photos, in the words of the products' ``subCategory``."""

TYPES_OF_CLASS = {
    "dress": frozenset({"Dresses"}),
    "hat": frozenset({"Caps", "Hat"}),
    "longsleeve": frozenset({"Tshirts", "Sweatshirts", "Sweaters", "Tops"}),
    "outwear": frozenset({"Jackets", "Sweaters", "Sweatshirts", "Blazers", "Rain Jacket", "Waistcoat"}),
    "pants": frozenset({"Jeans", "Trousers", "Track Pants", "Capris", "Leggings", "Jeggings", "Tights"}),
    "shirt": frozenset({"Shirts"}),
    "shoes": SHOES,
    "shorts": frozenset({"Shorts"}),
    "skirt": frozenset({"Skirts"}),
    "t-shirt": frozenset({"Tshirts", "Tops"}),
}
"""The folders of the user photos, in the words of the products' ``articleType``: what a class may be sold as."""

CLASSES = tuple(sorted(TYPES_OF_CLASS))
UNKNOWN = -1

_HELD_OUT_BUCKET = 6  # of the seven training buckets: chooses recipes and calibrates, so that the eval split need not
_HELD_OUT_PHOTOS = 10  # one photo in so many
_WHITE = 243  # a product's background is lighter than this in every channel
_PATCH = 48  # pixels of a person's photo that become the background of a product


@dataclass(frozen=True)
class Example:
    """A labelled picture on disk. ``labels`` are indices by task, ``UNKNOWN`` where nothing is known.

    ``types`` are the article types it may be: one of a product, several of a person's photo; ``classes`` the
    classes of photos that it may stand in: one of a photo, several or none of a product.
    """

    path: Path
    name: str
    labels: Mapping[str, int]
    types: frozenset[int]
    classes: frozenset[int]
    user_class: int = UNKNOWN

    @property
    def is_product(self) -> bool:
        return self.user_class == UNKNOWN

    def picture(self) -> Picture:
        picture: Picture = photo_decoder(Settings())(self.path.read_bytes())
        return picture


@dataclass(frozen=True)
class FashionData:
    """Examples to learn from, examples held out of the training split, and the words that labels index."""

    train: Sequence[Example]
    held_out: Sequence[Example]
    vocabulary: Mapping[str, tuple[str, ...]]


def read_fashion_data(products: Path, user_photos: Path | None) -> FashionData:
    """Read the training split of a labelled product folder, and ``train/`` of a folder of photos by class.

    Raises:
        InvalidInput: the products are no labelled dataset.
        FailedPrecondition: no label has enough of them.
    """
    rows = [
        row
        for row in labelled_rows(products, needed=COLUMNS.values())
        if row["masterCategory"] in WORN and in_training_split(row["productDisplayName"])
    ]
    vocabulary = {task: _frequent(row[column] for row in rows) for task, column in COLUMNS.items()}
    if not all(vocabulary.values()):
        raise FailedPrecondition(f"{products.name}: no label has {LEAST_OF_A_LABEL} products to learn from.")
    index = {task: {word: i for i, word in enumerate(words)} for task, words in vocabulary.items()}
    train: list[Example] = []
    held_out: list[Example] = []
    for row in rows:
        part = held_out if split_bucket(row["productDisplayName"]) == _HELD_OUT_BUCKET else train
        part.append(_product(products, row, index))
    for number, photo in enumerate(_user_photos(user_photos, index)):
        (train if number % _HELD_OUT_PHOTOS else held_out).append(photo)
    return FashionData(train, held_out, vocabulary)


def _frequent(words: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(word for word in words if word and word != "NA")
    return tuple(word for word, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])) if n >= LEAST_OF_A_LABEL)


def _product(folder: Path, row: Mapping[str, str], index: Mapping[str, Mapping[str, int]]) -> Example:
    labels = {task: index[task].get(row[column], UNKNOWN) for task, column in COLUMNS.items()}
    types = frozenset() if labels["article"] == UNKNOWN else frozenset({labels["article"]})
    classes = frozenset(i for i, name in enumerate(CLASSES) if row["articleType"] in TYPES_OF_CLASS[name])
    picture = folder / "images" / f"{row['id']}.jpg"
    return Example(picture, row["productDisplayName"], labels, types, classes)


def _user_photos(folder: Path | None, index: Mapping[str, Mapping[str, int]]) -> list[Example]:
    if folder is None:
        return []
    paths = sorted((folder / "train").glob("*/*"))
    return [_user_photo(path, index) for path in paths if path.parent.name in TYPES_OF_CLASS]


def _user_photo(path: Path, index: Mapping[str, Mapping[str, int]]) -> Example:
    name = path.parent.name
    user_class = CLASSES.index(name)
    category = index["category"].get(CATEGORY_OF_CLASS[name], UNKNOWN)
    types = frozenset(index["article"][t] for t in TYPES_OF_CLASS[name] if t in index["article"])
    labels = dict.fromkeys(COLUMNS, UNKNOWN) | {"category": category}
    return Example(path, "", labels, types, frozenset({user_class}), user_class)


@dataclass(frozen=True)
class Views:
    """Makes training views of ``side`` pixels: cut, turned, lit otherwise, products also before other backgrounds.

    ``backgrounds`` are people's photos, of which a corner, blown up, makes a background; without them products
    stay on white.
    """

    side: int
    backgrounds: Sequence[Path] = ()

    def view(self, example: Example, random: np.random.Generator) -> tuple[Picture, NDArray[np.float32] | None]:
        """Return ``(side, side, 3) uint8``, and of products how much of each cell of a 7 x 7 grid is garment."""
        picture = Image.fromarray(example.picture())
        if not example.is_product:
            return np.asarray(_crop(picture, random, self.side)), None
        mask = Image.fromarray(foreground(np.asarray(picture)))
        if self.backgrounds and random.random() < 0.5:
            picture, mask = self._moved(picture, mask, random)
        state = random.bit_generator.state
        view = _crop(picture, random, self.side)
        random.bit_generator.state = state
        seen = _crop(mask, random, self.side, light=False)
        cells = np.asarray(seen.resize((7, 7), Image.Resampling.BOX), np.float32) / np.float32(255)
        return np.asarray(view), cells

    def _moved(
        self, picture: Image.Image, mask: Image.Image, random: np.random.Generator
    ) -> tuple[Image.Image, Image.Image]:
        other = Image.open(self.backgrounds[int(random.integers(len(self.backgrounds)))]).convert("RGB")
        left, top = (int(random.choice([0, max(0, edge - _PATCH)])) for edge in other.size)
        box = (left, top, left + _PATCH, top + _PATCH)
        scene = other.resize(picture.size, Image.Resampling.BILINEAR, box=_within(box, other.size))
        soft = mask.filter(ImageFilter.GaussianBlur(1))
        return Image.composite(picture, scene, soft), mask


def _within(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    return box[0], box[1], min(box[2], size[0]), min(box[3], size[1])


def foreground(picture: Picture) -> NDArray[np.uint8]:
    """Mask of what is not the white around a product, holes filled: ``(h, w) uint8``, 255 for garment."""
    ndimage = train_module("scipy.ndimage")
    filled = ndimage.binary_fill_holes(picture.min(axis=2) < _WHITE)
    mask: NDArray[np.uint8] = filled.astype(np.uint8) * np.uint8(255)
    return mask


def _crop(picture: Image.Image, random: np.random.Generator, side: int, light: bool = True) -> Image.Image:
    """Cut a random part, perhaps mirrored, a little turned: one resampling of the original."""
    width, height = picture.size
    area = width * height * random.uniform(0.45, 1.0)
    aspect = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
    w, h = min(width, (area * aspect) ** 0.5), min(height, (area / aspect) ** 0.5)
    x, y = random.uniform(0, width - w), random.uniform(0, height - h)
    mirrored, angle = random.random() < 0.5, random.normal(0, 0.08)
    gain, tint = random.uniform(0.85, 1.15), random.uniform(0.95, 1.05, 3)
    cos, sin = np.cos(angle) / side, np.sin(angle) / side
    sign = -1 if mirrored else 1
    a, b, d, e = sign * w * cos, -w * sin, sign * h * sin, h * cos
    c, f = x + w / 2 - (a + b) * side / 2, y + h / 2 - (d + e) * side / 2
    fill = (255, 255, 255) if picture.mode == "RGB" else 0
    cut = picture.transform(
        (side, side), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR, fillcolor=fill
    )
    if not light:
        return cut
    lit = np.asarray(cut, np.float32) * (gain * tint)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
