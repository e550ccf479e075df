"""The sample of products that an encoder brings along: what is usual, for tastes to be compared with."""

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
from catalog_jobs.evaluation.datasets.products import LabelledProduct, Side, read_inventory
from catalog_jobs.evaluation.datasets.tables import in_training_split
from closetspace.adapters.encoder.files import MANIFEST, REFERENCE, reference_content
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.domain.encoder.encoding import EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.encoder.reference import Reference
from closetspace.domain.index.index import IndexedItem
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.services.build_index import placed
from closetspace.services.embed_catalog import EmbeddedCatalog, Progress
from closetspace.settings import Settings

SIZE = 1024
"""Products: of a label that one in fifty has there are twenty, and at 256 dimensions the file is half a megabyte."""

LEAST = 100
"""Products: of fewer, what is usual is anybody's guess."""


class Part(StrEnum):
    """Which products may be in the sample."""

    TRAINING = "train"
    ALL = "all"


@dataclass(frozen=True)
class WrittenReference:
    """What is in the encoder's folder now, by its sha256, and the products that were left out, each with why."""

    encoder_id: str
    sha256: str
    products: int
    left_out: list[tuple[str, str]]


def write_reference(
    folder: Path, dataset: Path, part: Part, settings: Settings, progress: Progress
) -> WrittenReference:
    """Embed a sample of a dataset's products as a catalog would, and put it into an encoder's folder.

    The same encoder and products give the same sample, whatever their order in the table. Products of the eval split
    stay out: what is measured on them must not know them.

    Raises:
        InvalidInput: the dataset cannot be read, or fewer than `LEAST` of its products can be used.
        FailedPrecondition: the folder cannot be written.
        Incompatible: the folder holds no encoder that can be used.
    """
    inventory = read_inventory(dataset, Side.ALL)
    encoder = OnnxEncoder(folder, threads=settings.encoder_threads)
    chosen = sample_of(inventory.products, part)
    _check_enough(len(chosen), dataset)
    items = [replace(product.item, image=str(product.picture)) for product in chosen]
    embedded = file_embedder(encoder, settings).embed(items, progress)
    _check_enough(len(embedded.items), dataset)
    digest = _put(folder, reference_content(_reference(embedded, encoder.descriptor)))
    left_out = [*inventory.left_out, *embedded.left_out]
    return WrittenReference(encoder.descriptor.id, digest, len(embedded.items), left_out)


def sample_of(products: Sequence[LabelledProduct], part: Part) -> list[LabelledProduct]:
    """Choose up to `SIZE` products by a hash of their id: more products displace few, another order none."""
    usable = [p for p in products if part is Part.ALL or in_training_split(p.display_name)]
    return sorted(usable, key=lambda product: hashlib.sha256(product.item.id.encode()).digest())[:SIZE]


def _check_enough(usable: int, dataset: Path) -> None:
    if usable < LEAST:
        raise InvalidInput(
            "dataset_small",
            f"Only {usable} products of {dataset} can be in the sample, and it takes {LEAST}. Give closetspace encoder"
            " reference a dataset with more of them, or --side all where no model has learnt from it.",
        )


def _reference(embedded: EmbeddedCatalog[IndexedItem], descriptor: EncoderDescriptor) -> Reference:
    encodings = EncodingBatch.of(embedded.encodings, descriptor)
    places = {category: place for place, category in enumerate(descriptor.categories)}
    return Reference(
        categories=np.array(
            [places[item.category] for item in placed(embedded.items, encodings, descriptor)], np.int64
        ),
        vectors=encodings.vectors,
        attributes=encodings.attributes,
    )


def _put(folder: Path, content: bytes) -> str:
    """Write the sample and name it in the manifest; returns its sha256.

    In between the manifest names none: whoever reads the folder meanwhile, or once this was killed, finds an encoder
    without a sample, never one whose sample is refused.
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
    """Write a file so that it is there completely or not at all."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
