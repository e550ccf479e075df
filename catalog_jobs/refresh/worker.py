"""One task of a run: it reads its share of the sources, embeds its share of the content and makes its thumbnails.

Its results go to the `RunStore`, so it can be killed and started again at any time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Source
from catalog_jobs.refresh.embedding_store import EmbeddingStore
from catalog_jobs.refresh.run_store import RunStore, ShardResult
from catalog_jobs.refresh.thumbnails import ThumbnailMaker
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.services.embed_catalog import CatalogEmbedder, Progress

ProgressBar = Callable[[str], AbstractContextManager[Progress]]

MIN_PART, MAX_PART, PARTS = 16, 1_024, 64
"""Vectors are stored in parts of a 64th of the task's share: a killed task repeats little, and parts are few."""


def items_to_embed(
    items: Iterable[CatalogItem], stored_keys: Iterable[str], task: int = 0, tasks: int = 1
) -> list[CatalogItem]:
    """Return a task's share of the content without a vector: an item for each content key, in the order of the keys.

    The key alone determines the task, so a task that is started again has the same share.
    """
    stored = set(stored_keys)
    missing = {item.content_key: item for item in items if item.content_key not in stored}
    return [missing[key] for key in sorted(missing) if _task_of(key, tasks) == task]


def _task_of(content_key: str, tasks: int) -> int:
    return int(content_key[:8], 16) % tasks


@dataclass(frozen=True)
class ShardEmbedder:
    """Embeds items and stores their vectors. ``check_lease`` raises after a part if the run has to stop."""

    embedder: CatalogEmbedder[CatalogItem]
    embeddings: EmbeddingStore
    check_lease: Callable[[], None]

    def run(self, items: Sequence[CatalogItem], progress: Progress) -> ShardResult:
        """Embed items with distinct content keys, and store each part as soon as it is complete."""
        keys = {item.id: item.content_key for item in items}
        failed: dict[str, str] = {}
        unsaved: list[tuple[str, Encoding]] = []
        done, part = 0, min(max(MIN_PART, -(-len(items) // PARTS)), MAX_PART)
        for batch in self.embedder.stream(items):
            unsaved += [(keys[item.id], encoding) for item, encoding in batch.embedded]
            failed |= {keys[item_id]: reason for item_id, reason in batch.left_out}
            done += len(batch)
            while len(unsaved) >= part:
                self._save(unsaved[:part])
                unsaved = unsaved[part:]
            progress(done, len(items))
        self._save(unsaved)
        return ShardResult(failed)

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
            self.embed(self.snapshots.read(plan.snapshot), self.embedder.embeddings.stored_keys().part_of)

    def read_sources(self, now: datetime) -> None:
        """Read this task's sources, except those that it read before it was killed."""
        for source in self.sources[self.task :: self.tasks]:
            if self.run_store.read_source(source.name) is None:
                with self.progress_bar(f"reading {source.name}") as progress:
                    self.run_store.write_source(source.read(now, dry_run=False, progress=progress))
                self.check_lease()

    def embed(self, items: Sequence[CatalogItem], stored_keys: Iterable[str]) -> None:
        """Embed this task's share of the content without a vector, and make its thumbnails.

        A task that did so before it was killed does nothing.
        """
        if self.run_store.read_shard(self.task) is None:
            with self.progress_bar("indexing") as progress:
                share = items_to_embed(items, stored_keys, self.task, self.tasks)
                result = self.embedder.run(share, progress)
            with self.progress_bar("making thumbnails") as progress:
                self.thumbnails.run(self.thumbnails.missing(self._embedded(items, result)), progress)
            self.run_store.write_shard(self.task, result)

    def _embedded(self, items: Sequence[CatalogItem], result: ShardResult) -> Iterator[CatalogItem]:
        """Yield the items of this task's share that have a vector."""
        for item in items:
            key = item.content_key
            if _task_of(key, self.tasks) == self.task and key not in result.failed:
                yield item
