"""Where the tasks of one run meet: what each has finished, in the store.

Everything here is written whole and never changed, so a task that starts again finds what it had finished, and that
its run is over, should it be. Pruning removes it when nobody starts again any more.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from catalog_jobs.catalog.snapshots import from_parquet, to_parquet
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.refresh.embedding import Embedded
from closetspace.errors import Incompatible, NotFound, Transient
from closetspace.ports import ObjectStore

FOLDER = "catalog/work/"
T = TypeVar("T")
POLL_SECONDS = 1.0
LONGEST_WAIT = 12 * 3600
"""Seconds that a task waits for the others, at most: they have failed if they take longer."""


@dataclass(frozen=True)
class Start:
    """How a run began: its name, when, the catalog's state that it compares with, and the generation of
    ``index/current.json``, 0 where there was none."""

    run: str
    started: str
    base_snapshot: str | None
    generation: int

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.started)


@dataclass(frozen=True)
class Plan:
    """What the tasks are to embed: a snapshot, none when the run ended before, and how much of its content had no
    vector when it was planned."""

    snapshot: str | None
    missing: int = 0


@dataclass(frozen=True)
class RunStore:
    """One run's; ``key`` is what all its tasks know."""

    store: ObjectStore
    key: str
    pause: Callable[[float], None] = time.sleep

    def keep_start(self, start: Start) -> None:
        """Tell the other tasks that the run began, and this one, should it start again."""
        self.store.write(self._name("start.json"), json.dumps(asdict(start)).encode())

    def start(self) -> Start | None:
        """The run's beginning; None before it."""
        told = self._json("start.json")
        return Start(**told) if told else None

    def keep_scraped(self, scraped: Scraped) -> None:
        """Keep what a source gave."""
        name = self._name(f"scraped/{scraped.source}")
        self.store.write(f"{name}.parquet", to_parquet(scraped.items))
        told = {"left_out": dict(scraped.left_out), "trouble": scraped.trouble}
        self.store.write(f"{name}.json", json.dumps(told).encode())

    def scraped(self, source: str) -> Scraped | None:
        """What a source gave; None as long as it was not read."""
        told = self._json(f"scraped/{source}.json")
        if told is None:
            return None
        data = self.store.read(self._name(f"scraped/{source}.parquet"))
        return Scraped(source, from_parquet(data, source), told["left_out"], told["trouble"])

    def keep_plan(self, plan: Plan) -> None:
        """Tell the other tasks what to embed."""
        self.store.write(self._name("plan.json"), json.dumps(asdict(plan)).encode())

    def plan(self) -> Plan | None:
        """What to embed; None as long as that is not known."""
        told = self._json("plan.json")
        return Plan(**told) if told else None

    def keep_shard(self, task: int, embedded: Embedded) -> None:
        """Keep that a task has done its share."""
        self.store.write(self._name(f"shards/{task}.json"), json.dumps(asdict(embedded)).encode())

    def shard(self, task: int) -> Embedded | None:
        """What a task did; None as long as it is not done."""
        told = self._json(f"shards/{task}.json")
        return Embedded(**told) if told else None

    def wait(self, what: str, found: Callable[[], T | None], check_lease: Callable[[], None]) -> T:
        """Wait until another task has done something, and return that. Raises `Transient` when it doesn't."""
        for _ in range(int(LONGEST_WAIT / POLL_SECONDS)):
            done = found()
            if done is not None:
                return done
            check_lease()
            self.pause(POLL_SECONDS)
        raise Transient(f"waited too long for {what}: look at the other tasks, then run the refresh again")

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self.store.read(self._name(name)))
        except NotFound:
            return None
        except ValueError as exc:
            raise Incompatible(f"{self._name(name)} is not readable: {exc}") from exc
        return found

    def _name(self, name: str) -> str:
        return f"{FOLDER}{self.key}/{name}"


def run_name(now: datetime, key: str) -> str:
    """A run's name: it sorts by time, and tells one run of a moment from another."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{digest}"
