"""An encoder's folder: its manifest and checked files. Needs no onnxruntime, for processes that never encode."""

import hashlib
import json
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from closetspace.domain.encoder.descriptor import CATEGORY, EncoderDescriptor, Framing
from closetspace.errors import Incompatible

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 2

IMAGE_NETWORK, TEXT_NETWORK, FUSION_NETWORK, TOKENIZER = "image.onnx", "text.onnx", "fusion.onnx", "tokenizer.json"


def models_directory() -> Path:
    """Return the folder of the package's encoders, which has a folder for each."""
    return Path(str(resources.files("closetspace"))) / "models"


def encoder_directory(name: str) -> Path:
    """Return the folder of an encoder: a path if ``name`` has a separator, else one of the package's encoders."""
    return Path(name) if "/" in name or os.sep in name else models_directory() / name


def read_descriptor(directory: Path) -> EncoderDescriptor:
    """Read an encoder's descriptor from its manifest. Raises `Incompatible` if there is no valid one."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != MANIFEST_FORMAT:
            raise Incompatible(f"{directory.name}: manifest format {manifest['format']}, not {MANIFEST_FORMAT}")
        heads = {attribute: tuple(labels) for attribute, labels in manifest["heads"].items()}
        if not heads[CATEGORY]:
            raise Incompatible(f"{directory.name}: its {MANIFEST} has no categories")
        reference = manifest.get("reference", "")
        if not isinstance(reference, str):
            raise Incompatible(f"{directory.name}: its {MANIFEST} has an invalid checksum of the reference sample")
        return EncoderDescriptor(
            id=manifest["id"],
            dim=manifest["dim"],
            heads=heads,
            files=manifest["files"],
            side=manifest["side"],
            framing=Framing(manifest.get("framing", Framing.CENTRE)),
            lines=tuple(tuple(fields) for fields in manifest["lines"]),
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
        raise Incompatible(f"{directory.name}: its blocks {blocks} do not add up to {manifest['dim']} dimensions")
    return blocks


def read_file(directory: Path, file: str, descriptor: EncoderDescriptor) -> bytes:
    """Read one of an encoder's files. Raises `Incompatible` if its checksum is not that of the manifest."""
    return read_checked(directory, file, descriptor.files.get(file))


def read_checked(directory: Path, file: str, digest: str | None) -> bytes:
    """Read a file whose sha256 in hex is known. Raises `Incompatible` if it is missing or has another checksum."""
    try:
        content = (directory / file).read_bytes()
    except OSError as exc:
        raise Incompatible(f"{directory.name}: {file} cannot be read") from exc
    if hashlib.sha256(content).hexdigest() != digest:
        raise Incompatible(f"{directory.name}: {file} does not have the checksum of its {MANIFEST}")
    return content
