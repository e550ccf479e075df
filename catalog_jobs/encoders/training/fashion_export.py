"""Export of the fashion encoder: networks to ONNX, and the fusion fitted on the exported networks' features."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.encoders.registry import FoundEncoder
from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.export import (
    Encode,
    EncoderCard,
    encode_lines,
    export_fusion_network,
    export_image_network,
    export_text_network,
    image_runner,
    least_cosine,
    write_manifest,
)
from catalog_jobs.encoders.training.fashion_data import Example, FashionData, Source
from catalog_jobs.encoders.training.fashion_fusion import (
    BLOCK_DIMS,
    DIM,
    GENDER_LABELS,
    HEADS,
    SHARE_HEADS,
    FeatureData,
    calibrate,
    fit_fusion,
)
from catalog_jobs.encoders.training.fashion_network import GarmentFeatures, candidate_matrix, share_matrix
from catalog_jobs.encoders.training.fashion_training import CANDIDATE_TASKS, FRAMING, SIDE
from catalog_jobs.encoders.training.fashion_views import Views
from catalog_jobs.encoders.training.loop import load_best
from catalog_jobs.evaluation.datasets.products import without_label_words
from closetspace.adapters.encoder.files import FUSION_NETWORK, IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER
from closetspace.adapters.encoder.onnx import GARMENT
from closetspace.adapters.images.resizing import square
from closetspace.domain.encoder.descriptor import GENDER
from closetspace.domain.encoder.encoding import Garment, Picture
from closetspace.domain.encoder.preprocessing import garment_line
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.errors import InvalidInput

_ARCHITECTURE = "fashion"
LINES = (("brand", "name"),)
_VIEWS = 4  # per training picture: the encoded square, and views as in the network's training
_CALIBRATION = 300  # pictures whose activations set the ranges of int8
_COMPARED = 64  # pictures
_BATCH = 16


def export_fashion(data: FashionData, run: Path, out: Path, *, seed: int, log: Callable[[str], None]) -> dict[str, Any]:
    """Write the encoder's folder and return its manifest. The same run, data, seed and versions give the same files.

    Raises `InvalidInput` if the run contains no trained weights, or a picture cannot be decoded.
    """
    network = _trained_network(run)
    out.mkdir(parents=True, exist_ok=True)
    log("Quantising the image network")
    calibration = [square(e.picture(), SIDE, FRAMING) for e in _sample(data.train, _CALIBRATION, seed)]
    export_image_network(network, SIDE, out / IMAGE_NETWORK, calibration, keep=("/attention", "/palette"))
    log("Quantising the text network")
    export_text_network(out / TEXT_NETWORK, out / TOKENIZER)
    pictures = [square(e.picture(), SIDE, FRAMING) for e in data.held_out[:_COMPARED]]
    cosine = least_cosine(image_runner(out / IMAGE_NETWORK)(pictures), _exact_features(network, pictures))
    return _add_fusion(data, out, {"least_cosine_of_int8_to_float": round(cosine, 4)}, seed, log)


def refit_fashion(
    data: FashionData, encoder: FoundEncoder, out: Path, *, seed: int, log: Callable[[str], None]
) -> dict[str, Any]:
    """Like `export_fashion`, with the image and text networks of an encoder. Only the fusion is fitted.

    Raises `InvalidInput` if the encoder is of another architecture or sees another square of a photo.
    """
    descriptor, architecture = encoder.descriptor, encoder.about.get("architecture")
    if architecture != _ARCHITECTURE or (descriptor.side, descriptor.framing) != (SIDE, FRAMING):
        raise InvalidInput(
            "networks_differ",
            f"The networks of {encoder.name} can't be used: they are those of {architecture} for photos of"
            f" {descriptor.side} pixels, framed as {descriptor.framing}, not of {_ARCHITECTURE} for {SIDE} pixels,"
            f" framed as {FRAMING}. Train an image network, and export it with --run.",
        )
    out.mkdir(parents=True, exist_ok=True)
    for file in (IMAGE_NETWORK, TEXT_NETWORK, TOKENIZER):
        shutil.copyfile(encoder.folder / file, out / file)
    return _add_fusion(data, out, encoder.about.get("metrics", {}), seed, log)


def _add_fusion(
    data: FashionData, out: Path, metrics: Mapping[str, float], seed: int, log: Callable[[str], None]
) -> dict[str, Any]:
    """Fit the fusion on the features of the networks in ``out``, write it and the manifest, and return the manifest."""
    encode = image_runner(out / IMAGE_NETWORK)
    held_out = _features(data.held_out, data, encode, out, views=1, seed=seed, log=log)
    train = _features(data.train, data, encode, out, views=_VIEWS, seed=seed, log=log)
    log("Fitting the fusion")
    fusion = fit_fusion(train, data.label_counts, seed)
    calibrate(fusion, held_out)
    outputs = (*HEADS, GARMENT)
    export_fusion_network(fusion, train.image.shape[2], len(LINES), train.text.shape[2], outputs, out / FUSION_NETWORK)
    card = EncoderCard(
        architecture=_ARCHITECTURE,
        dim=DIM,
        blocks=BLOCK_DIMS,
        side=SIDE,
        lines=LINES,
        heads={head: GENDER_LABELS if head == GENDER else data.vocabulary[head] for head in HEADS},
        framing=FRAMING,
        tells_garment=True,
        metrics=metrics,
        about={"learnt_from": {"examples": len(data.train), "held_out": len(data.held_out)}, "seed": seed},
    )
    return write_manifest(out, card)


def _trained_network(run: Path) -> Any:
    """Return the best image network of a training."""
    weights = load_best(run)
    network = GarmentFeatures()
    network.load_state_dict(weights)
    return network.eval()


def _exact_features(network: Any, pictures: Sequence[Picture]) -> FloatArray:
    """Return the features of squares from the torch network."""
    torch = train_module("torch")
    with torch.no_grad():
        features: FloatArray = network(torch.from_numpy(np.stack(pictures))).numpy()
    return features


def _features(
    examples: Sequence[Example],
    data: FashionData,
    encode: Encode,
    folder: Path,
    *,
    views: int,
    seed: int,
    log: Callable[[str], None],
) -> FeatureData:
    """Encode examples: pictures in several views, and names in full, without label words, and with words left out."""
    pictures = [_encode_views(examples, _ViewMaker(data, view, seed), encode, log) for view in range(views)]
    random = np.random.default_rng(seed)
    names = [example.name for example in examples]
    variants = [names, without_label_words(names, data.vocabulary["colour"]), [_drop_words(n, random) for n in names]]
    lines = [[garment_line(Garment(None, name), LINES[0]) for name in variant] for variant in variants]
    log("Encoding names")
    return FeatureData(
        image=np.stack(pictures),
        text=encode_lines(folder, lines),
        shares={
            task: share_matrix([example.shares.get(task, {}) for example in examples], len(data.vocabulary[task]))
            for task in SHARE_HEADS
        },
        candidates={
            task: candidate_matrix([e.candidates.get(task, frozenset()) for e in examples], len(data.vocabulary[task]))
            for task in CANDIDATE_TASKS
        },
        garment=train_module("torch").tensor([float(e.source is not Source.OTHER) for e in examples]),
        photo=np.array([e.source is Source.PHOTO for e in examples]),
    )


class _ViewMaker:
    """Makes a view of an example: view 0 is the encoded square, others are as in the network's training."""

    def __init__(self, data: FashionData, view: int, seed: int) -> None:
        self._views = Views(SIDE, [e.path for e in data.train if not e.is_product])
        self._view, self._seed = view, seed

    def __call__(self, number: int, example: Example) -> Picture:
        if self._view == 0:
            return square(example.picture(), SIDE, FRAMING)
        return self._views.view(example, np.random.default_rng([self._seed, self._view, number]))[0]


def _encode_views(
    examples: Sequence[Example], view: _ViewMaker, encode: Encode, log: Callable[[str], None]
) -> FloatArray:
    def batch(start: int) -> FloatArray:
        rows = range(start, min(start + _BATCH, len(examples)))
        return encode([view(row, examples[row]) for row in rows])

    parts = []
    # Pillow and onnxruntime release the GIL, so threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(batch, range(0, len(examples), _BATCH)):
            parts.append(part)
            if len(parts) % 32 == 0:
                log(f"Encoding pictures: {len(parts) * _BATCH} of {len(examples)}")
    return np.concatenate(parts)


def _drop_words(name: str, random: np.random.Generator) -> str:
    """Keep each word of a name with probability 1/2, because people leave words out."""
    return " ".join(word for word in name.split() if random.random() < 0.5)


def _sample(examples: Sequence[Example], size: int, seed: int) -> list[Example]:
    order = np.random.default_rng(seed).permutation(len(examples))[:size]
    return [examples[i] for i in order]
