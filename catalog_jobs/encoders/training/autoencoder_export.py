"""From trained weights to the ResNet50 autoencoder's folder: networks to ONNX, heads fitted on what they deliver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.encoders.training.autoencoder_data import SIDE, Product, Products, read_products, squares
from catalog_jobs.encoders.training.autoencoder_fusion import UNKNOWN, AutoencoderFusion, Features, fit_fusion
from catalog_jobs.encoders.training.autoencoder_network import FEATURES, Autoencoder
from catalog_jobs.encoders.training.autoencoder_training import ARCHITECTURE, device, reconstruction_loss
from catalog_jobs.encoders.training.autoencoder_weights import NONE, start_network
from catalog_jobs.encoders.training.calibration import expected_calibration_error
from catalog_jobs.encoders.training.encoder_folder import EncoderCard, finish_encoder
from catalog_jobs.encoders.training.exported import encoded_lines, image_runner
from catalog_jobs.encoders.training.extra import train_module
from catalog_jobs.encoders.training.loop import BEST, load_best
from catalog_jobs.encoders.training.onnx_export import (
    export_fusion_network,
    export_image_network,
    export_text_network,
    least_cosine,
)
from closetspace.adapters.encoder.files import FUSION_NETWORK, IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER
from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.preprocessing import garment_line
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.errors import FailedPrecondition, Incompatible

LINES = (("brand",), ("name",))
TEXT = 384
BLOCKS = {"image": FEATURES, "brand": TEXT, "name": TEXT}
"""As the fusion puts them side by side: the picture, then the lines in their order."""
DIM = sum(BLOCKS.values())

PARITY = 0.9999
"""Least cosine between the features of the ONNX image network and of the torch network that it came from."""

TEXT_PARITY = 0.98
"""The same of the text network, whose weights are int8 in ONNX."""

_COMPARED = 64  # pictures
_BATCH = 16

Progress = Callable[[str], None]


def export_autoencoder(products: Path, run: Path, out: Path, *, progress: Progress) -> dict[str, Any]:
    """Write the encoder's folder and return its manifest; the same run, products and versions give the same files.

    Raises:
        InvalidInput: the products are no labelled dataset, or the run has no trained weights.
        FailedPrecondition: there are too few products to learn categories from.
        Incompatible: the weights are damaged, or the ONNX network does not do what it was made from does.
    """
    data = read_products(products, progress)
    vocabulary = data.vocabulary()
    if CATEGORY not in vocabulary:
        raise FailedPrecondition(f"{products} has no category of which there are enough products to learn it.")
    network = trained_network(run)
    out.mkdir(parents=True, exist_ok=True)
    progress("Exporting the networks")
    export_image_network(network.encoder, SIDE, out / IMAGE_NETWORK)
    export_text_network(out / TEXT_NETWORK, out / TOKENIZER)
    parity = _parity(network.encoder, out / IMAGE_NETWORK, data.test[:_COMPARED])
    train, validation, test = (
        _features(part, vocabulary, out, progress) for part in (data.train, data.validation, data.test)
    )
    progress("Fitting the heads")
    fusion = fit_fusion(train, validation, vocabulary)
    export_fusion_network(fusion, FEATURES, len(LINES), TEXT, tuple(vocabulary), out / FUSION_NETWORK)
    progress("Measuring the reconstruction of the products that nothing was learnt from")
    metrics = {
        "test_reconstruction_loss": round(reconstruction_loss(network.to(device()), data.test), 6),
        "least_cosine_of_onnx_to_torch": round(parity, 6),
        "test_heads": _head_metrics(fusion, test, vocabulary),
    }
    return finish_encoder(out, _card(data, vocabulary, metrics))


def trained_network(run: Path) -> Autoencoder:
    """Return the best network of a training, on the CPU."""
    network = Autoencoder(start_network(NONE))
    weights = load_best(run)
    try:
        network.load_state_dict(weights)
    except RuntimeError as exc:
        raise Incompatible(f"{run / BEST} is of another architecture than {ARCHITECTURE}.") from exc
    network.eval()
    return network


def _card(data: Products, vocabulary: Mapping[str, Sequence[str]], metrics: Mapping[str, Any]) -> EncoderCard:
    return EncoderCard(
        architecture=ARCHITECTURE,
        dim=DIM,
        blocks=BLOCKS,
        side=SIDE,
        lines=LINES,
        heads=vocabulary,
        metrics=metrics,
        about={
            "learnt_from": {
                "train": len(data.train),
                "validation": len(data.validation),
                "test": len(data.test),
                "digest": data.digest(),
            }
        },
    )


def _parity(encoder: Any, exported: Path, products: Sequence[Product]) -> float:
    """Return how alike the two networks' features are; raises `Incompatible` below `PARITY`."""
    torch = train_module("torch")
    with torch.no_grad():
        exact = np.concatenate([encoder(torch.from_numpy(squares(batch))).numpy() for batch in _in_batches(products)])
    cosine = least_cosine(_image_features(exported, products), exact)
    if not cosine >= PARITY:
        raise Incompatible(f"The exported image network differs from the trained one: cosine {cosine}, not {PARITY}")
    return cosine


def _features(
    products: Sequence[Product], vocabulary: Mapping[str, Sequence[str]], folder: Path, progress: Progress
) -> Features:
    progress(f"Encoding {len(products)} products")
    index = {attribute: {word: i for i, word in enumerate(words)} for attribute, words in vocabulary.items()}
    labels = {
        attribute: np.array([places.get(product.labels[attribute], UNKNOWN) for product in products], np.int64)
        for attribute, places in index.items()
    }
    lines = [[garment_line(product.garment(), fields) for fields in LINES] for product in products]
    return Features(_image_features(folder / IMAGE_NETWORK, products), encoded_lines(folder, lines), labels)


def _image_features(network: Path, products: Sequence[Product]) -> FloatArray:
    encode = image_runner(network)
    return np.concatenate([encode(list(squares(batch))) for batch in _in_batches(products)])


def _in_batches(products: Sequence[Product]) -> list[Sequence[Product]]:
    return [products[start : start + _BATCH] for start in range(0, len(products), _BATCH)]


def _head_metrics(
    fusion: AutoencoderFusion, test: Features, vocabulary: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return accuracy and calibration error of each head on garments with photo and text."""
    with train_module("torch").no_grad():
        _, *shares = fusion(*test.cases()[-1])
    metrics = {}
    for attribute, share in zip(vocabulary, shares, strict=True):
        labels = test.labels[attribute]
        known = labels != UNKNOWN
        if known.any():
            probabilities, right = share.numpy()[known], labels[known]
            metrics[attribute] = {
                "accuracy": round(float((probabilities.argmax(axis=1) == right).mean()), 4),
                "calibration_error": round(expected_calibration_error(probabilities, right), 4),
            }
    return metrics
