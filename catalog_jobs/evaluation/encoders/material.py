"""What encoders are measured on: an inventory of products, and people's photos by class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from catalog_jobs.evaluation.datasets.fashion_labels import TYPES_OF_CLASS
from catalog_jobs.evaluation.datasets.products import LabelledProduct, Side, read_inventory
from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress

Decode = Callable[[bytes], Picture]

# What models learn from has no such type; a dataset that nobody has seen may.
_SOLD_AS = {**TYPES_OF_CLASS, "outwear": TYPES_OF_CLASS["outwear"] | {"Nehru Jackets"}}
_FOOTWEAR = frozenset({"Shoes", "Sandal", "Flip Flops"})
_T = TypeVar("_T")


@dataclass(frozen=True)
class Photo:
    """A person's photo, and the class that its folder names."""

    path: Path
    kind: str

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.path.name}"


@dataclass(frozen=True)
class Material:
    """Everything in it can be decoded; ``left_out`` says what could not, or was no use, and why."""

    products: list[LabelledProduct]
    train: list[Photo]
    validation: list[Photo]
    left_out: list[tuple[str, str]]


def read_material(
    dataset: Path, photos: Path | None, side: Side, limit: int | None, decode: Decode, progress: Progress
) -> Material:
    """Read a labelled dataset, and ``train/`` and ``validation/`` of a folder of photos, a folder a class.

    ``limit`` takes at most so many products, and photos of each part, evenly. Raises `InvalidInput` when the dataset
    or the photos are none, or none can be decoded.
    """
    inventory = read_inventory(dataset, side)
    products = _evenly(inventory.products, limit)
    train = _evenly(_photos(photos, "train"), limit) if photos else []
    validation = _evenly(_photos(photos, "validation"), limit) if photos else []
    if photos and not validation:
        raise InvalidInput("photos_empty", f"{photos} holds no photos to measure: it needs validation/CLASS/FILE.")
    left_out = list(inventory.left_out)
    paths = [product.picture for product in products] + [photo.path for photo in [*train, *validation]]
    problems = _undecodable(paths, decode, progress)
    left_out += [("/".join(path.parts[-2:]), why) for path, why in problems.items()]
    products = [product for product in products if product.picture not in problems]
    if not products:
        raise InvalidInput("dataset_empty", f"No picture of {dataset} can be read.")
    return Material(
        products,
        [photo for photo in train if photo.path not in problems],
        [photo for photo in validation if photo.path not in problems],
        left_out,
    )


def can_be_sold(kind: str) -> bool:
    """Whether it is known what products fit photos of a class."""
    return kind in _SOLD_AS


def fits(kind: str, product: LabelledProduct) -> bool:
    """Whether a product is what photos of a class show: by its article type, footwear by its sub-category."""
    if kind == "shoes" and product.label("subCategory"):
        return product.label("subCategory") in _FOOTWEAR
    return product.label("articleType") in _SOLD_AS[kind]


def evenly_over_classes(photos: Sequence[Photo], count: int) -> list[int]:
    """Return the indices of ``count`` photos: as many of each class as of the others, as far as there are."""
    by_class: dict[str, list[int]] = {}
    for index, photo in enumerate(photos):
        by_class.setdefault(photo.kind, []).append(index)
    rounds = range(max((len(indices) for indices in by_class.values()), default=0))
    chosen = [indices[turn] for turn in rounds for indices in by_class.values() if turn < len(indices)]
    return sorted(chosen[:count])


def _photos(folder: Path, part: str) -> list[Photo]:
    files = sorted((folder / part).glob("*/*"))
    return [Photo(path, path.parent.name) for path in files if path.is_file()]


def _evenly(things: list[_T], limit: int | None) -> list[_T]:
    if limit is None or len(things) <= limit:
        return things
    return [things[number * len(things) // limit] for number in range(limit)]


def _undecodable(paths: Sequence[Path], decode: Decode, progress: Progress) -> dict[Path, str]:
    """Try all once, so that every encoder sees the same."""
    problems = {}
    for done, path in enumerate(paths, start=1):
        try:
            decode(path.read_bytes())
        except InvalidInput as error:
            problems[path] = error.message
        progress(done, len(paths))
    return problems
