"""What may go once a new index is in use: pure rules, and the shell that applies them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_jobs.catalog.item import PICTURES
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.embedding_store import FOLDER as VECTORS
from catalog_jobs.refresh.embedding_store import KEYS as KEYS_FILE
from catalog_jobs.refresh.embedding_store import VECTORS as VECTORS_FILE
from catalog_jobs.refresh.run_store import FOLDER as WORK
from catalog_jobs.sources.sources import PAGES
from closetspace.domain.index.bundle import Manifest, bundle_folder
from closetspace.domain.index.publication import CURRENT, Current
from closetspace.ports import ObjectStat, ObjectStore
from closetspace.services.index_versions import IndexVersions

INDEX = "index/"


@dataclass(frozen=True)
class Retention:
    """How much of the past is kept; what is in use, and what was before it, always is."""

    versions: int = 5
    """Index versions that are kept however old they are."""

    days: float = 14.0
    """Days that any version or snapshot is kept, however many there are."""

    work_days: float = 2.0
    """Days after which what a run left behind, and a picture that no snapshot names, belongs to no run any more."""

    page_days: float = 30.0
    """Days that pages which could not be read are kept for a person to look at."""


def versions_to_delete(
    created: Mapping[str, datetime], current: Current, now: datetime, retention: Retention
) -> list[str]:
    """Versions beyond the count and the age, never one in use or the one before it."""
    kept = {live.version for live in current.live} | set(current.history[:1])
    newest = sorted(created, reverse=True)[: retention.versions]
    old = timedelta(days=retention.days)
    return sorted(v for v, when in created.items() if v not in kept and v not in newest and now - when > old)


def snapshots_to_delete(
    names: Sequence[str], needed: Collection[str], now: datetime, retention: Retention
) -> list[str]:
    """Snapshots beyond the age that no kept index was built of."""
    oldest = f"{now - timedelta(days=retention.days):%Y%m%dT%H%M%S}"
    return [name for name in names if name not in needed and name < oldest]


@dataclass(frozen=True)
class Pruner:
    """Deletes from one store."""

    store: ObjectStore
    retention: Retention

    def prune(self, current: Current, now: datetime) -> int:
        """Delete what may go; returns how many objects. Killed halfway, the next one finishes it."""
        versions, snapshots = IndexVersions(self.store), Snapshots(self.store)
        manifests = {manifest.version: manifest for manifest in versions.versions()}
        created = {version: datetime.fromisoformat(m.created) for version, m in manifests.items()}
        gone = versions_to_delete(created, current, now, self.retention)
        count = sum(self._delete_version(manifests[version]) for version in gone)
        needed = {m.source for version, m in manifests.items() if version not in gone} | {snapshots.last()}
        names = snapshots.names()
        for name in snapshots_to_delete(names, {n for n in needed if n}, now, self.retention):
            snapshots.delete(name)
            count += 1
        return count + self._delete_leftovers(snapshots, manifests, now)

    def _delete_version(self, manifest: Manifest) -> int:
        # The manifest goes first: a version without one is none.
        folder = bundle_folder(manifest.version)
        names = [stat.name for stat in self.store.list(folder)]
        for name in sorted(names, key=lambda name: not name.endswith("manifest.json")):
            self.store.delete(name)
        return len(names)

    def _delete_leftovers(self, snapshots: Snapshots, versions: Collection[str], now: datetime) -> int:
        """What killed runs left: pictures that no snapshot names, versions without a manifest, work that is done."""
        named = {image for name in snapshots.names() for image in snapshots.images(name)} | {CURRENT}
        old = timedelta(days=self.retention.work_days)
        ages = {WORK: old, PICTURES: old, INDEX: old, PAGES: timedelta(days=self.retention.page_days)}
        leftovers = [
            stat.name
            for prefix, age in ages.items()
            for stat in self.store.list(prefix)
            if now - stat.created > age and stat.name not in named and stat.name.split("/")[1] not in versions
        ]
        leftovers += _vectors_without_keys([stat for stat in self.store.list(VECTORS) if now - stat.created > old])
        for name in leftovers:
            self.store.delete(name)
        return len(leftovers)


def _vectors_without_keys(stats: Sequence[ObjectStat]) -> list[str]:
    """Halves of parts that were never finished."""
    names = {stat.name for stat in stats}
    return [
        n for n in sorted(names) if n.endswith(VECTORS_FILE) and n.removesuffix(VECTORS_FILE) + KEYS_FILE not in names
    ]
