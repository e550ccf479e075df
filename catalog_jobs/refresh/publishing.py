"""Builds an index of an embedded snapshot, checks it against the one in use, and publishes it."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from catalog_jobs.catalog.run_records import GuardResult
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.canaries import Priors, agreement, overlap
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.index_builder import IndexBuilder
from closetspace.adapters.index.reader import Bundle
from closetspace.domain.index.bundle import MANIFEST, Manifest, bundle_folder
from closetspace.domain.index.publication import Current
from closetspace.errors import ClosetspaceError
from closetspace.services.embed_catalog import Progress
from closetspace.services.index_versions import IndexVersions

STEPS = 4
"""Build, compare, upload, read back and publish."""

MAX_AGE = timedelta(hours=36)
"""Age from which an index is built anew without changes: every second night. A new release may build it in another way,
and the alert for indexes of three days means that refreshes fail."""


@dataclass(frozen=True)
class Base:
    """What a run compares with: the sources and content keys of the catalog's state, and the index in use, if any.

    The run publishes only if ``index/current.json`` still has this ``generation``.
    """

    items: pa.Table
    current: Current | None
    generation: int


@dataclass(frozen=True)
class EmbeddedSnapshot:
    """What is published: a snapshot's name, and its items with their content keys.

    The run gave a vector to ``embedded`` of the keys, and failed to do so for ``failed`` others.
    """

    name: str
    items: pa.Table
    embedded: int
    failed: int


@dataclass(frozen=True)
class PublishResult:
    """The published version, None if a guard failed, its number of items, and the results of all guards."""

    version: str | None
    items: int
    guards: Sequence[GuardResult]


@dataclass(frozen=True)
class Publisher:
    """Publishes indexes. ``check_lease`` raises if another run took the lease."""

    versions: IndexVersions
    builder: IndexBuilder
    open_bundle: Callable[[Path], Bundle]
    priors: Priors
    bounds: Bounds
    accept_change: bool
    check_lease: Callable[[], None]

    def publish(self, snapshot: EmbeddedSnapshot, base: Base, now: datetime, progress: Progress) -> PublishResult:
        """Build, check, upload, read back and publish an index, unless the one in use has the same contents.

        Raises `Conflict`, and changes nothing, if another run or a rollback was faster.
        """
        if (in_use := self._in_use()) and self._is_current(in_use, snapshot, now):
            return PublishResult(in_use.version, in_use.count, [])
        with tempfile.TemporaryDirectory(prefix="closetspace-refresh-") as folder:
            built, before = Path(folder, "built"), Path(folder, "before")
            built.mkdir()
            before.mkdir()
            manifest = self.builder.build(snapshot.name, snapshot.items, built, now)
            progress(1, STEPS)
            bundle = self.open_bundle(built)
            agreed = agreement(bundle, self.priors)
            results = [
                guards.failed_images(snapshot.failed, snapshot.embedded + snapshot.failed, self.bounds),
                *guards.search(manifest.recall, agreed, self.bounds),
                *self._compare(bundle, snapshot.items, base, before),
            ]
            if self._refuses(results):
                return PublishResult(None, manifest.count, results)
            self.check_lease()
            progress(2, STEPS)
            self.versions.upload(built, manifest)
        progress(3, STEPS)
        results.append(guards.uploaded(self._read_back(manifest.version)))
        if self._refuses(results):
            self._delete(manifest)
            return PublishResult(None, manifest.count, results)
        self.check_lease()
        self.versions.publish(manifest.version, now, expected=base.generation)
        progress(STEPS, STEPS)
        return PublishResult(manifest.version, manifest.count, results)

    def _in_use(self) -> Manifest | None:
        current = self.versions.current()
        return self.versions.manifest(current.version) if current else None

    def _is_current(self, in_use: Manifest, snapshot: EmbeddedSnapshot, now: datetime) -> bool:
        """Return whether the index in use is the one that would be built.

        Either nothing changed, or this run, which began at ``now``, published it before it was started again.
        """
        if in_use.source != snapshot.name or in_use.encoder != self.builder.embeddings.encoder.id:
            return False
        age = now - datetime.fromisoformat(in_use.created)
        if not age:
            return True
        is_same = not snapshot.embedded and in_use.count == self.builder.count(snapshot.items)
        return is_same and age < MAX_AGE and not self._read_back(in_use.version)

    def _compare(self, built: Bundle, items: pa.Table, base: Base, folder: Path) -> list[GuardResult]:
        """Compare the new index with the one in use."""
        manifest = built.manifest
        if base.current is None:
            return [*guards.total_count(0, manifest.count, self.bounds), guards.canaries(None, self.bounds)]
        earlier = self.versions.fetch(base.current.version, folder, base.current.manifest_sha256)
        same_encoder = earlier.encoder == manifest.encoder
        shops_before, shops = self.builder.shops(base.items, items)
        categories_before, categories = ({part.name: part.count for part in m.categories} for m in (earlier, manifest))
        kept = overlap(self.open_bundle(folder), built, self.priors) if same_encoder else None
        return [
            *guards.total_count(earlier.count, manifest.count, self.bounds),
            *guards.group_counts("shop", shops_before, shops, self.bounds),
            *(guards.group_counts("category", categories_before, categories, self.bounds) if same_encoder else ()),
            guards.canaries(kept, self.bounds),
        ]

    def _read_back(self, version: str) -> str:
        """Download and open an uploaded version as an instance does; return the problem, ``""`` if there is none."""
        with tempfile.TemporaryDirectory(prefix="closetspace-refresh-") as folder:
            try:
                self.versions.fetch(version, Path(folder))
                self.open_bundle(Path(folder))
            except ClosetspaceError as error:
                return str(error)
        return ""

    def _delete(self, manifest: Manifest) -> None:
        """Delete a damaged version, so that no one can roll back to it."""
        for name in (MANIFEST, *manifest.files):
            self.versions.store.delete(bundle_folder(manifest.version) + name)

    def _refuses(self, results: Sequence[GuardResult]) -> bool:
        return bool(guards.failing(results, self.accept_change))
