"""Encoders as people choose among them: which there are, which is in use, and what each one's manifest tells."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closetspace.adapters.encoder.files import (
    MANIFEST,
    REFERENCE,
    encoder_directory,
    models_directory,
    read_descriptor,
)
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.errors import Incompatible, InvalidInput

_IDENTITY = ("format", "id", "dim", "blocks", "side", "lines", "heads", "files", "reference")


@dataclass(frozen=True)
class FoundEncoder:
    """An encoder's folder, by the name it is chosen by."""

    name: str
    folder: Path
    descriptor: EncoderDescriptor
    manifest: dict[str, Any]

    @property
    def megabytes(self) -> float:
        """Size of all of its files, in units of a million bytes."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file()) / 1e6

    @property
    def about(self) -> dict[str, Any]:
        """What the manifest tells beyond the encoder's identity: architecture, metrics, versions, sources, licences."""
        return {key: value for key, value in self.manifest.items() if key not in _IDENTITY}


@dataclass(frozen=True)
class EncoderFile:
    """A file that the manifest names; ``state`` is ``right``, ``changed`` or ``missing``."""

    name: str
    size: int
    state: str


def find_encoder(name: str) -> FoundEncoder:
    """Find an encoder by its name or folder.

    Raises:
        InvalidInput: nothing of that name is shipped, or there is no such folder.
        Incompatible: the folder holds no manifest that fits.
    """
    folder = encoder_directory(name)
    if not folder.is_dir():
        shipped = ", ".join(shipped_names()) or "none"
        raise InvalidInput(
            "encoder_unknown",
            f"There is no encoder {name}. Shipped are: {shipped}. A folder of your own is named with a slash: ./{name}",
        )
    descriptor = read_descriptor(folder)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return FoundEncoder(name, folder, descriptor, manifest)


def shipped_names() -> list[str]:
    """Return the names of the folders that the package ships encoders in, usable or not."""
    return sorted(path.name for path in models_directory().glob("*/") if (path / MANIFEST).is_file())


def usable_encoders(names: list[str]) -> tuple[list[FoundEncoder], list[tuple[str, str]]]:
    """Find those that this version can use; of the others, names and why not."""
    usable, others = [], []
    for name in names:
        try:
            usable.append(find_encoder(name))
        except (Incompatible, InvalidInput) as error:
            others.append((name, str(error)))
    return usable, others


def checked_files(encoder: FoundEncoder) -> list[EncoderFile]:
    """Compare the files that the manifest names with what it says of them."""
    return [_checked(encoder.folder / name, digest) for name, digest in encoder.descriptor.files.items()]


def checked_reference(encoder: FoundEncoder) -> EncoderFile | None:
    """Compare the sample for tastes with what the manifest says of it; None where the manifest names none."""
    digest = encoder.descriptor.reference
    return _checked(encoder.folder / REFERENCE, digest) if digest else None


def _checked(path: Path, digest: str) -> EncoderFile:
    if not path.is_file():
        return EncoderFile(path.name, 0, "missing")
    content = path.read_bytes()
    state = "right" if hashlib.sha256(content).hexdigest() == digest else "changed"
    return EncoderFile(path.name, len(content), state)
