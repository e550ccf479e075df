"""The products and photos that encoders are measured on, and their encodings."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from catalog_jobs.evaluation.datasets.fashion_labels import TYPES_OF_CLASS
from catalog_jobs.evaluation.datasets.products import LabelledProduct, Split, read_labelled_products
from catalog_jobs.evaluation.html import Decode
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.domain.encoder.encoding import Encoder, Encoding, Garment
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import BATCH, Progress

# The training products have no Nehru jackets, but other datasets may.
_TYPES_OF_CLASS = {**TYPES_OF_CLASS, "outwear": TYPES_OF_CLASS["outwear"] | {"Nehru Jackets"}}
_FOOTWEAR = frozenset({"Shoes", "Sandal", "Flip Flops"})
_T = TypeVar("_T")


@dataclass(frozen=True)
class ClassPhoto:
    """A person's photo and its class, which is the name of its folder."""

    path: Path
    photo_class: str


@dataclass(frozen=True)
class EncoderDataset:
    """Products and photos that can be decoded. ``left_out`` lists everything unusable, with the reason."""

    products: list[LabelledProduct]
    train: list[ClassPhoto]
    validation: list[ClassPhoto]
    left_out: Sequence[tuple[str, str]]


def read_encoder_dataset(
    dataset: Path, photos: Path | None, split: Split, limit: int | None, decode: Decode, progress: Progress
) -> EncoderDataset:
    """Read labelled products, and photos ``train/CLASS/FILE`` and ``validation/CLASS/FILE``.

    With ``limit``, take at most that many products and photos of each folder, evenly spaced. Raises `InvalidInput` if
    there are no products or no validation photos, or no product picture can be decoded.
    """
    labelled = read_labelled_products(dataset, split)
    products = _evenly_spaced(labelled.products, limit)
    train = _evenly_spaced(_class_photos(photos, "train"), limit) if photos else []
    validation = _evenly_spaced(_class_photos(photos, "validation"), limit) if photos else []
    if photos and not validation:
        raise InvalidInput("photos_empty", f"{photos} contains no photos to measure: it needs validation/CLASS/FILE.")
    paths = [product.picture for product in products] + [photo.path for photo in [*train, *validation]]
    undecodable = _undecodable(paths, decode, progress)
    products = [product for product in products if product.picture not in undecodable]
    if not products:
        raise InvalidInput("dataset_empty", f"No picture of {dataset} can be read.")
    return EncoderDataset(
        products,
        [photo for photo in train if photo.path not in undecodable],
        [photo for photo in validation if photo.path not in undecodable],
        [*labelled.left_out, *(("/".join(path.parts[-2:]), reason) for path, reason in undecodable.items())],
    )


def has_types(photo_class: str) -> bool:
    """Return whether the article types of a photo class are known."""
    return photo_class in _TYPES_OF_CLASS


def is_of_class(product: LabelledProduct, photo_class: str) -> bool:
    """Return whether a product is what photos of a class show: by article type, or for shoes by sub-category."""
    if photo_class == "shoes" and product.label("subCategory"):
        return product.label("subCategory") in _FOOTWEAR
    return product.label("articleType") in _TYPES_OF_CLASS[photo_class]


def balanced_sample(photos: Sequence[ClassPhoto], count: int) -> list[int]:
    """Return the positions of ``count`` photos, equally many of each class as far as possible."""
    by_class: dict[str, list[int]] = {}
    for position, photo in enumerate(photos):
        by_class.setdefault(photo.photo_class, []).append(position)
    rounds = range(max((len(positions) for positions in by_class.values()), default=0))
    chosen = [positions[turn] for turn in rounds for positions in by_class.values() if turn < len(positions)]
    return sorted(chosen[:count])


def decode_garment(product: LabelledProduct, decode: Decode) -> Garment:
    """Return a product as an encoder's input: its picture, name and brand."""
    return Garment(decode(product.picture.read_bytes()), product.item.name, product.item.brand)


def encode_products(
    encoder: Encoder, products: Sequence[LabelledProduct], decode: Decode, progress: Progress
) -> tuple[list[Encoding], list[Encoding]]:
    """Encode products, first by their photos alone, then with their names. All pictures must be decodable."""
    by_photo: list[Encoding] = []
    with_name: list[Encoding] = []

    def encode(batch: Sequence[LabelledProduct]) -> tuple[list[Encoding], list[Encoding]]:
        return _encode_twice(encoder, [decode_garment(product, decode) for product in batch])

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for photo_encodings, name_encodings in pool.map(encode, _batches(products)):
            by_photo += photo_encodings
            with_name += name_encodings
            progress(len(by_photo), len(products))
    return by_photo, with_name


def encode_photos(encoder: Encoder, photos: Sequence[Path], decode: Decode, progress: Progress) -> FloatArray:
    """Return the vectors of photos without names, ``(n, dim)``."""
    return _encode(encoder, photos, lambda path: Garment(decode(path.read_bytes())), progress)


def encode_texts(encoder: Encoder, texts: Sequence[str], progress: Progress) -> FloatArray:
    """Return the vectors of names without photos, ``(n, dim)``."""
    return _encode(encoder, texts, lambda text: Garment(None, name=text), progress)


def vectors(encodings: Sequence[Encoding]) -> FloatArray:
    """Return the vectors of encodings, ``(n, dim) float32``."""
    return np.array([encoding.vector for encoding in encodings], np.float32)


def _encode(
    encoder: Encoder, inputs: Sequence[_T], to_garment: Callable[[_T], Garment], progress: Progress
) -> FloatArray:
    def encode(batch: Sequence[_T]) -> list[Encoding]:
        return encoder.encode([to_garment(value) for value in batch])

    encodings: list[Encoding] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for batch in pool.map(encode, _batches(inputs)):
            encodings += batch
            progress(len(encodings), len(inputs))
    return vectors(encodings).reshape(len(inputs), encoder.descriptor.dim)


def _encode_twice(encoder: Encoder, garments: Sequence[Garment]) -> tuple[list[Encoding], list[Encoding]]:
    if not isinstance(encoder, OnnxEncoder):
        return encoder.encode([Garment(garment.picture) for garment in garments]), encoder.encode(garments)
    # The image network runs once. The fusion, a hundredth of the work, runs twice.
    features = encoder.features(garments)
    without_name = features | {key: np.zeros_like(features[key]) for key in ("text", "has_text")}
    return encoder.fuse(without_name), encoder.fuse(features)


def _class_photos(folder: Path, part: str) -> list[ClassPhoto]:
    files = sorted((folder / part).glob("*/*"))
    return [ClassPhoto(path, path.parent.name) for path in files if path.is_file()]


def _evenly_spaced(values: list[_T], limit: int | None) -> list[_T]:
    if limit is None or len(values) <= limit:
        return values
    return [values[number * len(values) // limit] for number in range(limit)]


def _undecodable(paths: Sequence[Path], decode: Decode, progress: Progress) -> dict[Path, str]:
    """Decode all pictures once, so that every encoder is measured on the same ones; return those that fail."""
    problems = {}
    for done, path in enumerate(paths, start=1):
        try:
            decode(path.read_bytes())
        except InvalidInput as error:
            problems[path] = error.message
        progress(done, len(paths))
    return problems


def _batches(values: Sequence[_T]) -> list[Sequence[_T]]:
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]
