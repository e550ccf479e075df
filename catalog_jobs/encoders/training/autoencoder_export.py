"""Export of the ResNet50 autoencoder: networks to ONNX, and heads fitted on the exported networks' features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.autoencoder_network import FEATURES, NONE, Autoencoder, initial_network
from catalog_jobs.encoders.training.autoencoder_training import (
    ARCHITECTURE,
    SIDE,
    TrainingProduct,
    TrainingProducts,
    device,
    read_training_products,
    reconstruction_loss,
    stack_pictures,
)
from catalog_jobs.encoders.training.calibration import fit_temperature
from catalog_jobs.encoders.training.export import (
    EncoderCard,
    encode_lines,
    export_fusion_network,
    export_image_network,
    export_text_network,
    image_runner,
    least_cosine,
    write_manifest,
)
from catalog_jobs.encoders.training.loop import BEST, load_best
from closetspace.adapters.encoder.files import FUSION_NETWORK, IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER
from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.preprocessing import garment_line
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.errors import FailedPrecondition, Incompatible

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

LINES = (("brand",), ("name",))
TEXT = 384
BLOCKS = {"image": FEATURES, "brand": TEXT, "name": TEXT}
"""The blocks in the order of the vector: the picture, then the lines."""
DIM = sum(BLOCKS.values())

PARITY = 0.9999
"""Least allowed cosine between the features of the ONNX and the torch image network."""

UNKNOWN = -1

_WEIGHT_DECAY, _STEPS = 1e-6, 150
_ZERO = 1e-6  # vectors below this length have no direction
_COMPARED = 64  # pictures
_BATCH = 16


@dataclass(frozen=True)
class TextAndImageFeatures:
    """Features and labels of ``n`` products.

    ``image`` is ``(n, 2048)``, ``text`` ``(n, 2, 384)`` with zeros for missing lines. ``labels (n,)`` are positions by
    attribute, `UNKNOWN` if there is no label.
    """

    image: FloatArray
    text: FloatArray
    labels: Mapping[str, NDArray[np.int64]]

    def cases(self) -> list[tuple[Any, Any, Any, Any]]:
        """Return the fusion's inputs for the photos alone, the texts alone, and both."""
        image, text = torch.from_numpy(self.image), torch.from_numpy(self.text)
        has_image, has_text = torch.ones(len(image), 1), text.abs().amax(2).gt(0).float()
        no_image, no_text = torch.zeros_like(has_image), torch.zeros_like(has_text)
        return [
            (image, has_image, torch.zeros_like(text), no_text),
            (torch.zeros_like(image), no_image, text, has_text),
            (image, has_image, text, has_text),
        ]


class AutoencoderFusion(nn.Module):  # type: ignore[misc, name-defined]
    """Features to vectors and probabilities: the encoder's ``fusion.onnx``.

    As in the prototype, the vector concatenates image, brand and name, ``2048 + 2 * 384``, without weights. The heads
    get the image's features centred and of unit length, so that they are as long as those of a text.
    """

    def __init__(self, labels: Mapping[str, int], mean: Any, average: Any) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("average", average)
        self.heads = nn.ModuleDict({attribute: nn.Linear(len(average), n) for attribute, n in labels.items()})
        for head in self.heads.values():
            nn.init.zeros_(head.weight)  # the fit has one solution, and a block without examples keeps zero weights
            nn.init.zeros_(head.bias)
        # A temperature for photo alone, text alone, and both.
        self.register_buffer("temperatures", torch.ones(len(labels), 3))

    def inputs(self, image: Any, has_image: Any, text: Any, has_text: Any) -> Any:
        """Return the inputs of the heads, ``(n, 2816)``."""
        centred = functional.normalize(image - self.mean, dim=1)
        return _concatenate(centred, has_image, text, has_text)

    def forward(self, image: Any, has_image: Any, text: Any, has_text: Any) -> tuple[Any, ...]:
        vector = _concatenate(image, has_image, text, has_text)
        is_zero = (vector.norm(dim=1, keepdim=True) < _ZERO).float()
        inputs = self.inputs(image, has_image, text, has_text)
        named = has_text.amax(1, keepdim=True)
        case = torch.cat([has_image * (1 - named), named * (1 - has_image), has_image * named], 1)
        probabilities = [
            torch.softmax(head(inputs) / (1 + case @ (self.temperatures[row][:, None] - 1)), dim=1)
            for row, head in enumerate(self.heads.values())
        ]
        return functional.normalize(vector + is_zero * self.average, dim=1), *probabilities


def export_autoencoder(products: Path, run: Path, out: Path, *, log: Callable[[str], None]) -> dict[str, Any]:
    """Write the encoder's folder and return its manifest. The same run, products and versions give the same files.

    Raises:
        InvalidInput: the products are not a labelled dataset, or the run has no trained weights.
        FailedPrecondition: there are too few products to learn categories from.
        Incompatible: the weights are damaged, or the ONNX network differs from the trained one.
    """
    data = read_training_products(products, log)
    vocabulary = data.vocabulary()
    if CATEGORY not in vocabulary:
        raise FailedPrecondition(f"{products} has no category with enough products.")
    network = trained_network(run)
    out.mkdir(parents=True, exist_ok=True)
    log("Exporting the networks")
    export_image_network(network.encoder, SIDE, out / IMAGE_NETWORK)
    export_text_network(out / TEXT_NETWORK, out / TOKENIZER)
    parity = _parity(network.encoder, out / IMAGE_NETWORK, data.test[:_COMPARED])
    train, validation, test = (
        _features(part, vocabulary, out, log) for part in (data.train, data.validation, data.test)
    )
    log("Fitting the heads")
    fusion = fit_fusion(train, validation, vocabulary)
    export_fusion_network(fusion, FEATURES, len(LINES), TEXT, tuple(vocabulary), out / FUSION_NETWORK)
    log("Measuring the reconstruction of the test products")
    metrics = {
        "test_reconstruction_loss": round(reconstruction_loss(network.to(device()), data.test), 6),
        "least_cosine_of_onnx_to_torch": round(parity, 6),
        "test_heads": _head_metrics(fusion, test, vocabulary),
    }
    return write_manifest(out, _card(data, vocabulary, metrics))


