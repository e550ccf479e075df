"""The pictures, names and categories that the first encoder is fitted on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog_jobs.dataset import in_training_split, labelled_rows
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoding import Garment
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

WORN = ("Apparel", "Footwear", "Accessories")
LEAST_OF_A_CATEGORY = 10
"""Training products; of fewer nothing can be learnt."""

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


@dataclass(frozen=True)
class Example:
    """A labelled garment that is still on disk; people's own photos have no name."""

    path: Path
    name: str
    category: str

    def garment(self) -> Garment:
        return Garment(photo_decoder(Settings())(self.path.read_bytes()), self.name)


@dataclass(frozen=True)
class TrainingData:
    """Products that models may learn from, products to measure by, and user photos of both kinds."""

    products: Sequence[Example]
    held_out_products: Sequence[Example]
    user_photos: Sequence[Example]
    held_out_user_photos: Sequence[Example]
    categories: tuple[str, ...]


def read_training_data(products: Path, user_photos: Path | None) -> TrainingData:
    """Read a folder with ``products.csv`` and ``images/``, and one with ``train/`` and ``validation/``.

    Raises:
        InvalidInput: the products are no labelled dataset.
        FailedPrecondition: no category has enough of them.
    """
    rows = [row for row in labelled_rows(products) if row["masterCategory"] in WORN]
    train = [_product(products, row) for row in rows if in_training_split(row["productDisplayName"])]
    held_out = [_product(products, row) for row in rows if not in_training_split(row["productDisplayName"])]
    counts = Counter(example.category for example in train)
    categories = tuple(name for name, n in counts.most_common() if n >= LEAST_OF_A_CATEGORY)
    if not categories:
        raise FailedPrecondition(f"{products.name}: no category has {LEAST_OF_A_CATEGORY} products to learn from.")
    return TrainingData(
        _known(train, categories),
        _known(held_out, categories),
        _known(_user_photos(user_photos, "train"), categories),
        _known(_user_photos(user_photos, "validation"), categories),
        categories,
    )


def _product(folder: Path, row: dict[str, str]) -> Example:
    return Example(folder / "images" / f"{row['id']}.jpg", row["productDisplayName"], row["subCategory"])


def _user_photos(folder: Path | None, part: str) -> list[Example]:
    if folder is None:
        return []
    paths = sorted((folder / part).glob("*/*"))
    return [Example(p, "", CATEGORY_OF_CLASS[p.parent.name]) for p in paths if p.parent.name in CATEGORY_OF_CLASS]


def _known(examples: Sequence[Example], categories: Sequence[str]) -> list[Example]:
    return [example for example in examples if example.category in categories]
