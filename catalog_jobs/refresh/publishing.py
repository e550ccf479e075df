"""Builds an index of an embedded snapshot, checks it against the one in use, and publishes it."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True)
class Base:
    """What a run compares with: the sources and content keys of the catalog's state, and the index in use, if any.

    The run publishes only if ``index/current.json`` still has this ``generation``.
    """

    items: pa.Table
    current: Current | None
    generation: int


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

    def publish(
        self,
        snapshot: str,
        items: pa.Table,
        base: Base,
        images: GuardResult,
        now: datetime,
        progress: Progress,
    ) -> PublishResult:
        """Build, check, upload, read back and publish an index.

        Raises `Conflict`, and changes nothing, if another run or a rollback was faster.
        """
        if published := self._published_before(snapshot):
            return published
        with tempfile.TemporaryDirectory(prefix="closetspace-refresh-") as folder:
            built, before = Path(folder, "built"), Path(folder, "before")
            built.mkdir()
            before.mkdir()
            manifest = self.builder.build(snapshot, items, built, now)
            progress(1, STEPS)
            bundle = self.open_bundle(built)
            agreed = agreement(bundle, self.priors)
            results = [images, *guards.search(manifest.recall, agreed, self.bounds)]
            results += self._compare(bundle, items, base, before)
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

    def _published_before(self, snapshot: str) -> PublishResult | None:
        """Return the result if this run published the snapshot before it was killed and started again."""
        current = self.versions.current()
        manifest = self.versions.manifest(current.version) if current else None
        if manifest is None or manifest.source != snapshot or manifest.encoder != self.builder.embeddings.encoder.id:
            return None
        return PublishResult(manifest.version, manifest.count, [])

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
