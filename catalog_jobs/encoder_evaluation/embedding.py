"""Pictures to encodings, many at a time, by the photo alone and with a name."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from catalog_jobs.encoder_evaluation.material import Decode
from catalog_jobs.labelled_products import LabelledProduct
from closetspace.adapters.onnx_encoder import OnnxEncoder
from closetspace.domain.encoding import Encoder, Encoding, FloatArray, Garment
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
    found: list[Encoding] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for encodings in pool.map(
            lambda batch: encoder.encode([Garment(decode(path.read_bytes())) for path in batch]), _batches(photos)
        ):
            found += encodings
            progress(len(found), len(photos))
    return vectors(found).reshape(len(photos), encoder.descriptor.dim)


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
