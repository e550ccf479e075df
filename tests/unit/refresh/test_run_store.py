"""The results that the tasks of a run share, and the lease."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog_jobs.catalog.item_table import SCHEMA, items_of, table_of
from catalog_jobs.catalog.left_out import count_reasons
from catalog_jobs.catalog.source import SourceTable
from catalog_jobs.refresh.run_store import (
    LEASE,
    MAX_WAIT_SECONDS,
    POLL_SECONDS,
    EmbeddingPlan,
    Lease,
    RunStart,
    RunStore,
    ShardResult,
    run_name,
)
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import Conflict, Incompatible, Transient
from tests.support.faulty_stores import Killed, KillingStore, is_change
from tests.support.refreshed_catalog import NOW, item, stock


def lease_held() -> None:
    """Check a lease that is held."""


def test_other_tasks_read_the_results_that_a_task_wrote() -> None:
    store = MemoryObjects()
    start = RunStart("a run", NOW.isoformat(), "a snapshot", 7)
    result = SourceTable("north", table_of(stock(3)), {"no price (for example 3)": 2}, "A captcha.")
    shard = ShardResult({"key": "The photo can't be read."})
    work, other = RunStore(store, "key"), RunStore(store, "key")
    work.write_start(start)
    work.write_source(result)
    work.write_plan(EmbeddingPlan("a snapshot"))
    work.write_shard(3, shard)
    read = other.read_source("north")
    assert read is not None
    assert list(items_of(read.items.select(SCHEMA.names))) == stock(3)
    assert replace(read, items=result.items) == result
    assert (other.read_start(), other.read_plan(), other.read_shard(3)) == (
        start,
        EmbeddingPlan("a snapshot"),
        shard,
    )
    assert start.time == NOW


def test_results_that_were_not_written_are_none() -> None:
    work = RunStore(MemoryObjects(), "key")
    assert (work.read_start(), work.read_source("north"), work.read_plan(), work.read_shard(0)) == (
        None,
        None,
        None,
        None,
    )


def test_runs_do_not_share_results() -> None:
    store = MemoryObjects()
    RunStore(store, "one").write_plan(EmbeddingPlan("a"))
    RunStore(store, "onemore").write_plan(EmbeddingPlan("b"))
    assert RunStore(store, "on").read_plan() is None
    assert RunStore(store, "one").read_plan() == EmbeddingPlan("a")


def test_plan_without_a_snapshot_ends_the_run() -> None:
    work = RunStore(MemoryObjects(), "key")
    work.write_plan(EmbeddingPlan(None))
    assert work.read_plan() == EmbeddingPlan(None)


def test_interrupted_write_of_a_source_result_is_ignored() -> None:
    store = MemoryObjects()
    with pytest.raises(Killed):
        RunStore(KillingStore(store, 1, is_change), "key").write_source(SourceTable("north", table_of([item(1)])))
    assert len(list(store.list(""))) == 1
    assert RunStore(store, "key").read_source("north") is None


def test_wait_for_polls_until_there_is_a_result() -> None:
    pauses: list[float] = []
    work = RunStore(MemoryObjects(), "key", sleep=pauses.append)
    asked = iter([None, None, ShardResult({})])
    assert work.wait_for("task 1", lambda: next(asked), lease_held) == ShardResult({})
    assert pauses == [POLL_SECONDS] * 2


def test_wait_for_checks_the_lease() -> None:
    def lease_lost() -> None:
        raise Conflict("another run")

    work = RunStore(MemoryObjects(), "key", sleep=lambda _: None)
    with pytest.raises(Conflict):
        work.wait_for("task 1", lambda: None, lease_lost)


def test_wait_for_raises_an_error_after_the_longest_wait() -> None:
    waited = timedelta()

    def sleep(seconds: float) -> None:
        nonlocal waited
        waited += timedelta(seconds=seconds)

    with pytest.raises(Transient, match=r"task 1.*run the refresh again"):
        RunStore(MemoryObjects(), "key", sleep).wait_for("task 1", lambda: None, lease_held)
    assert waited == timedelta(seconds=MAX_WAIT_SECONDS)


@pytest.mark.parametrize("name", ["start.json", "plan.json", "shards/0.json", "scraped/north.json"])
def test_unreadable_result_raises_an_error_that_names_it(name: str) -> None:
    work = RunStore(MemoryObjects(), "key")
    work.store.write(f"catalog/work/key/{name}", b'{"run"')
    with pytest.raises(Incompatible, match=f"key/{name}"):
        (work.read_start(), work.read_plan(), work.read_shard(0), work.read_source("north"))


def test_run_names_sort_by_time_and_differ_by_key() -> None:
    early, late = run_name(NOW, "a"), run_name(NOW + timedelta(milliseconds=1), "a")
    assert early < late
    assert run_name(NOW, "b") != early == run_name(NOW, "a")


def test_lease_belongs_to_the_run_that_took_it_last() -> None:
    store = MemoryObjects()
    first, second = Lease(store, "first"), Lease(store, "second")
    first.take(NOW)
    first.check()
    second.take(NOW)
    second.check()
    with pytest.raises(Conflict, match=r"Run second took the lease.*this run \(first\).*published nothing"):
        first.check()
    first.take(NOW)
    first.check()


def test_all_tasks_of_a_run_share_its_lease() -> None:
    lease = Lease(MemoryObjects(), "run")
    lease.take(NOW)
    replace(lease).check()


def test_missing_lease_raises_conflict() -> None:
    with pytest.raises(Conflict, match="run the refresh again"):
        Lease(MemoryObjects(), "run").check()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"7", b"\xff"])
def test_unreadable_lease_raises_an_error_that_names_it(data: bytes) -> None:
    store = MemoryObjects()
    store.write(LEASE, data)
    with pytest.raises(Incompatible, match=LEASE):
        Lease(store, "run").check()


def test_count_reasons_counts_by_reason_with_an_example() -> None:
    left_out = [("1", "no price"), ("2", "no name"), ("3", "no price")]
    assert count_reasons(left_out) == {"no price (for example 1)": 2, "no name (for example 2)": 1}
