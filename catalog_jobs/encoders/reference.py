"""Write an encoder's reference sample: products that tastes are compared with."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.encoders.embedding import file_embedder
from catalog_jobs.evaluation.datasets.products import (
    LabelledProduct,
    Split,
    in_training_split,
    read_labelled_products,
)
from closetspace.adapters.encoder.files import MANIFEST
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.adapters.encoder.reference import REFERENCE, reference_content
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.encoder.priors import ReferenceSample
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.services.build_index import with_categories
from closetspace.services.embed_catalog import EmbeddedCatalog, Progress
from closetspace.settings import Settings

SIZE = 1024
"""Products in a sample. A label of one product in fifty has twenty examples; at 256 dimensions the file has 0.5 MB."""

LEAST = 100
"""Minimum number of products. A smaller sample says too little about how frequent a label is."""


class SampleSplit(StrEnum):
    """The products that may be in the sample."""

    TRAINING = "train"
    ALL = "all"


@dataclass(frozen=True)
class WrittenReference:
    """The sample's sha256, its number of products, and the products that were left out, with the reason."""

    encoder_id: str
    sha256: str
    products: int
    left_out: Sequence[tuple[str, str]]


def write_reference(
    folder: Path, dataset: Path, split: SampleSplit, settings: Settings, progress: Progress
) -> WrittenReference:
    """Embed a sample of a dataset's products as a catalog does, and add it to an encoder's folder.

    The same encoder and products give the same sample, in any order of the table.

    Raises:
        InvalidInput: the dataset cannot be read, or has fewer than `LEAST` usable products.
        FailedPrecondition: the folder cannot be written.
        Incompatible: the folder contains no usable encoder.
    """
    labelled = read_labelled_products(dataset, Split.ALL)
    encoder = OnnxEncoder(folder, threads=settings.encoder_threads)
    chosen = sample_of(labelled.products, split)
    _check_enough(len(chosen), dataset)
    items = [replace(product.item, image=str(product.picture)) for product in chosen]
    embedded = file_embedder(encoder, settings).embed(items, progress)
    _check_enough(len(embedded.items), dataset)
    digest = _write_sample(folder, reference_content(_reference(embedded, encoder.descriptor)))
    left_out = [*labelled.left_out, *embedded.left_out]
    return WrittenReference(encoder.descriptor.id, digest, len(embedded.items), left_out)


def sample_of(products: Sequence[LabelledProduct], split: SampleSplit) -> list[LabelledProduct]:
    """Return up to `SIZE` products, chosen by a hash of their id, so that additional products displace few.

    With `SampleSplit.TRAINING`, products of the eval split are left out: they are what encoders are measured on.
    """
    usable = [p for p in products if split is SampleSplit.ALL or in_training_split(p.display_name)]
    return sorted(usable, key=lambda product: hashlib.sha256(product.item.id.encode()).digest())[:SIZE]


def _check_enough(usable: int, dataset: Path) -> None:
    if usable < LEAST:
        raise InvalidInput(
            "dataset_small",
            f"Only {usable} products of {dataset} can be in the sample, which needs {LEAST}. Use a larger dataset, or"
            " --side all if no model was trained on this one.",
        )


def _reference(embedded: EmbeddedCatalog[IndexedItem], descriptor: EncoderDescriptor) -> ReferenceSample:
    encodings = EncodingBatch.from_encodings(embedded.encodings, descriptor)
    places = {category: place for place, category in enumerate(descriptor.categories)}
    return ReferenceSample(
        categories=np.array(
            [places[item.category] for item in with_categories(embedded.items, encodings, descriptor)], np.int64
        ),
        vectors=encodings.vectors,
        attributes=encodings.attributes,
    )


def _write_sample(folder: Path, content: bytes) -> str:
    """Write the sample and its sha256 to the folder and its manifest, and return the sha256.

    While the sample is written, the manifest names none. A reader finds an encoder without a sample at worst, never one
    whose sample does not match the manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest.pop("reference", None)
        _replace(folder / MANIFEST, _as_json(manifest))
        _replace(folder / REFERENCE, content)
        digest = hashlib.sha256(content).hexdigest()
        _replace(folder / MANIFEST, _as_json(manifest | {"reference": digest}))
    except OSError as exc:
        raise FailedPrecondition(f"{folder} cannot be written: {exc}") from exc
    return digest


def _as_json(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
