"""One task of a run: it reads its share of the sources, embeds its share of the content and makes its thumbnails.

Its results go to the `RunStore`, so it can be killed and started again at any time.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import KEY, KEY_TYPE, TEXT, items_of, with_content_keys, with_unique
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Source, SourceTable
from catalog_jobs.refresh.embedding_store import EmbeddingStore, StoredKeys
from catalog_jobs.refresh.run_store import RunStore, ShardResult
from catalog_jobs.refresh.thumbnails import ThumbnailMaker
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.services.embed_catalog import CatalogEmbedder, Progress

ProgressBar = Callable[[str], AbstractContextManager[Progress]]

MIN_PART, MAX_PART, PARTS = 16, 1_024, 64
"""Vectors are stored in parts of a 64th of the task's share: a killed task repeats little, and parts are few."""


def items_to_embed(items: pa.Table, stored: StoredKeys, task: int = 0, tasks: int = 1) -> pa.Table:
    """Return a task's share of the content without a vector: an item for each content key, in the order of the keys.

    The key alone determines the task, so a task that is started again has the same share.
    """
    missing = _of_task(items.filter(pc.invert(stored.has(items[KEY]))), task, tasks)
    return with_unique(missing, KEY).sort_by(KEY)


def without_keys(items: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    """Return the items without those that have one of these content keys."""
    return items.filter(pc.invert(pc.is_in(items[KEY], value_set=keys)))


def failed_items(items: pa.Table, failed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the ids of the items whose content could not be embedded, sorted, each with the reason."""
    rows = items.filter(pc.is_in(items[KEY], value_set=pa.array(failed, KEY_TYPE)))
    return sorted(zip(rows["id"].to_pylist(), map(failed.__getitem__, rows[KEY].to_pylist()), strict=True))


def _of_task(items: pa.Table, task: int, tasks: int) -> pa.Table:
    return items.filter(pa.array([int(key[:8], 16) % tasks == task for key in items[KEY].to_pylist()], pa.bool_()))


@dataclass(frozen=True)
class ShardEmbedder:
    """Embeds items and stores their vectors. ``check_lease`` raises after a part if the run has to stop."""

    embedder: CatalogEmbedder[CatalogItem]
    embeddings: EmbeddingStore
    check_lease: Callable[[], None]

    def run(self, items: pa.Table, progress: Progress) -> ShardResult:
        """Embed items with distinct content keys, and store each part as soon as it is complete."""
        failed: dict[str, str] = {}
        unsaved: list[tuple[str, Encoding]] = []
        done, part = 0, min(max(MIN_PART, -(-len(items) // PARTS)), MAX_PART)
        for batch in self.embedder.stream(items_of(items)):
            unsaved += [(item.content_key, encoding) for item, encoding in batch.embedded]
            failed |= dict(batch.left_out)
            done += len(batch)
            while len(unsaved) >= part:
                self._save(unsaved[:part])
                unsaved = unsaved[part:]
            progress(done, len(items))
        self._save(unsaved)
        failed_items = items.filter(pc.is_in(items["id"], value_set=pa.array(failed, TEXT)))
        keys = zip(failed_items[KEY].to_pylist(), failed_items["id"].to_pylist(), strict=True)
        return ShardResult({key: failed[item_id] for key, item_id in keys})

    def _save(self, encoded: Sequence[tuple[str, Encoding]]) -> None:
        if encoded:
            encodings = EncodingBatch.from_encodings([encoding for _, encoding in encoded], self.embeddings.encoder)
            self.embeddings.add([key for key, _ in encoded], encodings)
            self.check_lease()


@dataclass(frozen=True)
class Worker:
    """Task ``task`` of ``tasks``; task 0 runs inside the `Coordinator`.

    ``check_lease`` raises if the run has to stop.
    """

    task: int
    tasks: int
    sources: Sequence[Source]
    run_store: RunStore
    check_lease: Callable[[], None]
    snapshots: Snapshots
    embedder: ShardEmbedder
    thumbnails: ThumbnailMaker
    progress_bar: ProgressBar

    def run(self) -> None:
        """Do the work of a task other than the first. Raises `Conflict` if another run took the lease."""
        store = self.run_store
        start = store.wait_for("the first task", store.read_start, lambda: None)
        self.read_sources(start.time)
        plan = store.wait_for("the plan", store.read_plan, self.check_lease)
        if plan.snapshot:
            items = with_content_keys(self.snapshots.read(plan.snapshot))
            self.embed(items, self.embedder.embeddings.stored_keys())

    def read_sources(self, now: datetime) -> None:
        """Read this task's sources, except those that it read before it was killed."""
        for source in self.sources[self.task :: self.tasks]:
            if self.run_store.read_source(source.name) is None:
                with self.progress_bar(f"reading {source.name}") as progress:
                    result = source.read(now, dry_run=False, progress=progress)
                    self.run_store.write_source(SourceTable.of(result))
                self.check_lease()

    def embed(self, items: pa.Table, stored: StoredKeys) -> None:
        """Embed this task's share of the content without a vector, and make the thumbnails that the rest lacks.

        A task that did so before it was killed does nothing.
        """
        if self.run_store.read_shard(self.task) is None:
            share = items_to_embed(items, stored, self.task, self.tasks)
            others = self.thumbnails.missing(_of_task(without_keys(items, share[KEY]), self.task, self.tasks))
            with self.progress_bar("embedding") as progress:
                result = self.embedder.run(share, progress)
            with self.progress_bar("making thumbnails") as progress:
                self.thumbnails.run(others, progress)
            self.run_store.write_shard(self.task, result)
