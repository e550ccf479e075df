"""The index's life in its store: upload a version, publish it, look at it, roll it back, fetch it.

A version is immutable under ``index/{version}/``; its manifest is uploaded last, so a version that has one is
whole. ``index/current.json`` names the version in use and is only ever written under a precondition.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from closetspace.domain.bundle import CURRENT, MANIFEST, Manifest, bundle_folder
from closetspace.errors import FailedPrecondition, Incompatible
from closetspace.ports import ObjectStore

HISTORY = 20
"""Earlier versions that ``current.json`` remembers for rollbacks."""


@dataclass(frozen=True)
class Current:
    """What ``index/current.json`` says. ``history`` lists earlier versions, the latest first."""

    version: str
    manifest_sha256: str
    published_at: str
    history: tuple[str, ...] = ()
    generation: int = 0


@dataclass(frozen=True)
class IndexVersions:
    """The versions in one store."""

    store: ObjectStore

    def upload(self, directory: Path, manifest: Manifest) -> None:
        """Copy a bundle from a folder to its place; it is not in use until it is published."""
        folder = bundle_folder(manifest.version)
        for name in (*sorted(manifest.files), MANIFEST):
            self.store.write(folder + name, directory / name)

    def fetch(self, version: str, directory: Path, manifest_sha256: str | None = None) -> Manifest:
        """Copy a version into a folder. Raises `NotFound`, or `Incompatible` for a manifest other than named."""
        data = self.store.read(bundle_folder(version) + MANIFEST)
        if manifest_sha256 not in (None, hashlib.sha256(data).hexdigest()):
            raise Incompatible(f"the manifest of index {version} is not the one that was published")
        manifest = Manifest.from_json(data)
        for name in manifest.files:
            if Path(name).name != name:
                raise Incompatible(f"the manifest of index {version} names a file outside of it: {name}")
            (directory / name).write_bytes(self.store.read(bundle_folder(version) + name))
        (directory / MANIFEST).write_bytes(data)
        return manifest

    def versions(self) -> list[Manifest]:
        """Every complete version in the store, the newest first."""
        manifests = [stat.name for stat in self.store.list("index/") if stat.name.endswith(f"/{MANIFEST}")]
        return [Manifest.from_json(self.store.read(name)) for name in sorted(manifests, reverse=True)]

    def current(self) -> Current | None:
        """The version in use, None before the first was published. Raises `Incompatible` when it is unreadable."""
        for _ in range(3):
            stat = self.store.stat(CURRENT)
            if stat is None:
                return None
            data = self.store.read(CURRENT)
            # Read between two equal looks, so that the generation belongs to the contents.
            if self.store.stat(CURRENT) == stat:
                return _current(data, stat.generation)
        raise Incompatible(f"{CURRENT} does not stop changing")

    def publish(self, version: str, now: datetime) -> Current:
        """Make a version the one in use. Raises `NotFound`, or `Conflict` when another publisher was faster."""
        known = self.current()
        if known and known.version == version:
            return known
        manifest = self.store.read(bundle_folder(version) + MANIFEST)
        earlier = (known.version, *known.history) if known else ()
        wanted = Current(
            version=version,
            manifest_sha256=hashlib.sha256(manifest).hexdigest(),
            published_at=now.isoformat(),
            history=tuple(v for v in earlier if v != version)[:HISTORY],
        )
        fields = asdict(wanted)
        del fields["generation"]
        stat = self.store.write(
            CURRENT, json.dumps(fields, indent=1).encode(), if_generation=known.generation if known else 0
        )
        return replace(wanted, generation=stat.generation)

    def rollback(self, now: datetime, version: str | None = None) -> Current:
        """Go back to a version, or to the one in use before this one."""
        known = self.current()
        if known is None:
            raise FailedPrecondition("No index was published yet: run `closetspace index publish` first.")
        if version is None and not known.history:
            raise FailedPrecondition(f"No version was published before {known.version}.")
        return self.publish(version or known.history[0], now)


def _current(data: bytes, generation: int) -> Current:
    try:
        fields = json.loads(data)
        return Current(
            version=str(fields["version"]),
            manifest_sha256=str(fields["manifest_sha256"]),
            published_at=str(fields["published_at"]),
            history=tuple(fields["history"]),
            generation=generation,
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise Incompatible(f"{CURRENT} is not readable: {exc}") from exc
