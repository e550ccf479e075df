"""Runs that die at any moment: what is in use stays whole, and whoever comes next goes on where they were."""

from functools import cache
from typing import Any

import pytest

from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.guards import Bounds
from tests.support.faulty_stores import Killed, Mortal
from tests.support.refreshed_catalog import Inventory, Refreshed, counting, item, stock

BEFORE = stock(60)
AFTER = [*BEFORE[40:], *(item(number, name=f"Linen shirt {number}") for number in range(40)), *stock(75)[60:]]
EMBEDDED = 55
ANY = Bounds(least_overlap=0)
"""Half of the names change, and so do the answers."""


@cache
def first_night() -> Refreshed:
    world = Refreshed()
    assert world.run(Inventory(BEFORE)).report.published
    return world


@cache
def second_night() -> Refreshed:
    """The store after a second run that nobody killed."""
    world = first_night().copied()
    record = world.run(Inventory(AFTER), bounds=ANY)
    assert (record.report.published, record.report.embedded) == (True, EMBEDDED)
    return world


def decides(operation: str, name: str) -> bool:
    """Whether an operation changes anything but pictures, of which each is like the other."""
    return operation in ("write", "delete") and not name.startswith("catalog/images/")


@cache
def moments() -> int:
    """How many changes the second run makes."""
    world = first_night().copied()
    watched = Mortal(world.store, counted=decides)
    world.over(watched).run(Inventory(AFTER), bounds=ANY)
    return watched.operations


def killed(last: int, **choices: Any) -> Refreshed:
    """The store after a second run that died after so many changes."""
    world = first_night().copied()
    with pytest.raises(Killed):
        world.over(Mortal(world.store, last, decides)).run(Inventory(AFTER), key="killed", bounds=ANY, **choices)
    assert world.index() in (first_night().index(), second_night().index())
    return world


def not_embedded(world: Refreshed) -> set[str]:
    """Names of what has no vector yet."""
    known = world.kept.known().part_of
    return {one.name for one in AFTER if one.content_key not in known}


def records(world: Refreshed) -> list[RunRecord]:
    return RunRecords(world.store).list(9)


def check_records(world: Refreshed) -> None:
    """Every index that was ever in use has a run that says it published it."""
    told = [record.report.version for record in records(world) if record.report.published and record.finished]
    assert sorted(map(str, told)) == sorted([world.current.version, *world.current.history])


def test_a_run_changes_the_store_often_enough_to_be_killed_in_between() -> None:
    assert moments() > 25


@pytest.mark.parametrize("part", range(4))
def test_a_run_that_is_killed_anywhere_is_made_good_by_the_next(part: int) -> None:
    for last in range(part, moments(), 4):
        world = killed(last)
        missing, names = not_embedded(world), counting(world.encoder)
        published = world.index() == second_night().index()
        record = world.run(Inventory(AFTER), bounds=ANY)
        assert (record.error, record.report.published) == ("", True), last
        assert sorted(names) == sorted(missing), last
        assert record.report.embedded == len(missing), last
        assert record.report.new == (0 if published else 15), last
        assert world.index() == second_night().index(), last
        check_records(world)


@pytest.mark.parametrize("part", range(4))
def test_a_task_that_is_killed_anywhere_and_started_again_goes_on_with_the_same_run(part: int) -> None:
    for last in range(part, moments(), 4):
        world = killed(last)
        missing, names = not_embedded(world), counting(world.encoder)
        in_use, source = world.current, Inventory(AFTER)
        read_before = world.store.stat("catalog/work/killed/scraped/north.json") is not None
        record = world.run(source, key="killed", bounds=ANY)
        assert record.report.embedded == EMBEDDED, last
        assert (record.error, record.report.published, record.report.new) == ("", True, 15), last
        assert sorted(names) == sorted(missing), last
        assert source.read_dry == ([] if read_before else [False]), last
        assert world.index() == second_night().index(), last
        assert len(world.current.history) == 1, last
        assert in_use.generation == world.current.generation or not in_use.history, last
        assert len(Snapshots(world.store).names()) == 2, last
        check_records(world)


def test_a_run_that_was_killed_while_it_embedded_has_kept_all_parts_that_it_finished() -> None:
    left = {len(not_embedded(killed(last))) for last in range(6, 20)}
    assert left == {EMBEDDED, EMBEDDED - 16, EMBEDDED - 32, EMBEDDED - 48, 0}


def test_a_task_that_starts_again_compares_with_what_the_run_began_with() -> None:
    world = killed(8)
    sources = Inventory([*AFTER, item(99)])
    record = world.run(sources, key="killed", bounds=ANY)
    assert (record.report.new, sources.read_dry) == (15, [])
    assert world.run(sources).report.new == 1


def test_a_task_that_starts_again_after_a_refusal_stays_refused() -> None:
    world = first_night().copied()
    refused = world.run(Inventory(BEFORE[:30]), key="refused")
    source = Inventory(BEFORE)
    assert world.run(source, key="refused") == refused
    assert (refused.refused, source.read_dry) == (True, [])


def test_a_task_that_starts_again_although_its_run_has_published_changes_nothing() -> None:
    world = first_night().copied()
    done = world.run(Inventory(AFTER), key="done", bounds=ANY)
    generation, source = world.current.generation, Inventory([*AFTER, item(99)])
    assert world.run(source, key="done", bounds=ANY) == done
    assert (source.read_dry, world.current.generation) == ([], generation)


def test_a_run_that_lost_its_lease_while_it_was_dead_says_so() -> None:
    world = killed(8)
    world.run(Inventory(AFTER), key="the next", bounds=ANY)
    record = world.run(Inventory(AFTER), key="killed", bounds=ANY)
    assert "Run the next took the lease" in record.error
    assert not record.report.published


def test_a_rollback_while_a_run_was_dead_stays() -> None:
    world = second_night().copied()
    first = world.current.history[0]
    with pytest.raises(Killed):
        world.over(Mortal(world.store, 8, decides)).run(Inventory(BEFORE), key="killed", bounds=ANY)
    world.versions.rollback(world.clock())
    record = world.run(Inventory(BEFORE), key="killed", bounds=ANY)
    assert "another index than the expected one is in use" in record.error
    assert (record.report.published, world.current.version) == (False, first)
