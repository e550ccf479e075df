"""What the tasks of one run share through the store: the results of each step, and the lease.

Every result is written whole and never changed. A task that is started again finds what it has finished, and whether
its run is over. Pruning deletes the results when the run can no longer be started again.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from catalog_jobs.catalog.item_table import SCHEMA
from catalog_jobs.catalog.snapshots import StoredItems, to_parquet
from catalog_jobs.catalog.source import SourceTable
from closetspace.errors import Conflict, Incompatible, NotFound, Transient
from closetspace.ports import ObjectStore

T = TypeVar("T")

FOLDER = "catalog/work/"
LEASE = "catalog/lease.json"
POLL_SECONDS = 1.0
MAX_WAIT_SECONDS = 12 * 3600
"""Seconds that a task waits for the others. They have failed if they take longer."""


@dataclass(frozen=True)
class RunStart:
    """How a run began: its name and time, the catalog's state, and the generation of ``index/current.json`` (0: none).

    The run compares with that state, and publishes only if the generation is still the same.
    """

    run: str
    started: str
    base_snapshot: str | None
    generation: int

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.started)


@dataclass(frozen=True)
class EmbeddingPlan:
    """The snapshot to embed, None if the run ended early, and how many of its content keys had no vector."""

    snapshot: str | None
    missing: int = 0


@dataclass(frozen=True)
class ShardResult:
    """The content keys that a task could not embed, with the reasons."""

    failed: dict[str, str]


@dataclass(frozen=True)
class RunStore:
    """The results of one run. ``key`` identifies the run to all of its tasks."""

    store: ObjectStore
    key: str
    sleep: Callable[[float], None] = time.sleep

    def write_start(self, start: RunStart) -> None:
        self._write("start.json", asdict(start))

    def read_start(self) -> RunStart | None:
        """Return the start, None if the run has not begun."""
        fields = self._read("start.json")
        return RunStart(**fields) if fields else None

    def write_source(self, result: SourceTable) -> None:
        # The JSON file goes last: it marks the result as complete.
        self.store.write(self._name(f"scraped/{result.source}.parquet"), to_parquet(result.items.select(SCHEMA.names)))
        self._write(f"scraped/{result.source}.json", {"left_out": dict(result.left_out), "failure": result.failure})

    def read_source(self, source: str) -> SourceTable | None:
        """Return the result of reading a source, None if it is not complete."""
        fields = self._read(f"scraped/{source}.json")
        if fields is None:
            return None
        data = self.store.read(self._name(f"scraped/{source}.parquet"))
        return SourceTable(source, StoredItems(data, source), **fields)

    def write_plan(self, plan: EmbeddingPlan) -> None:
        self._write("plan.json", asdict(plan))

    def read_plan(self) -> EmbeddingPlan | None:
        """Return the plan, None if there is none yet."""
        fields = self._read("plan.json")
        return EmbeddingPlan(**fields) if fields else None

    def write_shard(self, task: int, result: ShardResult) -> None:
        self._write(f"shards/{task}.json", asdict(result))

    def read_shard(self, task: int) -> ShardResult | None:
        """Return the result of a task's embedding, None if it is not complete."""
        fields = self._read(f"shards/{task}.json")
        return ShardResult(**fields) if fields else None

    def wait_for(self, what: str, read: Callable[[], T | None], check_lease: Callable[[], None]) -> T:
        """Wait until ``read`` returns a result. Raises `Transient` after `MAX_WAIT_SECONDS`."""
        for _ in range(int(MAX_WAIT_SECONDS / POLL_SECONDS)):
            result = read()
            if result is not None:
                return result
            check_lease()
            self.sleep(POLL_SECONDS)
        raise Transient(f"waited too long for {what}: look at the other tasks, then run the refresh again")

    def _write(self, name: str, fields: dict[str, Any]) -> None:
        self.store.write(self._name(name), json.dumps(fields).encode())

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            fields: dict[str, Any] = json.loads(self.store.read(self._name(name)))
        except NotFound:
            return None
        except ValueError as exc:
            raise Incompatible(f"{self._name(name)} is not readable: {exc}") from exc
        return fields

    def _name(self, name: str) -> str:
        return f"{FOLDER}{self.key}/{name}"


@dataclass(frozen=True)
class Lease:
    """A run's claim to publish. The run that took the lease last holds it.

    A lease does not expire. A killed run blocks no other: the next run takes the lease, and the run that lost it
    notices at its next check, at the latest before it would publish.
    """

    store: ObjectStore
    run: str

    def take(self, now: datetime) -> None:
        """Take the lease from its holder."""
        self.store.write(LEASE, json.dumps({"run": self.run, "since": now.isoformat()}).encode())

    def check(self) -> None:
        """Raise `Conflict` if another run has taken the lease."""
        try:
            holder = json.loads(self.store.read(LEASE))
            run, since = holder["run"], holder["since"]
        except NotFound:
            raise Conflict(f"The lease {LEASE} is gone: run the refresh again.") from None
        except (ValueError, KeyError, TypeError) as exc:
            raise Incompatible(f"{LEASE} is not readable: {exc}") from exc
        if run != self.run:
            raise Conflict(
                f"Run {run} took the lease at {since}, so this run ({self.run}) has stopped and published nothing. The"
                " other run uses what it embedded."
            )


def run_name(now: datetime, key: str) -> str:
    """Return a unique name that sorts by time."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{digest}"
