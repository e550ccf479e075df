"""The index's life in its store: upload a version, publish it, look at it, roll it back, fetch it.

A version is immutable under ``index/{version}/``; its manifest is uploaded last, so a version that has one is
whole. ``index/current.json`` names the version in use and is only ever written under a precondition.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from closetspace.domain.index.bundle import CURRENT, MANIFEST, Manifest, bundle_folder
from closetspace.domain.index.publication import Current, Published
from closetspace.errors import Conflict, FailedPrecondition, Incompatible, NotFound
from closetspace.ports import ObjectStore


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
                return Current.from_json(data, stat.generation)
        raise Incompatible(f"{CURRENT} does not stop changing")

    def publish(self, version: str, now: datetime, *, expected: int | None = None) -> Current:
        """Make a version the one in use, in the place of the one that its encoder built.

        ``expected`` is the generation of what it is to replace, 0 of nothing; without one, whatever is in use.
        Raises `NotFound`, `FailedPrecondition` for a version of an encoder that closets hold no vectors of, or
        `Conflict` when another publisher was faster.
        """
        known = self.current()
        if expected is not None and expected != (known.generation if known else 0):
            raise Conflict(f"another index than the expected one is in use: {known.version if known else 'none'}")
        if known and version in {live.version for live in known.live}:
            return known
        published, encoder = self._look_up(version)
        if known is None:
            return self._write(Current.first(published, now), None)
        if known.beside and encoder == self.encoder_of(known.beside.version):
            return self._write(known.with_beside(published, now), known)
        in_use = self.encoder_of(known.version)
        if in_use not in (None, encoder):
            raise FailedPrecondition(
                f"Index {version} was built by {encoder}, and people's closets hold vectors of {in_use}. Change the"
                f" encoder with `closetspace encoder migrate --to {encoder}`."
            )
        return self._write(known.with_version(published, now), known)

    def publish_beside(self, version: str, now: datetime) -> Current:
        """Have another encoder's version answer for the closets that it covers better."""
        known = self._required()
        return self._write(known.with_beside(self._look_up(version)[0], now), known)

    def switch(self, now: datetime) -> Current:
        """Exchange the version in use and the one beside it."""
        known = self._required()
        if known.beside is None:
            raise FailedPrecondition("No index is published beside the one in use.")
        switched = known.with_version(known.beside, now).with_beside(known.live[0], now)
        return self._write(switched, known)

    def retire_beside(self, now: datetime) -> Current:
        """Have the version in use answer alone."""
        known = self._required()
        return self._write(known.with_beside(None, now), known) if known.beside else known

    def encoder_of(self, version: str) -> str | None:
        """The encoder that built a version; None when its manifest is gone or unreadable."""
        try:
            return self._look_up(version)[1]
        except (NotFound, Incompatible):
            return None

    def manifest(self, version: str) -> Manifest:
        """A version's manifest. Raises `NotFound`, or `Incompatible` when it is unreadable."""
        return Manifest.from_json(self.store.read(bundle_folder(version) + MANIFEST))

    def _look_up(self, version: str) -> tuple[Published, str]:
        data = self.store.read(bundle_folder(version) + MANIFEST)
        return Published(version, hashlib.sha256(data).hexdigest()), Manifest.from_json(data).encoder

    def _required(self) -> Current:
        known = self.current()
        if known is None:
            raise FailedPrecondition("No index was published yet: run `closetspace index publish` first.")
        return known

    def _write(self, wanted: Current, known: Current | None) -> Current:
        stat = self.store.write(CURRENT, wanted.to_json(), if_generation=known.generation if known else 0)
        return replace(wanted, generation=stat.generation)

    def rollback(self, now: datetime, version: str | None = None) -> Current:
        """Go back to a version, or to the one in use before this one."""
        known = self._required()
        if version is None and not known.history:
            raise FailedPrecondition(f"No version was published before {known.version}.")
        return self.publish(version or known.history[0], now)
