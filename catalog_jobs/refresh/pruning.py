"""Deletes what is no longer needed once a new index is in use: pure rules, and a class that applies them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.embedding_store import FOLDER as VECTORS
from catalog_jobs.refresh.embedding_store import KEYS as KEYS_FILE
from catalog_jobs.refresh.embedding_store import VECTORS as VECTORS_FILE
from catalog_jobs.refresh.run_store import FOLDER as WORK
from catalog_jobs.sources.pages import CACHE_FOLDER
from catalog_jobs.sources.selection import PAGES_FOLDER
from closetspace.domain.index.bundle import Manifest, bundle_folder
from closetspace.domain.index.pictures import IMAGES_FOLDER, THUMBNAILS_FOLDER, thumbnail_names
from closetspace.domain.index.publication import CURRENT, Current
from closetspace.ports import ObjectStat, ObjectStore
from closetspace.services.index_versions import IndexVersions

INDEX = "index/"


@dataclass(frozen=True)
class Retention:
    """How long objects are kept. The version in use and the one before it always stay."""

    versions: int = 5
    """The newest index versions stay, however old they are."""

    days: float = 14.0
    """Days that every version and snapshot stays."""

    work_days: float = 2.0
    """Days that the leftovers of runs stay, and images without a snapshot: a run may still need them."""

    page_days: float = 30.0
    """Days that unreadable pages stay for inspection, and cached ones that no run asks for."""


def versions_to_delete(
    created: Mapping[str, datetime], current: Current, now: datetime, retention: Retention
) -> list[str]:
    """Return the versions that are neither recent nor among the newest, in use or the one before it."""
    kept = {live.version for live in current.live} | set(current.history[:1])
    newest = sorted(created, reverse=True)[: retention.versions]
    max_age = timedelta(days=retention.days)
    return sorted(v for v, when in created.items() if v not in kept and v not in newest and now - when > max_age)


def snapshots_to_delete(
    names: Sequence[str], needed: Collection[str], now: datetime, retention: Retention
) -> list[str]:
    """Return the snapshots that are neither recent nor needed by a kept index."""
    oldest = f"{now - timedelta(days=retention.days):%Y%m%dT%H%M%S}"
    return [name for name in names if name not in needed and name < oldest]


@dataclass(frozen=True)
class Pruner:
    """Deletes from one store what `Retention` does not keep."""

    store: ObjectStore
    retention: Retention

    def prune(self, current: Current, now: datetime) -> int:
        """Delete what is not kept and return the number of objects. The next run finishes what a killed one began."""
        versions, snapshots = IndexVersions(self.store), Snapshots(self.store)
        manifests = {manifest.version: manifest for manifest in versions.versions()}
        created = {version: datetime.fromisoformat(m.created) for version, m in manifests.items()}
        old = versions_to_delete(created, current, now, self.retention)
        count = sum(self._delete_version(manifests[version]) for version in old)
        needed = {m.source for version, m in manifests.items() if version not in old} | {snapshots.current()}
        names = snapshots.names()
        for name in snapshots_to_delete(names, {n for n in needed if n}, now, self.retention):
            snapshots.delete(name)
            count += 1
        return count + self._delete_leftovers(snapshots, manifests, now)

    def _delete_version(self, manifest: Manifest) -> int:
        # The manifest goes first: a version without a manifest does not exist.
        folder = bundle_folder(manifest.version)
        names = [stat.name for stat in self.store.list(folder)]
        for name in sorted(names, key=lambda name: not name.endswith("manifest.json")):
            self.store.delete(name)
        return len(names)

    def _delete_leftovers(self, snapshots: Snapshots, versions: Collection[str], now: datetime) -> int:
        """Delete what killed runs left: images without a snapshot, versions without a manifest, results of tasks."""
        images = {image for name in snapshots.names() for image in snapshots.images(name)}
        named = images | {name for image in images for name in thumbnail_names(image)} | {CURRENT}
        max_age = timedelta(days=self.retention.work_days)
        page_age = timedelta(days=self.retention.page_days)
        # Thumbnails go before their image: an image that comes back under the same name gets new ones.
        ages = dict.fromkeys((WORK, THUMBNAILS_FOLDER, IMAGES_FOLDER, INDEX), max_age)
        ages |= dict.fromkeys((PAGES_FOLDER, CACHE_FOLDER), page_age)
        leftovers = [
            stat.name
            for prefix, age in ages.items()
            for stat in self.store.list(prefix)
            if now - stat.created > age and stat.name not in named and stat.name.split("/")[1] not in versions
        ]
        leftovers += _vectors_without_keys([stat for stat in self.store.list(VECTORS) if now - stat.created > max_age])
        for name in leftovers:
            self.store.delete(name)
        return len(leftovers)


def _vectors_without_keys(stats: Sequence[ObjectStat]) -> list[str]:
    """Return the vector files of unfinished parts."""
    names = {stat.name for stat in stats}
    return [
        n for n in sorted(names) if n.endswith(VECTORS_FILE) and n.removesuffix(VECTORS_FILE) + KEYS_FILE not in names
    ]
