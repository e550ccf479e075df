"""Runs that are killed at any moment: the index in use stays intact, and the next run continues."""

from functools import cache

import pytest

from catalog_jobs.catalog.run_records import RunRecord, RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.guards import Bounds
from tests.support.faulty_stores import Killed, KillingStore
from tests.support.refreshed_catalog import FakeSource, RefreshedCatalog, item, record_encoded, stock

BEFORE = stock(60)
AFTER = [*BEFORE[40:], *(item(number, name=f"Linen shirt {number}") for number in range(40)), *stock(75)[60:]]
EMBEDDED = 55
NO_CANARIES = Bounds(least_overlap=0)
"""Bounds without canaries: half of the names change, and so do the answers."""


@cache
def first_night() -> RefreshedCatalog:
    catalog = RefreshedCatalog()
    assert catalog.run(FakeSource(BEFORE)).report.published
    return catalog


@cache
def second_night() -> RefreshedCatalog:
    """Return the catalog after a second run that was not killed."""
    catalog = first_night().copy()
    record = catalog.run(FakeSource(AFTER), bounds=NO_CANARIES)
    assert (record.report.published, record.report.embedded) == (True, EMBEDDED)
    return catalog


def is_decisive(operation: str, name: str) -> bool:
    """Return whether an operation changes anything but images: their uploads are all alike."""
    return operation in ("write", "delete") and not name.startswith(("catalog/images/", "catalog/thumbnails/"))


@cache
def moments() -> int:
    """Return how many changes the second run makes."""
    catalog = first_night().copy()
    watched = KillingStore(catalog.store, counts=is_decisive)
    catalog.over(watched).run(FakeSource(AFTER), bounds=NO_CANARIES)
    return watched.operations


def killed(last: int) -> RefreshedCatalog:
    """Return the catalog after a second run that was killed after ``last`` changes."""
    catalog = first_night().copy()
    with pytest.raises(Killed):
        catalog.over(KillingStore(catalog.store, last, is_decisive)).run(
            FakeSource(AFTER), key="killed", bounds=NO_CANARIES
        )
    assert catalog.index() in (first_night().index(), second_night().index())
    return catalog


def not_embedded(catalog: RefreshedCatalog) -> set[str]:
    """Return the names of the items without a vector."""
    known = catalog.embeddings.stored_keys().keys.to_pylist()
    return {entry.name for entry in AFTER if entry.content_key not in known}


def records(catalog: RefreshedCatalog) -> list[RunRecord]:
    return RunRecords(catalog.store).newest(9)


def check_records(catalog: RefreshedCatalog) -> None:
    """Assert that every version that was in use has a finished record."""
    published = {record.report.version for record in records(catalog) if record.report.published and record.finished}
    assert published == {catalog.current.version, *catalog.current.history}


def test_run_makes_enough_changes_to_be_killed_between() -> None:
    assert moments() > 25


@pytest.mark.parametrize("part", range(4))
def test_next_run_completes_a_run_that_was_killed_at_any_change(part: int) -> None:
    for last in range(part, moments(), 4):
        catalog = killed(last)
        missing, names = not_embedded(catalog), record_encoded(catalog.encoder)
        published = catalog.index() == second_night().index()
        record = catalog.run(FakeSource(AFTER), bounds=NO_CANARIES)
        assert (record.error, record.report.published) == ("", True), last
        assert sorted(names) == sorted(missing), last
        assert record.report.embedded == len(missing), last
        assert record.report.new == (0 if published else 15), last
        assert catalog.index() == second_night().index(), last
        check_records(catalog)


@pytest.mark.parametrize("part", range(4))
def test_task_that_was_killed_at_any_change_continues_its_run_when_started_again(part: int) -> None:
    for last in range(part, moments(), 4):
        catalog = killed(last)
        missing, names = not_embedded(catalog), record_encoded(catalog.encoder)
        in_use, source = catalog.current, FakeSource(AFTER)
        read_before = catalog.store.stat("catalog/work/killed/scraped/north.json") is not None
        record = catalog.run(source, key="killed", bounds=NO_CANARIES)
        assert record.report.embedded == EMBEDDED, last
        assert (record.error, record.report.published, record.report.new) == ("", True, 15), last
        assert sorted(names) == sorted(missing), last
        assert source.dry_runs == ([] if read_before else [False]), last
        assert catalog.index() == second_night().index(), last
        assert len(catalog.current.history) == 1, last
        assert in_use.generation == catalog.current.generation or not in_use.history, last
        assert len(Snapshots(catalog.store).names()) == 2, last
        check_records(catalog)


def test_run_that_is_killed_while_embedding_keeps_all_finished_parts() -> None:
    left = {len(not_embedded(killed(last))) for last in range(6, 20)}
    assert left == {EMBEDDED, EMBEDDED - 16, EMBEDDED - 32, EMBEDDED - 48, 0}


def test_restarted_task_compares_with_the_state_at_the_start_of_its_run() -> None:
    catalog = killed(8)
    sources = FakeSource([*AFTER, item(99)])
    record = catalog.run(sources, key="killed", bounds=NO_CANARIES)
    assert (record.report.new, sources.dry_runs) == (15, [])
    assert catalog.run(sources).report.new == 1


def test_restarted_task_of_a_refused_run_stays_refused() -> None:
    catalog = first_night().copy()
    refused = catalog.run(FakeSource(BEFORE[:30]), key="refused")
    source = FakeSource(BEFORE)
    assert catalog.run(source, key="refused") == refused
    assert (refused.refused, source.dry_runs) == (True, [])


def test_restarted_task_of_a_published_run_changes_nothing() -> None:
    catalog = first_night().copy()
    done = catalog.run(FakeSource(AFTER), key="done", bounds=NO_CANARIES)
    generation, source = catalog.current.generation, FakeSource([*AFTER, item(99)])
    assert catalog.run(source, key="done", bounds=NO_CANARIES) == done
    assert (source.dry_runs, catalog.current.generation) == ([], generation)


def test_restarted_run_that_lost_its_lease_reports_it() -> None:
    catalog = killed(8)
    catalog.run(FakeSource(AFTER), key="the next", bounds=NO_CANARIES)
    record = catalog.run(FakeSource(AFTER), key="killed", bounds=NO_CANARIES)
    assert "Run the next took the lease" in record.error
    assert not record.report.published


def test_rollback_while_a_run_was_dead_stays() -> None:
    catalog = second_night().copy()
    first = catalog.current.history[0]
    with pytest.raises(Killed):
        catalog.over(KillingStore(catalog.store, 8, is_decisive)).run(
            FakeSource(BEFORE), key="killed", bounds=NO_CANARIES
        )
    catalog.versions.rollback(catalog.clock())
    record = catalog.run(FakeSource(BEFORE), key="killed", bounds=NO_CANARIES)
    assert "another index than the expected one is in use" in record.error
    assert (record.report.published, catalog.current.version) == (False, first)
