"""What may go once a new index is in use, and what never may."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog_jobs.catalog.item import stored_picture
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.pruning import Pruner, Retention, snapshots_to_delete, versions_to_delete
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.index.publication import Current, Published
from tests.support.faulty_stores import Killed, Mortal, changes
from tests.support.refreshed_catalog import DAY, NOW, Clock, Inventory, Refreshed, contents, item, stock

RETENTION = Retention(versions=3, days=14)


def nights(count: int) -> dict[str, datetime]:
    """Versions of the last nights, this night's among them."""
    return {f"{NOW - night * DAY:%Y%m%d}": NOW - night * DAY for night in range(count)}


def night(ago: int) -> str:
    return f"{NOW - ago * DAY:%Y%m%d}"


def using(version: str, history: Sequence[str] = (), beside: str | None = None) -> Current:
    return Current(version, "", NOW.isoformat(), tuple(history), Published(beside, "") if beside else None)


def to_delete(count: int, current: Current, retention: Retention = RETENTION) -> list[str]:
    return versions_to_delete(nights(count), current, NOW, retention)


def test_versions_go_that_are_both_old_and_many() -> None:
    assert to_delete(20, using(night(0))) == [night(ago) for ago in (19, 18, 17, 16, 15)]


def test_old_versions_stay_while_they_are_few() -> None:
    old = {f"v{number}": NOW - (100 + number) * DAY for number in range(3)}
    assert versions_to_delete(old, using("v9"), NOW, RETENTION) == []


def test_many_versions_stay_while_they_are_young() -> None:
    assert to_delete(15, using(night(0))) == []


def test_an_age_is_kept_to_the_hour() -> None:
    for hours, gone in ((0, []), (1, ["a"])):
        created = {"a": NOW - 14 * DAY - timedelta(hours=hours), "b": NOW, "c": NOW, "d": NOW}
        assert versions_to_delete(created, using("d"), NOW, RETENTION) == gone


@pytest.mark.parametrize(
    "current",
    [
        using(night(19), [night(18)]),
        using(night(19), [night(18), night(17)]),
        using(night(19), [night(18)], beside=night(16)),
    ],
)
def test_what_is_in_use_what_was_before_it_and_what_is_beside_it_stay_however_old(current: Current) -> None:
    gone = to_delete(20, current)
    kept = {live.version for live in current.live} | {current.history[0]}
    assert not kept & set(gone)
    assert set(gone) == {night(ago) for ago in range(15, 20)} - kept


def test_snapshots_go_by_age_unless_something_kept_was_built_of_them() -> None:
    names = [f"{NOW - ago * DAY:%Y%m%dT%H%M%S}000Z-ab" for ago in range(20, -1, -1)]
    gone = snapshots_to_delete(names, {names[0], names[3]}, NOW, RETENTION)
    assert gone == [names[1], names[2], names[4], names[5]]


def world_of_nights(count: int, apart: timedelta = DAY) -> Refreshed:
    """A store that was refreshed on so many nights, each with an item more; the last run is just over."""
    clock = Clock()
    world = Refreshed(MemoryObjects(now=lambda: clock.now), clock)
    for number in range(count):
        clock.now += apart
        assert world.run(Inventory(stock(30 + number))).report.published
    return world


def prune(world: Refreshed, retention: Retention | None = None, now: datetime | None = None) -> int:
    return Pruner(world.store, retention or Retention()).prune(world.current, now or world.clock.now)


def versions(world: Refreshed) -> list[str]:
    return [manifest.version for manifest in world.versions.versions()]


STRICT = Retention(versions=1, days=0.5, work_days=0.5)


def test_runs_prune_as_they_go() -> None:
    world = world_of_nights(8, 3 * DAY)
    assert len(versions(world)) == 5
    assert len(Snapshots(world.store).names()) == 5


def test_kept_versions_keep_their_snapshots_and_the_pictures_these_name() -> None:
    world = world_of_nights(4)
    world.clock.now += DAY
    world.versions.rollback(world.clock.now, versions(world)[-1])
    current = world.current
    prune(world, STRICT)
    assert set(versions(world)) == {current.version, current.history[0]} | {current.history[0]}
    sources = {world.versions.manifest(version).source for version in versions(world)}
    snapshots = Snapshots(world.store)
    assert set(snapshots.names()) == sources
    named = {image for name in snapshots.names() for image in snapshots.images(name)}
    assert {stat.name for stat in world.store.list("catalog/images/")} == named
    assert len(world.index()) == 30
    assert world.run(Inventory(stock(30))).report.unchanged == 30


def test_the_state_of_the_catalog_stays_although_no_index_was_built_of_it() -> None:
    world = world_of_nights(1)
    imported = Snapshots(world.store).import_(stock(50), world.clock())
    prune(world, now=world.clock.now + 100 * DAY)
    assert Snapshots(world.store).required() == imported
    assert len(Snapshots(world.store).read(imported)) == 50


LEFT_BEHIND = {
    stored_picture(b"nobody's", ".jpg"): 2,
    "catalog/work/dead/start.json": 2,
    "index/20260101T000000000Z-dead/vectors.npy": 2,
    "catalog/pages/20261101T000000Z/north/1.html": 30,
    "catalog/vectors/hash-1/half-a-part.vectors.parquet": 2,
}


@pytest.mark.parametrize(("name", "days"), LEFT_BEHIND.items())
def test_what_killed_runs_left_goes_once_it_is_old(name: str, days: int) -> None:
    world = world_of_nights(1)
    world.store.write(name, b"left behind")
    left = world.clock.now
    prune(world, now=left + days * DAY)
    assert world.store.stat(name)
    prune(world, now=left + days * DAY + timedelta(hours=1))
    assert world.store.stat(name) is None


def test_what_is_needed_is_no_leftover_however_old() -> None:
    world = world_of_nights(2)
    before = contents(world.store)
    assert prune(world, now=world.clock.now + 13 * DAY) == len(
        [name for name in before if name.startswith("catalog/work/")]
    )
    assert {name for name in before if not name.startswith("catalog/work/")} == set(contents(world.store))


def test_pruning_twice_is_pruning_once() -> None:
    world = world_of_nights(4)
    assert prune(world, STRICT) > 0
    before = contents(world.store)
    assert prune(world, STRICT) == 0
    assert contents(world.store) == before


@pytest.mark.parametrize("last", range(0, 24, 2))
def test_pruning_that_is_killed_halfway_is_finished_by_the_next(last: int, tmp_path: Path) -> None:
    world = world_of_nights(4)
    whole = world.copied()
    prune(whole, STRICT, world.clock.now + DAY)
    with pytest.raises(Killed):
        prune(world.over(Mortal(world.store, last, changes)), STRICT, world.clock.now + DAY)
    assert len(world.index()) == 33
    for version in versions(world):
        assert world.versions.fetch(version, tmp_path).version == version
    prune(world, STRICT, world.clock.now + 2 * DAY)
    assert set(contents(world.store)) == set(contents(whole.store))


def test_pictures_of_items_that_left_go_with_the_last_snapshot_that_names_them() -> None:
    world = world_of_nights(1)
    world.clock.now += DAY
    world.run(Inventory(stock(29)), grace=timedelta())
    gone = item(29).image
    prune(world, now=world.clock.now + 10 * DAY)
    assert world.store.stat(gone)
    for _ in range(2):
        world.clock.now += 20 * DAY
        world.run(Inventory(stock(29)))
    prune(world, replace(STRICT, versions=1))
    assert world.store.stat(gone) is None
    assert world.store.stat(item(28).image)
