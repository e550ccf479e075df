"""The leading task of a run: it compares, decides, waits for the others, builds, publishes and tells."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.run_record import RunRecord, format_failures
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.catalog.source import IMPORT
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.embedding import Embedded, to_embed
from catalog_jobs.refresh.embedding_store import Known
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.lease import Lease
from catalog_jobs.refresh.merging import with_predictions
from catalog_jobs.refresh.planning import Planned, plan
from catalog_jobs.refresh.pruning import Pruner
from catalog_jobs.refresh.publishing import Base, Publisher
from catalog_jobs.refresh.run_store import Plan, Start, run_name
from catalog_jobs.refresh.worker import Worker
from closetspace.domain.index.publication import Current
from closetspace.errors import ClosetspaceError, FailedPrecondition, NotFound

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choices:
    """What the operator asked for.

    ``configured`` are all shops that there are, when all of them are read, None when only some are: items of a shop
    that nobody configures any more leave the catalog.
    """

    grace: timedelta
    dry_run: bool = False
    accept_change: bool = False
    configured: Collection[str] | None = None
    bounds: Bounds = field(default_factory=Bounds)


@dataclass
class Coordinator:
    """One run."""

    task: Worker
    choices: Choices
    lease: Lease
    publisher: Publisher
    pruner: Pruner
    records: RunRecords
    clock: Callable[[], datetime]

    def run(self) -> RunRecord:
        """Go through with it; the record that is returned, and kept, says in ``error`` why nothing came of it."""
        start = self._start()
        if settled := self._settled(start.run):
            return settled
        self._record = RunRecord(
            run=start.run,
            started=start.time,
            sources=tuple(source.name for source in self.task.sources),
            tasks=self.task.count,
            dry_run=self.choices.dry_run,
            base_snapshot=start.base_snapshot,
        )
        try:
            self._go_through(start)
        except ClosetspaceError as error:
            self._tell(error=str(error))
        finished = self.clock()
        report = self._record.report.model_copy(update={"seconds": round((finished - start.time).total_seconds(), 3)})
        self._tell(finished=finished, report=report)
        return self._record

    def _settled(self, run: str) -> RunRecord | None:
        """The record of a task that starts again although its run has published, or was refused."""
        try:
            record = self.records.read(run)
        except NotFound:
            return None
        return record if record.finished and (record.refused or record.report.published) else None

    def _start(self) -> Start:
        """How the run began: now, or before this task died."""
        if (begun := self.task.workplace.start()) and not self.choices.dry_run:
            return begun
        now, current = self.clock(), self.publisher.versions.current()
        start = Start(
            run_name(now, self.task.workplace.key),
            now.isoformat(),
            self.task.snapshots.last(),
            current.generation if current else 0,
        )
        if not self.choices.dry_run:
            self.lease.take(now)
            self.task.workplace.keep_start(start)
            self._finish_record_of(start.base_snapshot, current)
        return start

    def _finish_record_of(self, snapshot: str | None, current: Current | None) -> None:
        """Say of the run that published the index in use that it did, should it have been killed before it could."""
        for record in self.records.list(1):
            if current and record.finished is None and record.snapshot == snapshot is not None:
                report = record.report.model_copy(update={"published": True, "version": current.version})
                finished = datetime.fromisoformat(current.published_at)
                self.records.write(record.model_copy(update={"report": report, "finished": finished}))

    def _go_through(self, start: Start) -> None:
        self._check_encoder()
        base = self._base(start)
        self._tell()
        scraped = self._scraped(start.time)
        planned = self._planned(base, scraped, start.time)
        self._report(**planned.counts, guards=tuple(planned.guards))
        self._tell(
            left=planned.left,
            stopped=dict(planned.stopped),
            left_out={one.source: dict(one.left_out) for one in scraped},
        )
        kept = self.task.shard.kept.known()
        if self.choices.dry_run:
            self._report(embedded=len(to_embed(planned.items, kept.part_of)))
        if planned.refused:
            self._update(refused=True)
            if not self.choices.dry_run:
                self.task.workplace.keep_plan(Plan(None))
            raise FailedPrecondition(f"Refused, the index in use stays: {planned.refused}")
        if not self.choices.dry_run:
            snapshot, missing = self._snapshot(planned, kept, start.time)
            self._tell(snapshot=snapshot)
            self._embed_and_publish(snapshot, missing, kept.part_of, base, start.time)

    def _check_encoder(self) -> None:
        """An index by an encoder that closets hold no vectors of could not be published: better said now."""
        current, encoder = self.publisher.versions.current(), self.task.shard.kept.encoder.id
        in_use = {self.publisher.versions.encoder_of(live.version) for live in current.live} if current else set()
        if in_use and encoder not in in_use:
            raise FailedPrecondition(
                f"The index in use was built by {', '.join(map(str, in_use))}, this run would embed with {encoder}."
                f" Change the encoder with `closetspace encoder migrate --to {encoder}`, or set ENCODER."
            )

    def _base(self, start: Start) -> Base:
        current = self.publisher.versions.current()
        items = self.task.snapshots.read(start.base_snapshot) if start.base_snapshot else []
        version = current.version if current else None
        self._report(version=version)
        self._update(version_before=version)
        return Base(items, current, start.generation)

    def _scraped(self, now: datetime) -> list[Scraped]:
        task = self.task
        if self.choices.dry_run:
            return [self._read(number, now) for number in range(len(task.sources))]
        task.collect(now)
        return [self._kept(source.name) for source in task.sources]

    def _kept(self, source: str) -> Scraped:
        work = self.task.workplace
        return work.wait(f"{source} to be read", lambda: work.scraped(source), self.task.check_lease)

    def _read(self, number: int, now: datetime) -> Scraped:
        source = self.task.sources[number]
        with self.task.bar(f"reading {source.name}") as progress:
            return source.read(now, dry_run=True, progress=progress)

    def _planned(self, base: Base, scraped: Sequence[Scraped], now: datetime) -> Planned:
        configured, had = self.choices.configured, {item.source for item in base.items}
        return plan(
            before=base.items,
            scraped=scraped,
            least_yield={source.name: source.least_yield for source in self.task.sources},
            retired=had - {*configured, IMPORT} if configured is not None else (),
            now=now,
            grace=self.choices.grace,
            accept_change=self.choices.accept_change,
        )

    def _snapshot(self, planned: Planned, kept: Known, now: datetime) -> tuple[str, int]:
        """The next state as the tasks see it, and how much of it has no vector: what was planned before this task died,
        else what is planned now."""
        if (earlier := self.task.workplace.plan()) and earlier.snapshot:
            return earlier.snapshot, earlier.missing
        name = self.task.snapshots.write(with_predictions(planned.items, kept.categories), now)
        missing = len(to_embed(planned.items, kept.part_of))
        self.task.workplace.keep_plan(Plan(name, missing))
        return name, missing

    def _embed_and_publish(
        self, snapshot: str, missing: int, known: Collection[str], base: Base, now: datetime
    ) -> None:
        items = self.task.snapshots.read(snapshot)
        self.task.embed(items, known)
        failed = {key: why for number in range(self.task.count) for key, why in self._shard(number).failed.items()}
        self._report(embedded=missing - len(failed), failed=sum(item.content_key in failed for item in items))
        self._tell(failed=dict(sorted((i.id, failed[i.content_key]) for i in items if i.content_key in failed)[:100]))
        pictures = guards.failed_pictures(len(failed), missing, self.choices.bounds)
        with self.task.bar("publishing") as progress:
            outcome = self.publisher.publish(snapshot, items, base, pictures, now, progress)
        results = (*self._record.report.guards, *outcome.guards)
        self._report(guards=results)
        self._update(items=outcome.items)
        if outcome.version is None:
            self._update(refused=True)
            failing = guards.failing(outcome.guards, self.choices.accept_change)
            raise FailedPrecondition(f"Refused, the index in use stays: {format_failures(failing)}")
        self._report(published=True, version=outcome.version)
        self._tidy_up(items)

    def _shard(self, number: int) -> Embedded:
        work = self.task.workplace
        return work.wait(f"task {number}", lambda: work.shard(number), self.task.check_lease)

    def _tidy_up(self, items: Sequence[CatalogItem]) -> None:
        """What has become superfluous goes. The run has published: a fault here is not its own."""
        kept = self.task.shard.kept
        try:
            # Another run may count on vectors that this one no longer needs.
            self.task.check_lease()
            kept.compact({item.content_key for item in items}, kept.known())
            if current := self.publisher.versions.current():
                self.pruner.prune(current, self.clock())
        except ClosetspaceError as error:
            log.warning("what nobody needs any more is left to the next run: %s", error)

    def _report(self, **changed: Any) -> None:
        self._update(report=self._record.report.model_copy(update=changed))

    def _update(self, **changed: Any) -> None:
        self._record = self._record.model_copy(update=changed)

    def _tell(self, **changed: Any) -> None:
        """Change the record, and keep it."""
        self._update(**changed)
        if not self.choices.dry_run:
            self.records.write(self._record)
