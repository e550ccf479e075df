"""Where the encoder's files lie and what their manifest says: all that a process needs that never encodes."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.attributes import row_length
from closetspace.domain.encoder.descriptor import CATEGORY, EncoderDescriptor, Framing
from closetspace.domain.encoder.priors import ReferenceSample
from closetspace.domain.encoder.vectors import unit
from closetspace.errors import Incompatible

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 2

IMAGE_NETWORK, TEXT_NETWORK, FUSION_NETWORK, TOKENIZER = "image.onnx", "text.onnx", "fusion.onnx", "tokenizer.json"

REFERENCE = "reference.npz"
"""The sample of products that tastes are compared with: ``categories (n,)`` integers, ``vectors (n, dim) float16`` and
``attributes (n, labels) uint8``, as in `ReferenceSample`. The manifest names it beside its files, of which the id is made."""

_NO_ARRAYS = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError)
"""What numpy raises of a file that is cut off, or holds other arrays, objects, or more than there is memory for."""

_LENGTH_TOLERANCE = 0.01  # float16 rounds a unit vector's length by a thousandth at most


def models_directory() -> Path:
    """Return the folder of the encoders that the package ships, a folder each."""
    return Path(str(resources.files("closetspace"))) / "models"


def encoder_directory(name: str) -> Path:
    """Return the folder of an encoder: a path where ``name`` has a separator, else one that the package ships."""
    return Path(name) if "/" in name or os.sep in name else models_directory() / name


def read_descriptor(directory: Path) -> EncoderDescriptor:
    """Read an encoder's identity from its manifest; raises ``Incompatible`` when there is none that fits."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != MANIFEST_FORMAT:
            raise Incompatible(f"{directory.name}: manifest format {manifest['format']}, not {MANIFEST_FORMAT}")
        heads = {attribute: tuple(labels) for attribute, labels in manifest["heads"].items()}
        if not heads[CATEGORY]:
            raise Incompatible(f"{directory.name}: an encoder has to tell categories")
        lines = tuple(tuple(fields) for fields in manifest["lines"])
        reference = manifest.get("reference", "")
        if not isinstance(reference, str):
            raise Incompatible(f"{directory.name}: its {MANIFEST} names no checksum of its reference")
        return EncoderDescriptor(
            id=manifest["id"],
            dim=manifest["dim"],
            heads=heads,
            files=manifest["files"],
            side=manifest["side"],
            framing=Framing(manifest.get("framing", Framing.CENTRE)),
            lines=lines,
            blocks=_blocks(directory, manifest),
            reference=reference,
            detects_garment=bool(manifest.get("tells_garment", False)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise Incompatible(f"{directory.name}: its {MANIFEST} cannot be read") from exc


def _blocks(directory: Path, manifest: Mapping[str, Any]) -> dict[str, int]:
    if "blocks" not in manifest:
        return {}
    blocks = dict(manifest["blocks"])
    are_sizes = all(type(size) is int and size > 0 for size in blocks.values())
    if not are_sizes or sum(blocks.values()) != manifest["dim"]:
        raise Incompatible(f"{directory.name}: its blocks {blocks} do not make up {manifest['dim']} dimensions")
    return blocks


def read_file(directory: Path, file: str, descriptor: EncoderDescriptor) -> bytes:
    """Read one of an encoder's files; raises ``Incompatible`` when it is not the one that the manifest names."""
    return _read_checked(directory, file, descriptor.files.get(file))


def read_reference(directory: Path, descriptor: EncoderDescriptor) -> ReferenceSample | None:
    """Read what tastes are compared with; None where the manifest names none, as of older and of foreign encoders.

    Raises ``Incompatible`` when it is missing, is not the one that the manifest names, or does not fit the encoder.
    """
    if not descriptor.reference:
        return None
    content = _read_checked(directory, REFERENCE, descriptor.reference)
    try:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            categories, vectors, attributes = arrays["categories"], arrays["vectors"], arrays["attributes"]
    except (*_NO_ARRAYS, zipfile.BadZipFile, zlib.error) as exc:
        raise Incompatible(f"{directory.name}: {REFERENCE} holds no sample that can be read") from exc
    if not _fits(categories, vectors, attributes, descriptor):
        raise Incompatible(f"{directory.name}: {REFERENCE} is no sample by {descriptor.id}")
    return ReferenceSample(categories.astype(np.int64), unit(vectors.astype(np.float32)), attributes)


def reference_content(reference: ReferenceSample) -> bytes:
    """What `read_reference` reads; equal samples give equal bytes, because numpy dates what it writes to 1980."""
    file = BytesIO()
    np.savez_compressed(
        file,
        categories=reference.categories.astype(np.min_scalar_type(int(reference.categories.max()))),
        vectors=reference.vectors.astype(np.float16),
        attributes=reference.attributes,
        allow_pickle=False,
    )
    return file.getvalue()


def _read_checked(directory: Path, file: str, digest: str | None) -> bytes:
    try:
        content = (directory / file).read_bytes()
    except OSError as exc:
        raise Incompatible(f"{directory.name}: {file} cannot be read") from exc
    if hashlib.sha256(content).hexdigest() != digest:
        raise Incompatible(f"{directory.name}: {file} is not the file that its {MANIFEST} names")
    return content


def _fits(
    categories: NDArray[Any], vectors: NDArray[Any], attributes: NDArray[Any], descriptor: EncoderDescriptor
) -> bool:
    kinds = (categories.dtype.kind in "iu", vectors.dtype == np.float16, attributes.dtype == np.uint8)
    if not all(kinds) or categories.ndim != 1 or not categories.size:
        return False
    if vectors.shape != (len(categories), descriptor.dim):
        return False
    if attributes.shape != (len(categories), row_length(descriptor.heads)):
        return False
    if categories.min() < 0 or categories.max() >= len(descriptor.categories):
        return False
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
    return bool((np.abs(lengths - 1) <= _LENGTH_TOLERANCE).all())  # false of what is no number
