"""Where the encoder's files lie and what their manifest says: all that a process needs that never encodes."""

import json
import os
from importlib import resources
from pathlib import Path

from closetspace.domain.encoding import EncoderDescriptor
from closetspace.errors import Incompatible

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1


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
        categories = tuple(manifest["categories"])
        return EncoderDescriptor(manifest["id"], manifest["dim"], categories, manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise Incompatible(f"{directory.name}: its {MANIFEST} cannot be read") from exc
