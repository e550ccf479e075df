"""The versions of the index in a store: upload, publish, list, roll back and fetch.

A version is immutable, under ``index/{version}/``. Its manifest is uploaded last, so a version with a manifest is
complete. ``index/current.json`` names the version in use and is only written with a generation precondition.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from closetspace.domain.index.bundle import MANIFEST, Manifest, bundle_folder
from closetspace.domain.index.publication import CURRENT, Current, Published
from closetspace.errors import Conflict, FailedPrecondition, Incompatible, NotFound
from closetspace.ports import ObjectStore

AT_ONCE = 4
"""Files of a version that are downloaded at the same time."""


@dataclass(frozen=True)
class IndexVersions:
    """The versions in one store."""

    store: ObjectStore

    def upload(self, directory: Path, manifest: Manifest) -> None:
        """Upload a bundle from a folder. The version is not in use until it is published."""
        folder = bundle_folder(manifest.version)
        for name in (*sorted(manifest.files), MANIFEST):
            self.store.write(folder + name, directory / name)

    def fetch(self, version: str, directory: Path, manifest_sha256: str | None = None) -> Manifest:
        """Download a version, several files at once.

        Raises `NotFound`, or `Incompatible` if its manifest does not have the checksum.
        """
        folder = bundle_folder(version)
        data = self.store.read(folder + MANIFEST)
        if manifest_sha256 not in (None, hashlib.sha256(data).hexdigest()):
            raise Incompatible(f"the manifest of index {version} is not the one that was published")
        manifest = Manifest.from_json(data)
        if outside := [name for name in manifest.files if Path(name).name != name]:
            raise Incompatible(f"the manifest of index {version} names a file outside its folder: {outside[0]}")
        stored = {stat.name.removeprefix(folder): stat for stat in self.store.list(folder)}
        if missing := manifest.files.keys() - stored.keys():
            raise NotFound(f"There is no object {folder}{min(missing)}.")
        # The largest first, because the last one is waited for.
        names = sorted(manifest.files, key=lambda name: -stored[name].size)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: self.store.download(stored[name], directory / name), names))
        (directory / MANIFEST).write_bytes(data)
        return manifest

    def versions(self) -> list[Manifest]:
        """Return the manifests of all complete versions, the newest first."""
        manifests = [stat.name for stat in self.store.list("index/") if stat.name.endswith(f"/{MANIFEST}")]
        return [Manifest.from_json(self.store.read(name)) for name in sorted(manifests, reverse=True)]

    def current(self) -> Current | None:
        """Return the publication, None before the first one. Raises `Incompatible` if it is unreadable."""
        for _ in range(3):
            stat = self.store.stat(CURRENT)
            if stat is None:
                return None
            data = self.store.read(CURRENT)
            # Equal stats before and after the read: the generation belongs to the contents.
            if self.store.stat(CURRENT) == stat:
                return Current.from_json(data, stat.generation)
        raise Incompatible(f"{CURRENT} keeps changing")

    def publish(self, version: str, now: datetime, *, expected: int | None = None) -> Current:
        """Publish a version in the place of the one by the same encoder.

        ``expected`` is the generation of the publication that it replaces, 0 for the first one; None replaces any.
        Raises `NotFound`, `FailedPrecondition` if closets hold no vectors by the version's encoder, or `Conflict` if
        another publisher was faster.
        """
        current = self.current()
        if expected is not None and expected != (current.generation if current else 0):
            raise Conflict(f"another index than the expected one is in use: {current.version if current else 'none'}")
        if current and version in {live.version for live in current.live}:
            return current
        published, encoder = self._look_up(version)
        if current is None:
            return self._write(Current.first(published, now), None)
        if current.candidate and encoder == self.encoder_of(current.candidate.version):
            return self._write(current.with_candidate(published, now), current)
        in_use = self.encoder_of(current.version)
        if in_use not in (None, encoder):
            raise FailedPrecondition(
                f"Index {version} was built by {encoder}, and people's closets hold vectors of {in_use}. Change the"
                f" encoder with `closetspace encoder migrate --to {encoder}`."
            )
        return self._write(current.with_version(published, now), current)

    def publish_candidate(self, version: str, now: datetime) -> Current:
        """Publish a version by another encoder beside the one in use. It serves the closets that it covers better."""
        current = self._require_current()
        return self._write(current.with_candidate(self._look_up(version)[0], now), current)

    def switch(self, now: datetime) -> Current:
        """Exchange the version in use and the candidate."""
        current = self._require_current()
        if current.candidate is None:
            raise FailedPrecondition("No index is published beside the one in use.")
        switched = current.with_version(current.candidate, now).with_candidate(current.live[0], now)
        return self._write(switched, current)

    def retire_candidate(self, now: datetime) -> Current:
        """Remove the candidate."""
        current = self._require_current()
        return self._write(current.with_candidate(None, now), current) if current.candidate else current

    def encoder_of(self, version: str) -> str | None:
        """Return the encoder of a version, None if its manifest is missing or unreadable."""
        try:
            return self._look_up(version)[1]
        except (NotFound, Incompatible):
            return None

    def manifest(self, version: str) -> Manifest:
        """Return a version's manifest. Raises `NotFound`, or `Incompatible` if it is unreadable."""
        return Manifest.from_json(self.store.read(bundle_folder(version) + MANIFEST))

    def _look_up(self, version: str) -> tuple[Published, str]:
        data = self.store.read(bundle_folder(version) + MANIFEST)
        return Published(version, hashlib.sha256(data).hexdigest()), Manifest.from_json(data).encoder

    def _require_current(self) -> Current:
        current = self.current()
        if current is None:
            raise FailedPrecondition("No index is published yet: run `closetspace index publish` first.")
        return current

    def _write(self, publication: Current, current: Current | None) -> Current:
        stat = self.store.write(CURRENT, publication.to_json(), if_generation=current.generation if current else 0)
        return replace(publication, generation=stat.generation)

    def rollback(self, now: datetime, version: str | None = None) -> Current:
        """Publish an earlier version again; the previous one if none is named."""
        current = self._require_current()
        if version is None and not current.history:
            raise FailedPrecondition(f"No version was published before {current.version}.")
        return self.publish(version or current.history[0], now)
