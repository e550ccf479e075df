"""Find encoders by name or folder, read their manifests, and check their files."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closetspace.adapters.encoder.files import MANIFEST, encoder_directory, models_directory, read_descriptor
from closetspace.adapters.encoder.reference import REFERENCE
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.errors import Incompatible, InvalidInput

_IDENTITY = ("format", "id", "dim", "blocks", "side", "lines", "heads", "files", "reference")


@dataclass(frozen=True)
class FoundEncoder:
    """An encoder's name, folder and manifest."""

    name: str
    folder: Path
    descriptor: EncoderDescriptor
    manifest: dict[str, Any]

    @property
    def megabytes(self) -> float:
        """The size of all files in units of a million bytes."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file()) / 1e6

    @property
    def about(self) -> dict[str, Any]:
        """The manifest without the encoder's identity: architecture, metrics, versions, sources, licences."""
        return {key: value for key, value in self.manifest.items() if key not in _IDENTITY}


@dataclass(frozen=True)
class EncoderFile:
    """A file in the manifest. ``state`` is ``right``, ``changed`` or ``missing``."""

    name: str
    size: int
    state: str


def find_encoder(name: str) -> FoundEncoder:
    """Return the encoder with this name or folder.

    Raises:
        InvalidInput: no shipped encoder has this name, or the folder does not exist.
        Incompatible: the folder has no compatible manifest.
    """
    folder = encoder_directory(name)
    if not folder.is_dir():
        shipped = ", ".join(shipped_names()) or "none"
        raise InvalidInput(
            "encoder_unknown",
            f"There is no encoder {name}. Shipped encoders: {shipped}. For a folder, write a slash: ./{name}",
        )
    descriptor = read_descriptor(folder)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return FoundEncoder(name, folder, descriptor, manifest)


def shipped_names() -> list[str]:
    """Return the names of the shipped encoders, usable or not."""
    return sorted(path.name for path in models_directory().glob("*/") if (path / MANIFEST).is_file())


def usable_encoders(names: list[str]) -> tuple[list[FoundEncoder], list[tuple[str, str]]]:
    """Return the encoders that this version can use, and the names of the others with the reason."""
    usable, unusable = [], []
    for name in names:
        try:
            usable.append(find_encoder(name))
        except (Incompatible, InvalidInput) as error:
            unusable.append((name, str(error)))
    return usable, unusable


def check_files(encoder: FoundEncoder) -> list[EncoderFile]:
    """Compare the encoder's files with the checksums in the manifest."""
    return [_check(encoder.folder / name, digest) for name, digest in encoder.descriptor.files.items()]


def check_reference(encoder: FoundEncoder) -> EncoderFile | None:
    """Compare the reference sample with its checksum in the manifest; return None if the encoder has no sample."""
    digest = encoder.descriptor.reference
    return _check(encoder.folder / REFERENCE, digest) if digest else None


def _check(path: Path, digest: str) -> EncoderFile:
    if not path.is_file():
        return EncoderFile(path.name, 0, "missing")
    content = path.read_bytes()
    state = "right" if hashlib.sha256(content).hexdigest() == digest else "changed"
    return EncoderFile(path.name, len(content), state)
