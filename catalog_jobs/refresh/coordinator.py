"""The first task of a run: it plans, waits for the other tasks, publishes and keeps the run's record."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.item import INDEXED_FIELDS
from catalog_jobs.catalog.item_table import KEY, SCHEMA, ItemRows, with_content_keys
from catalog_jobs.catalog.run_records import RunRecord, RunRecords, format_failures
from catalog_jobs.catalog.source import IMPORT, Source, SourceTable
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.embedding_store import StoredKeys
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.planning import RefreshPlan, is_unchanged, plan_refresh, with_predictions
from catalog_jobs.refresh.pruning import Pruner
from catalog_jobs.refresh.publishing import Base, EmbeddedSnapshot, Publisher
from catalog_jobs.refresh.run_store import EmbeddingPlan, Lease, RunStart, ShardResult, run_name
from catalog_jobs.refresh.worker import Worker, failed_items, items_to_embed, without_keys
from closetspace.domain.index.publication import Current
from closetspace.errors import ClosetspaceError, FailedPrecondition, NotFound

log = logging.getLogger(__name__)

MAX_RECORDED_FAILURES = 100


@dataclass(frozen=True)
class RefreshOptions:
    """The operator's options.

    ``configured_shops`` are the names of all configured shops, None if the run reads only some of them. Items of other
    shops leave the catalog.
    """

    grace: timedelta
    dry_run: bool = False
    accept_change: bool = False
    configured_shops: Collection[str] | None = None
    bounds: Bounds = field(default_factory=Bounds)


@dataclass
class Coordinator:
    """Runs one refresh. ``worker`` does the first task's share of the work."""

    worker: Worker
    options: RefreshOptions
    lease: Lease
    publisher: Publisher
    pruner: Pruner
    records: RunRecords
    clock: Callable[[], datetime]

    def run(self) -> RunRecord:
        """Run the refresh and return its record, which is also stored. ``error`` says why nothing was published."""
        start = self._start()
        if record := self._finished_record(start.run):
            return record
        self._record = RunRecord(
            run=start.run,
            started=start.time,
            sources=tuple(source.name for source in self.worker.sources),
            tasks=self.worker.tasks,
            dry_run=self.options.dry_run,
            base_snapshot=start.base_snapshot,
        )
        try:
            self._refresh(start)
        except ClosetspaceError as error:
            self._store_record(error=str(error))
        finished = self.clock()
        self._update_report(seconds=round((finished - start.time).total_seconds(), 3))
        self._store_record(finished=finished)
        return self._record

    def _finished_record(self, run: str) -> RunRecord | None:
        """Return the record if the task was started again after the run published or was refused."""
        try:
            record = self.records.read(run)
        except NotFound:
            return None
        return record if record.finished and (record.refused or record.report.published) else None

    def _start(self) -> RunStart:
        """Begin the run, or return its start if the task was started again."""
        if (start := self.worker.run_store.read_start()) and not self.options.dry_run:
            return start
        now, current = self.clock(), self.publisher.versions.current()
        start = RunStart(
            run_name(now, self.worker.run_store.key),
            now.isoformat(),
            self.worker.snapshots.current(),
            current.generation if current else 0,
        )
        if not self.options.dry_run:
            self.lease.take(now)
            self.worker.run_store.write_start(start)
            self._finish_record_of(start.base_snapshot, current)
        return start

    def _finish_record_of(self, snapshot: str | None, current: Current | None) -> None:
        """Finish the record of the run that published the index in use, if it was killed before it could."""
        if current is None or snapshot is None:
            return
        published = datetime.fromisoformat(current.published_at)
        for record in self.records.newest(1):
            # A run that changed nothing has the snapshot of an index that is older than itself.
            if record.finished is None and record.snapshot == snapshot and record.started <= published:
                report = record.report.model_copy(update={"published": True, "version": current.version})
                self.records.write(record.model_copy(update={"report": report, "finished": published}))

    def _refresh(self, start: RunStart) -> None:
        self._check_encoder()
        base, next_state = self._next_state(start)
        if next_state:
            snapshot, missing = next_state
            self._embed_and_publish(snapshot, missing, base, start.time)

    def _next_state(self, start: RunStart) -> tuple[Base, tuple[str, int] | None]:
        """Plan the run and write the catalog's next state. Returns what `_snapshot` does, None in a dry run.

        States are large. Those that only the plan needs are freed when this returns.
        """
        base, before = self._base(start)
        self._store_record()
        plan = self._plan(before, start.time)
        items, stored = with_content_keys(plan.items), self.worker.embedder.embeddings.stored_keys()
        if self.options.dry_run:
            self._update_report(embedded=len(items_to_embed(items, stored)))
        if plan.refused:
            if not self.options.dry_run:
                self.worker.run_store.write_plan(EmbeddingPlan(None))
            self._refuse(plan.refused)
        if self.options.dry_run:
            return base, None
        snapshot, missing = self._snapshot(items, stored, start)
        self._store_record(snapshot=snapshot)
        return base, (snapshot, missing)

    def _check_encoder(self) -> None:
        """Raise `FailedPrecondition` if closets hold no vectors by the encoder: its index could not be published."""
        current, encoder = self.publisher.versions.current(), self.worker.embedder.embeddings.encoder.id
        in_use = {self.publisher.versions.encoder_of(live.version) for live in current.live} if current else set()
        if in_use and encoder not in in_use:
            raise FailedPrecondition(
                f"The index in use was built by {', '.join(map(str, in_use))}, this run would embed with {encoder}."
                f" Change the encoder with `closetspace encoder migrate --to {encoder}`, or set ENCODER."
            )

    def _base(self, start: RunStart) -> tuple[Base, ItemRows]:
        """Return what the run compares with, and the catalog's state."""
        current = self.publisher.versions.current()
        snapshot = start.base_snapshot
        items = self.worker.snapshots.open(snapshot) if snapshot else SCHEMA.empty_table()
        version = current.version if current else None
        self._update_report(version=version)
        self._update_record(version_before=version)
        keyed = with_content_keys(items.select(["source", "image", "name", "brand"]))
        return Base(keyed.select(["source", KEY]), current, start.generation), items

    def _source_results(self, now: datetime) -> list[SourceTable]:
        sources = self.worker.sources
        if self.options.dry_run:
            return [self._read_dry(source, now) for source in sources]
        self.worker.read_sources(now)
        return [self._wait_for_source(source.name) for source in sources]

    def _wait_for_source(self, source: str) -> SourceTable:
        store = self.worker.run_store
        return store.wait_for(f"{source} to be read", lambda: store.read_source(source), self.worker.check_lease)

    def _read_dry(self, source: Source, now: datetime) -> SourceTable:
        with self.worker.progress_bar(f"reading {source.name}") as progress:
            return SourceTable.of(source.read(now, dry_run=True, progress=progress))

    def _plan(self, before: ItemRows, now: datetime) -> RefreshPlan:
        """Read the sources and plan the run."""
        results, configured = self._source_results(now), self.options.configured_shops
        sources = set(pc.unique(before["source"]).to_pylist())
        plan = plan_refresh(
            before=before,
            results=results,
            least_yield={source.name: source.least_yield for source in self.worker.sources},
            retired=sources - {*configured, IMPORT} if configured is not None else (),
            now=now,
            grace=self.options.grace,
            accept_change=self.options.accept_change,
        )
        self._update_report(**plan.counts, guards=tuple(plan.guards))
        self._store_record(
            left=plan.left,
            stopped=dict(plan.stopped),
            left_out={result.source: dict(result.left_out) for result in results},
        )
        return plan

    def _snapshot(self, items: pa.Table, stored: StoredKeys, start: RunStart) -> tuple[str, int]:
        """Return the snapshot of the next state, and how many of its content keys have no vector.

        If nothing changed, it is the snapshot of the current state. Both are those that the other tasks know, if this
        task was killed and started again.
        """
        if (earlier := self.worker.run_store.read_plan()) and earlier.snapshot:
            return earlier.snapshot, earlier.missing
        state, to_embed = with_predictions(items, stored), items_to_embed(items, stored)
        snapshot = start.base_snapshot
        if snapshot is None or self._changes(snapshot, state, to_embed):
            snapshot = self.worker.snapshots.write(state, start.time)
        self.worker.run_store.write_plan(EmbeddingPlan(snapshot, len(to_embed)))
        return snapshot, len(to_embed)

    def _changes(self, snapshot: str, state: pa.Table, to_embed: pa.Table) -> bool:
        """Return whether a state differs from a snapshot, or gets thumbnails, which answers name, for older vectors."""
        if not is_unchanged(self.worker.snapshots.open(snapshot), state):
            return True
        return len(self.worker.thumbnails.missing(without_keys(state, to_embed[KEY]))) > 0

    def _embed_and_publish(self, snapshot: str, missing: int, base: Base, now: datetime) -> None:
        items = with_content_keys(self.worker.snapshots.read(snapshot))
        self.worker.embed(items, self.worker.embedder.embeddings.stored_keys())
        shards = [self._wait_for_shard(task) for task in range(self.worker.tasks)]
        failed = {key: reason for shard in shards for key, reason in shard.failed.items()}
        failed_of = failed_items(items, failed)
        self._update_report(embedded=missing - len(failed), failed=len(failed_of))
        self._store_record(failed=dict(failed_of[:MAX_RECORDED_FAILURES]))
        items = items.select(["source", *INDEXED_FIELDS, KEY])
        embedded = EmbeddedSnapshot(snapshot, items, missing - len(failed), len(failed))
        with self.worker.progress_bar("publishing") as progress:
            result = self.publisher.publish(embedded, base, now, progress)
        self._update_report(guards=(*self._record.report.guards, *result.guards))
        self._update_record(items=result.items)
        if result.version is None:
            self._refuse(format_failures(guards.failing(result.guards, self.options.accept_change)))
        self._update_report(published=True, version=result.version)
        self._clean_up(items)

    def _wait_for_shard(self, task: int) -> ShardResult:
        store = self.worker.run_store
        return store.wait_for(f"task {task}", lambda: store.read_shard(task), self.worker.check_lease)

    def _clean_up(self, items: pa.Table) -> None:
        """Delete what is no longer needed. The run has published, so an error does not fail it."""
        embeddings = self.worker.embedder.embeddings
        try:
            # Without the lease, another run may need vectors that this one does not.
            self.worker.check_lease()
            embeddings.compact(items[KEY], embeddings.stored_keys())
            if current := self.publisher.versions.current():
                self.pruner.prune(current, self.clock())
        except ClosetspaceError as error:
            log.warning("the clean-up is left to the next run: %s", error)

    def _refuse(self, reason: str) -> None:
        self._update_record(refused=True)
        raise FailedPrecondition(f"Refused, the index in use stays: {reason}")

    def _update_report(self, **changes: Any) -> None:
        self._update_record(report=self._record.report.model_copy(update=changes))

    def _update_record(self, **changes: Any) -> None:
        self._record = self._record.model_copy(update=changes)

    def _store_record(self, **changes: Any) -> None:
        self._update_record(**changes)
        if not self.options.dry_run:
            self.records.write(self._record)
