"""One task's share of a run: some of the sources, some of the embedding.

What each task has finished lies in the `RunStore`, so that any of them may die and start again.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Progress, Source
from catalog_jobs.refresh.embedding import ShardEmbedder, to_embed
from catalog_jobs.refresh.run_store import RunStore

Bar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Worker:
    """Number ``number`` of ``count``, of which the first one leads.

    ``check_lease`` raises when the run is not to go on.
    """

    number: int
    count: int
    sources: Sequence[Source]
    workplace: RunStore
    check_lease: Callable[[], None]
    snapshots: Snapshots
    shard: ShardEmbedder
    bar: Bar

    def help(self) -> None:
        """Do what there is to do for another task than the first one. Raises `Conflict` when the run was overtaken."""
        work = self.workplace
        start = work.wait("the leading task", work.start, lambda: None)
        self.collect(start.time)
        plan = work.wait("the plan", work.plan, self.check_lease)
        if plan.snapshot:
            self.embed(self.snapshots.read(plan.snapshot), self.shard.kept.known().part_of)

    def collect(self, now: datetime) -> None:
        """Read this task's sources, but for those that were read before it died."""
        for source in self.sources[self.number :: self.count]:
            if self.workplace.scraped(source.name) is None:
                with self.bar(f"reading {source.name}") as progress:
                    self.workplace.keep_scraped(source.read(now, dry_run=False, progress=progress))
                self.check_lease()

    def embed(self, items: Sequence[CatalogItem], known: Collection[str]) -> None:
        """Embed this task's share of what has no vector, but for what was kept before it died."""
        if self.workplace.shard(self.number) is None:
            with self.bar("embedding") as progress:
                embedded = self.shard.run(to_embed(items, known, self.number, self.count), progress)
            self.workplace.keep_shard(self.number, embedded)
