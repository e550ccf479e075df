"""From a snapshot whose content is embedded to the index in use, past the guards."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.run_record import GuardResult
from catalog_jobs.catalog.source import Progress
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.building import IndexBuilder
from catalog_jobs.refresh.canaries import Backgrounds, overlap
from catalog_jobs.refresh.guards import Bounds
from closetspace.adapters.index.reader import Bundle
from closetspace.domain.index.bundle import MANIFEST, Manifest, bundle_folder
from closetspace.domain.index.publication import Current
from closetspace.errors import ClosetspaceError
from closetspace.services.index_versions import IndexVersions

STEPS = 4
"""Build, compare, upload, read back and publish."""


@dataclass(frozen=True)
class Base:
    """What a run starts from: the catalog's last state, the index in use, None where there is none, and the generation
    at which ``index/current.json`` must still be when it is replaced."""

    items: Sequence[CatalogItem]
    current: Current | None
    generation: int


@dataclass(frozen=True)
class Outcome:
    """What came of it: the version, None where a guard failed, how many items it has, and every guard's result."""

    version: str | None
    items: int
    guards: Sequence[GuardResult]


@dataclass(frozen=True)
class Publisher:
    """``check_lease`` raises when another run has taken over."""

    versions: IndexVersions
    builder: IndexBuilder
    open_bundle: Callable[[Path], Bundle]
    priors: Backgrounds
    bounds: Bounds
    accept_change: bool
    check_lease: Callable[[], None]

    def publish(
        self,
        snapshot: str,
        items: Sequence[CatalogItem],
        base: Base,
        pictures: GuardResult,
        now: datetime,
        progress: Progress,
    ) -> Outcome:
        """Build, check, upload, read back, publish.

        Raises `Conflict` when another run, or a rollback, was faster: then everything is as that one left it.
        """
        if done := self._published_before(snapshot):
            return done
        with tempfile.TemporaryDirectory(prefix="closetspace-refresh-") as folder:
            built, before = Path(folder, "built"), Path(folder, "before")
            built.mkdir()
            before.mkdir()
            manifest = self.builder.build(snapshot, items, built, now)
            progress(1, STEPS)
            found = [pictures, guards.recall(manifest.recall, self.bounds)]
            found += self._compared(manifest, built, items, base, before)
            if self._refused(found):
                return Outcome(None, manifest.count, found)
            self.check_lease()
            progress(2, STEPS)
            self.versions.upload(built, manifest)
        progress(3, STEPS)
        found.append(guards.uploaded(self._problem_of(manifest.version)))
        if self._refused(found):
            self._withdraw(manifest)
            return Outcome(None, manifest.count, found)
        self.check_lease()
        self.versions.publish(manifest.version, now, expected=base.generation)
        progress(STEPS, STEPS)
        return Outcome(manifest.version, manifest.count, found)

    def _published_before(self, snapshot: str) -> Outcome | None:
        """What this very run did before it was killed and started again."""
        current = self.versions.current()
        manifest = self.versions.manifest(current.version) if current else None
        if manifest is None or manifest.source != snapshot or manifest.encoder != self.builder.kept.encoder.id:
            return None
        return Outcome(manifest.version, manifest.count, [])

    def _compared(
        self, manifest: Manifest, built: Path, items: Sequence[CatalogItem], base: Base, folder: Path
    ) -> list[GuardResult]:
        """The guards that compare with the index in use."""
        if base.current is None:
            return [*guards.total(0, manifest.count, self.bounds), guards.canaries(None, self.bounds)]
        earlier = self.versions.fetch(base.current.version, folder, base.current.manifest_sha256)
        alike = earlier.encoder == manifest.encoder
        had, has = (guards.by(item.source for item in self.builder.usable(state)) for state in (base.items, items))
        held, holds = ({part.name: part.count for part in m.categories} for m in (earlier, manifest))
        kept = overlap(self.open_bundle(folder), self.open_bundle(built), self.priors) if alike else None
        return [
            *guards.total(earlier.count, manifest.count, self.bounds),
            *guards.counts("shop", had, has, self.bounds),
            *(guards.counts("category", held, holds, self.bounds) if alike else ()),
            guards.canaries(kept, self.bounds),
        ]

    def _problem_of(self, version: str) -> str:
        """What is wrong with a version as it lies in the store: it is fetched and opened like any instance does."""
        with tempfile.TemporaryDirectory(prefix="closetspace-refresh-") as folder:
            try:
                self.versions.fetch(version, Path(folder))
                self.open_bundle(Path(folder))
            except ClosetspaceError as error:
                return str(error)
        return ""

    def _withdraw(self, manifest: Manifest) -> None:
        """Take away what is not what was built: nobody is to roll back to it, nor stumble over its manifest."""
        for name in (MANIFEST, *manifest.files):
            self.versions.store.delete(bundle_folder(manifest.version) + name)

    def _refused(self, found: Sequence[GuardResult]) -> bool:
        return bool(guards.failing(found, self.accept_change))
