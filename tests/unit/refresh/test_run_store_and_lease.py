"""Where the tasks of a run meet, and who may publish."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog_jobs.catalog.source_result import Scraped, by_reason
from catalog_jobs.refresh.embedding import Embedded
from catalog_jobs.refresh.lease import LEASE, Lease
from catalog_jobs.refresh.run_store import LONGEST_WAIT, POLL_SECONDS, Plan, RunStore, Start, run_name
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import Conflict, Incompatible, Transient
from tests.support.faulty_stores import Killed, Mortal, changes
from tests.support.refreshed_catalog import NOW, item, stock


def nothing() -> None:
    """The run is still ours."""


def test_each_thing_is_read_as_it_was_kept_by_any_task() -> None:
    store = MemoryObjects()
    start = Start("a run", NOW.isoformat(), "a snapshot", 7)
    scraped = Scraped("north", stock(3), {"no price (for example 3)": 2}, "A captcha.")
    embedded = Embedded({"key": "The photo can't be read."})
    work, other = RunStore(store, "key"), RunStore(store, "key")
    work.keep_start(start)
    work.keep_scraped(scraped)
    work.keep_plan(Plan("a snapshot"))
    work.keep_shard(3, embedded)
    assert (other.start(), other.scraped("north"), other.plan(), other.shard(3)) == (
        start,
        scraped,
        Plan("a snapshot"),
        embedded,
    )
    assert start.time == NOW


def test_what_was_not_done_is_not_there() -> None:
    work = RunStore(MemoryObjects(), "key")
    assert (work.start(), work.scraped("north"), work.plan(), work.shard(0)) == (None, None, None, None)


def test_runs_do_not_see_one_another() -> None:
    store = MemoryObjects()
    RunStore(store, "one").keep_plan(Plan("a"))
    RunStore(store, "onemore").keep_plan(Plan("b"))
    assert RunStore(store, "on").plan() is None
    assert RunStore(store, "one").plan() == Plan("a")


def test_a_run_that_ended_before_anything_was_planned_says_so() -> None:
    work = RunStore(MemoryObjects(), "key")
    work.keep_plan(Plan(None))
    assert work.plan() == Plan(None)


def test_a_source_whose_reading_was_cut_off_was_not_read() -> None:
    store = MemoryObjects()
    with pytest.raises(Killed):
        RunStore(Mortal(store, 1, changes), "key").keep_scraped(Scraped("north", [item(1)]))
    assert len(list(store.list(""))) == 1
    assert RunStore(store, "key").scraped("north") is None


def test_a_task_waits_until_another_has_done_its_part() -> None:
    pauses: list[float] = []
    work = RunStore(MemoryObjects(), "key", pause=pauses.append)
    asked = iter([None, None, Embedded({})])
    assert work.wait("task 1", lambda: next(asked), nothing) == Embedded({})
    assert pauses == [POLL_SECONDS] * 2


def test_a_task_that_waits_for_nothing_still_asks_whether_the_run_goes_on() -> None:
    def overtaken() -> None:
        raise Conflict("another run")

    work = RunStore(MemoryObjects(), "key", pause=lambda _: None)
    with pytest.raises(Conflict):
        work.wait("task 1", lambda: None, overtaken)


def test_no_task_waits_for_ever() -> None:
    waited = timedelta()

    def pause(seconds: float) -> None:
        nonlocal waited
        waited += timedelta(seconds=seconds)

    with pytest.raises(Transient, match=r"task 1.*run the refresh again"):
        RunStore(MemoryObjects(), "key", pause).wait("task 1", lambda: None, nothing)
    assert waited == timedelta(seconds=LONGEST_WAIT)


@pytest.mark.parametrize("name", ["start.json", "plan.json", "shards/0.json", "scraped/north.json"])
def test_what_is_unreadable_is_told_by_name(name: str) -> None:
    work = RunStore(MemoryObjects(), "key")
    work.store.write(f"catalog/work/key/{name}", b'{"run"')
    with pytest.raises(Incompatible, match=f"key/{name}"):
        (work.start(), work.plan(), work.shard(0), work.scraped("north"))


def test_names_of_runs_sort_by_time_and_tell_runs_of_a_moment_apart() -> None:
    early, late = run_name(NOW, "a"), run_name(NOW + timedelta(milliseconds=1), "a")
    assert early < late
    assert run_name(NOW, "b") != early == run_name(NOW, "a")


def test_who_took_the_lease_last_has_it() -> None:
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


def test_any_task_of_a_run_has_its_lease() -> None:
    lease = Lease(MemoryObjects(), "run")
    lease.take(NOW)
    replace(lease).check()


def test_a_lease_that_is_gone_is_nobodys() -> None:
    with pytest.raises(Conflict, match="run the refresh again"):
        Lease(MemoryObjects(), "run").check()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"7", b"\xff"])
def test_an_unreadable_lease_is_told_by_name(data: bytes) -> None:
    store = MemoryObjects()
    store.write(LEASE, data)
    with pytest.raises(Incompatible, match=LEASE):
        Lease(store, "run").check()


def test_what_was_left_out_is_counted_by_reason_with_an_example() -> None:
    left_out = [("1", "no price"), ("2", "no name"), ("3", "no price")]
    assert by_reason(left_out) == {"no price (for example 1)": 2, "no name (for example 2)": 1}
