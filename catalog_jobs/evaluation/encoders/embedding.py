"""Pictures to encodings, many at a time, by the photo alone and with a name."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.encoders.material import Decode
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.domain.encoder.encoding import Encoder, Encoding, FloatArray, Garment
from closetspace.services.embed_catalog import BATCH, Progress

_T = TypeVar("_T")


def garment_of(product: LabelledProduct, decode: Decode) -> Garment:
    """Decode a product's picture, and put its name and brand to it."""
    return Garment(decode(product.picture.read_bytes()), product.item.name, product.item.brand)


def embed_products(
    encoder: Encoder, products: Sequence[LabelledProduct], decode: Decode, progress: Progress
) -> tuple[list[Encoding], list[Encoding]]:
    """Encode products, all of which can be decoded: by the photo alone, then with their names."""
    alone: list[Encoding] = []
    named: list[Encoding] = []

    def encode(batch: Sequence[LabelledProduct]) -> tuple[list[Encoding], list[Encoding]]:
        return _encode_both(encoder, [garment_of(product, decode) for product in batch])

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for by_photo, by_both in pool.map(encode, _batches(products)):
            alone += by_photo
            named += by_both
            progress(len(alone), len(products))
    return alone, named


def embed_photos(encoder: Encoder, photos: Sequence[Path], decode: Decode, progress: Progress) -> FloatArray:
    """Encode photos without a name: ``(n, dim)``."""
    return _embed(encoder, photos, lambda path: Garment(decode(path.read_bytes())), progress)


def embed_texts(encoder: Encoder, texts: Sequence[str], progress: Progress) -> FloatArray:
    """Encode texts as names without a photo: ``(n, dim)``."""
    return _embed(encoder, texts, lambda text: Garment(None, name=text), progress)


def _embed(encoder: Encoder, things: Sequence[_T], garment: Callable[[_T], Garment], progress: Progress) -> FloatArray:
    found: list[Encoding] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for encodings in pool.map(lambda batch: encoder.encode([garment(thing) for thing in batch]), _batches(things)):
            found += encodings
            progress(len(found), len(things))
    return vectors(found).reshape(len(things), encoder.descriptor.dim)


def vectors(encodings: Sequence[Encoding]) -> FloatArray:
    """Return their vectors as ``(n, dim) float32``."""
    return np.array([encoding.vector for encoding in encodings], np.float32)


def _batches(things: Sequence[_T]) -> list[Sequence[_T]]:
    return [things[start : start + BATCH] for start in range(0, len(things), BATCH)]


def _encode_both(encoder: Encoder, garments: Sequence[Garment]) -> tuple[list[Encoding], list[Encoding]]:
    if not isinstance(encoder, OnnxEncoder):
        return encoder.encode([Garment(garment.picture) for garment in garments]), encoder.encode(garments)
    # What the image network saw serves both; only the fusion, a hundredth of the work, runs twice.
    features = encoder.features(garments)
    nameless = features | {key: np.zeros_like(features[key]) for key in ("text", "has_text")}
    return encoder.fuse(nameless), encoder.fuse(features)
