"""Where the encoder's files lie and what their manifest says: all that a process needs that never encodes."""

import hashlib
import json
import os
from importlib import resources
from pathlib import Path

from closetspace.domain.encoding import CATEGORY, EncoderDescriptor
from closetspace.errors import Incompatible

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 2

IMAGE_NETWORK, TEXT_NETWORK, FUSION_NETWORK, TOKENIZER = "image.onnx", "text.onnx", "fusion.onnx", "tokenizer.json"


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
        return EncoderDescriptor(manifest["id"], manifest["dim"], heads, manifest["files"], manifest["side"], lines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise Incompatible(f"{directory.name}: its {MANIFEST} cannot be read") from exc


def read_file(directory: Path, file: str, descriptor: EncoderDescriptor) -> bytes:
    """Read one of an encoder's files; raises ``Incompatible`` when it is not the one that the manifest names."""
    try:
        content = (directory / file).read_bytes()
    except OSError as exc:
        raise Incompatible(f"{directory.name}: {file} cannot be read") from exc
    if hashlib.sha256(content).hexdigest() != descriptor.files.get(file):
        raise Incompatible(f"{directory.name}: {file} is not the file that its {MANIFEST} names")
    return content
