"""Pruning: what is deleted after a new index is in use, and what never is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog_jobs.catalog.item import image_name
from catalog_jobs.catalog.item_table import table_of
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.pruning import Pruner, Retention, snapshots_to_delete, versions_to_delete
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.index.pictures import thumbnail_names
from closetspace.domain.index.publication import Current, Published
from tests.support.faulty_stores import Killed, KillingStore, is_change
from tests.support.refreshed_catalog import DAY, NOW, Clock, FakeSource, RefreshedCatalog, contents, item, stock

RETENTION = Retention(versions=3, days=14)


def nights(count: int) -> dict[str, datetime]:
    """Return a version for each of the last nights, tonight included."""
    return {f"{NOW - night * DAY:%Y%m%d}": NOW - night * DAY for night in range(count)}


def night(ago: int) -> str:
    return f"{NOW - ago * DAY:%Y%m%d}"


def using(version: str, history: Sequence[str] = (), candidate: str | None = None) -> Current:
    return Current(version, "", NOW.isoformat(), tuple(history), Published(candidate, "") if candidate else None)


def to_delete(count: int, current: Current, retention: Retention = RETENTION) -> list[str]:
    return versions_to_delete(nights(count), current, NOW, retention)


def test_versions_that_are_old_and_beyond_the_count_are_deleted() -> None:
    assert to_delete(20, using(night(0))) == [night(ago) for ago in (19, 18, 17, 16, 15)]


def test_old_versions_stay_while_they_are_few() -> None:
    old = {f"v{number}": NOW - (100 + number) * DAY for number in range(3)}
    assert versions_to_delete(old, using("v9"), NOW, RETENTION) == []


def test_many_versions_stay_while_they_are_recent() -> None:
    assert to_delete(15, using(night(0))) == []


def test_retention_ends_exactly() -> None:
    for hours, gone in ((0, []), (1, ["a"])):
        created = {"a": NOW - 14 * DAY - timedelta(hours=hours), "b": NOW, "c": NOW, "d": NOW}
        assert versions_to_delete(created, using("d"), NOW, RETENTION) == gone


@pytest.mark.parametrize(
    "current",
    [
        using(night(19), [night(18)]),
        using(night(19), [night(18), night(17)]),
        using(night(19), [night(18)], candidate=night(16)),
    ],
)
def test_versions_in_use_the_candidate_and_the_one_before_stay_however_old(current: Current) -> None:
    gone = to_delete(20, current)
    kept = {live.version for live in current.live} | {current.history[0]}
    assert not kept & set(gone)
    assert set(gone) == {night(ago) for ago in range(15, 20)} - kept


def test_old_snapshots_are_deleted_unless_a_kept_index_needs_them() -> None:
    names = [f"{NOW - ago * DAY:%Y%m%dT%H%M%S}000Z-ab" for ago in range(20, -1, -1)]
    gone = snapshots_to_delete(names, {names[0], names[3]}, NOW, RETENTION)
    assert gone == [names[1], names[2], names[4], names[5]]


def refreshed_nightly(count: int, apart: timedelta = DAY) -> RefreshedCatalog:
    """Return a catalog that was refreshed on ``count`` nights, each with one more item. The last run has just ended."""
    clock = Clock()
    catalog = RefreshedCatalog(MemoryObjects(now=lambda: clock.now), clock)
    for number in range(count):
        clock.now += apart
        assert catalog.run(FakeSource(stock(30 + number))).report.published
    return catalog


def prune(catalog: RefreshedCatalog, retention: Retention | None = None, now: datetime | None = None) -> int:
    return Pruner(catalog.store, retention or Retention()).prune(catalog.current, now or catalog.clock.now)


def versions(catalog: RefreshedCatalog) -> list[str]:
    return [manifest.version for manifest in catalog.versions.versions()]


STRICT = Retention(versions=1, days=0.5, work_days=0.5)


def test_runs_prune_old_versions_and_snapshots() -> None:
    catalog = refreshed_nightly(8, 3 * DAY)
    assert len(versions(catalog)) == 5
    assert len(Snapshots(catalog.store).names()) == 5


def test_kept_versions_keep_their_snapshots_and_images() -> None:
    catalog = refreshed_nightly(4)
    catalog.clock.now += DAY
    catalog.versions.rollback(catalog.clock.now, versions(catalog)[-1])
    current = catalog.current
    prune(catalog, STRICT)
    assert set(versions(catalog)) == {current.version, current.history[0]} | {current.history[0]}
    sources = {catalog.versions.manifest(version).source for version in versions(catalog)}
    snapshots = Snapshots(catalog.store)
    assert set(snapshots.names()) == sources
    named = {image for name in snapshots.names() for image in snapshots.images(name)}
    assert {stat.name for stat in catalog.store.list("catalog/images/")} == named
    thumbnails = {name for image in named for name in thumbnail_names(image)}
    assert {stat.name for stat in catalog.store.list("catalog/thumbnails/")} == thumbnails
    assert len(catalog.index()) == 30
    assert catalog.run(FakeSource(stock(30))).report.unchanged == 30


def test_imported_state_stays_without_an_index() -> None:
    catalog = refreshed_nightly(1)
    imported = Snapshots(catalog.store).import_(table_of(stock(50)), catalog.clock())
    prune(catalog, now=catalog.clock.now + 100 * DAY)
    assert Snapshots(catalog.store).require_current() == imported
    assert len(Snapshots(catalog.store).read(imported)) == 50


LEFTOVERS = {
    image_name(b"unused", ".jpg"): 2,
    thumbnail_names(image_name(b"unused"))[0]: 2,
    "catalog/work/dead/start.json": 2,
    "index/20260101T000000000Z-dead/vectors.npy": 2,
    "catalog/pages/20261101T000000Z/north/1.html": 30,
    "catalog/vectors/hash-1/half-a-part.vectors.parquet": 2,
}


@pytest.mark.parametrize(("name", "days"), LEFTOVERS.items())
def test_leftovers_of_killed_runs_are_deleted_when_they_are_old(name: str, days: int) -> None:
    catalog = refreshed_nightly(1)
    catalog.store.write(name, b"leftover")
    left = catalog.clock.now
    prune(catalog, now=left + days * DAY)
    assert catalog.store.stat(name)
    prune(catalog, now=left + days * DAY + timedelta(hours=1))
    assert catalog.store.stat(name) is None


def test_needed_objects_are_not_leftovers_however_old() -> None:
    catalog = refreshed_nightly(2)
    before = contents(catalog.store)
    assert prune(catalog, now=catalog.clock.now + 13 * DAY) == len(
        [name for name in before if name.startswith("catalog/work/")]
    )
    assert {name for name in before if not name.startswith("catalog/work/")} == set(contents(catalog.store))


def test_pruning_is_idempotent() -> None:
    catalog = refreshed_nightly(4)
    assert prune(catalog, STRICT) > 0
    before = contents(catalog.store)
    assert prune(catalog, STRICT) == 0
    assert contents(catalog.store) == before


@pytest.mark.parametrize("last", range(0, 24, 2))
def test_next_pruning_finishes_one_that_was_killed(last: int, tmp_path: Path) -> None:
    catalog = refreshed_nightly(4)
    whole = catalog.copy()
    prune(whole, STRICT, catalog.clock.now + DAY)
    with pytest.raises(Killed):
        prune(catalog.over(KillingStore(catalog.store, last, is_change)), STRICT, catalog.clock.now + DAY)
    assert len(catalog.index()) == 33
    for version in versions(catalog):
        assert catalog.versions.fetch(version, tmp_path).version == version
    prune(catalog, STRICT, catalog.clock.now + 2 * DAY)
    assert set(contents(catalog.store)) == set(contents(whole.store))


def test_images_and_thumbnails_are_deleted_with_the_last_snapshot_that_names_them() -> None:
    catalog = refreshed_nightly(1)
    catalog.clock.now += DAY
    catalog.run(FakeSource(stock(29)), grace=timedelta())
    gone = [item(29).image, *thumbnail_names(item(29).image)]
    prune(catalog, now=catalog.clock.now + 10 * DAY)
    assert all(map(catalog.store.stat, gone))
    for _ in range(2):
        catalog.clock.now += 20 * DAY
        catalog.run(FakeSource(stock(29)))
    prune(catalog, replace(STRICT, versions=1))
    assert not any(map(catalog.store.stat, gone))
    assert all(map(catalog.store.stat, [item(28).image, *thumbnail_names(item(28).image)]))