def trained_network(run: Path) -> Autoencoder:
    """Return the best network of a training, on the CPU."""
    network = Autoencoder(initial_network(NONE))
    weights = load_best(run)
    try:
        network.load_state_dict(weights)
    except RuntimeError as exc:
        raise Incompatible(f"{run / BEST} has another architecture than {ARCHITECTURE}.") from exc
    network.eval()
    return network


def fit_fusion(
    train: TextAndImageFeatures, validation: TextAndImageFeatures, vocabulary: Mapping[str, Sequence[str]]
) -> AutoencoderFusion:
    """Fit the heads on ``train`` and their temperatures on ``validation``. Equal features give equal heads."""
    image = torch.from_numpy(train.image)
    vectors = functional.normalize(_concatenate(*train.cases()[-1]), dim=1)
    labels = {attribute: len(names) for attribute, names in vocabulary.items()}
    fusion = AutoencoderFusion(labels, image.mean(0), functional.normalize(vectors.mean(0), dim=0))
    for attribute, head in fusion.heads.items():
        _fit_head(head, fusion, train, attribute)
    _calibrate(fusion, validation)
    fusion.eval()
    return fusion


def _concatenate(image: Any, has_image: Any, text: Any, has_text: Any) -> Any:
    return torch.cat([image * has_image, (text * has_text[:, :, None]).flatten(1)], 1)


def _fit_head(head: Any, fusion: AutoencoderFusion, train: TextAndImageFeatures, attribute: str) -> None:
    """Fit a softmax regression on every product three times: with its photo, its text, and both."""
    labels = torch.from_numpy(train.labels[attribute])
    known = labels != UNKNOWN
    if not bool(known.any()):
        return
    inputs = torch.cat([fusion.inputs(*case)[known] for case in train.cases()])
    targets = labels[known].repeat(3)
    optimiser = torch.optim.LBFGS(head.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> object:
        optimiser.zero_grad()
        value = functional.cross_entropy(head(inputs), targets) + _WEIGHT_DECAY * head.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)


def _calibrate(fusion: AutoencoderFusion, validation: TextAndImageFeatures) -> None:
    with torch.no_grad():
        for number, case in enumerate(validation.cases()):
            inputs = fusion.inputs(*case)
            for row, (attribute, head) in enumerate(fusion.heads.items()):
                labels = validation.labels[attribute]
                known = labels != UNKNOWN
                fusion.temperatures[row, number] = fit_temperature(head(inputs).numpy()[known], labels[known])


def _card(data: TrainingProducts, vocabulary: Mapping[str, Sequence[str]], metrics: Mapping[str, Any]) -> EncoderCard:
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


def _parity(encoder: Any, exported: Path, products: Sequence[TrainingProduct]) -> float:
    """Return the least cosine between the features of both networks. Raise `Incompatible` below `PARITY`."""
    with torch.no_grad():
        exact = [encoder(torch.from_numpy(stack_pictures(batch))).numpy() for batch in _in_batches(products)]
    cosine = least_cosine(_image_features(exported, products), np.concatenate(exact))
    if not cosine >= PARITY:
        raise Incompatible(f"The exported image network differs from the trained one: cosine {cosine}, not {PARITY}")
    return cosine


def _features(
    products: Sequence[TrainingProduct],
    vocabulary: Mapping[str, Sequence[str]],
    folder: Path,
    log: Callable[[str], None],
) -> TextAndImageFeatures:
    log(f"Encoding {len(products)} products")
    index = {attribute: {name: i for i, name in enumerate(names)} for attribute, names in vocabulary.items()}
    labels = {
        attribute: np.array([positions.get(product.labels[attribute], UNKNOWN) for product in products], np.int64)
        for attribute, positions in index.items()
    }
    lines = [[garment_line(product.garment(), fields) for fields in LINES] for product in products]
    image = _image_features(folder / IMAGE_NETWORK, products)
    return TextAndImageFeatures(image, encode_lines(folder, lines), labels)


def _image_features(network: Path, products: Sequence[TrainingProduct]) -> FloatArray:
    encode = image_runner(network)
    return np.concatenate([encode(list(stack_pictures(batch))) for batch in _in_batches(products)])


def _in_batches(products: Sequence[TrainingProduct]) -> list[Sequence[TrainingProduct]]:
    return [products[start : start + _BATCH] for start in range(0, len(products), _BATCH)]


def _head_metrics(
    fusion: AutoencoderFusion, test: TextAndImageFeatures, vocabulary: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return the accuracy of each head on test products with photo and text."""
    with torch.no_grad():
        _, *all_probabilities = fusion(*test.cases()[-1])
    metrics = {}
    for attribute, probabilities in zip(vocabulary, all_probabilities, strict=True):
        labels = test.labels[attribute]
        known = labels != UNKNOWN
        if known.any():
            right = probabilities.numpy()[known].argmax(axis=1) == labels[known]
            metrics[attribute] = {"accuracy": round(float(right.mean()), 4)}
    return metrics
