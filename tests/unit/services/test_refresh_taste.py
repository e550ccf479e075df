"""Refreshing tastes: of many changes the last one counts, and few are derived at once."""

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from closetspace.adapters.memory import MemoryDatabase
from closetspace.domain.encoder.vectors import mean_vector
from closetspace.domain.taste.taste import MAX_LAG, is_taste_due
from closetspace.domain.wardrobe.closet import Closet
from closetspace.services.refresh_taste import DERIVATIONS_AT_ONCE, TasteKeeper
from closetspace.services.turns import Turns
from tests.support.fakes import World
from tests.support.waiting import HANG_SECONDS


@dataclass
class CountingDatabase(MemoryDatabase):
    """Counts how often a whole closet is read."""

    read_closets: list[str] = field(default_factory=list)

    def closet(self, uid: str) -> Closet:
        self.read_closets.append(uid)
        return super().closet(uid)


@pytest.fixture
def world() -> World:
    world = World(database=CountingDatabase(World().database.sources))
    for number in range(5):
        world.add(f"item-{number}", f"photo {number}".encode())
    reads(world).clear()
    return world


def reads(world: World) -> list[str]:
    assert isinstance(world.database, CountingDatabase)
    return world.database.read_closets


def check_taste(world: World) -> None:
    closet = world.database.closet("ann")
    taste = world.database.tastes["ann"]
    assert taste.closet_version == closet.version
    np.testing.assert_allclose(taste.mean, mean_vector(closet.arrays(taste.encoder).vectors), atol=1e-6)


def test_burst_of_changes_is_one_refresh_in_any_order(world: World) -> None:
    last = world.database.versions["ann"]
    for version in (last - 1, last - 2, last, last - 3, last, last - 1):
        world.taste_keeper.refresh("ann", version)
    # The first one finds no taste at all, which is as old as can be.
    assert reads(world) == ["ann"]
    check_taste(world)


def test_change_that_was_followed_by_another_is_left_to_it(world: World) -> None:
    world.taste_keeper.refresh("ann")
    reads(world).clear()
    changed_to = [world.database.versions["ann"]]
    for number in range(5, 8):
        world.add(f"item-{number}", f"photo {number}".encode())
        changed_to.append(world.database.versions["ann"])
    for version in changed_to[:-1]:
        world.taste_keeper.refresh("ann", version)
    assert reads(world) == []
    world.taste_keeper.refresh("ann", changed_to[-1])
    assert reads(world) == ["ann"]
    check_taste(world)


def test_taste_follows_a_closet_that_never_rests(world: World) -> None:
    world.taste_keeper.refresh("ann")
    world.database.versions["ann"] += MAX_LAG + 1
    world.taste_keeper.refresh("ann", world.database.versions["ann"] - 1)
    check_taste(world)


@pytest.mark.parametrize(
    ("closet", "taste", "changed_to", "due"),
    [
        (0, 0, None, False),
        (0, 5, None, True),
        (5, 0, None, True),
        (5, 0, 5, True),
        (5, 4, 4, False),
        (5, 4, 5, True),
        (5, 4, 6, True),
        (5, 5, 5, False),
        (5, 6, 6, False),
        (5 + MAX_LAG, 5, 6, False),
        (6 + MAX_LAG, 5, 6, True),
    ],
)
def test_taste_is_due(closet: int, taste: int, changed_to: int | None, due: bool) -> None:
    assert is_taste_due(closet, taste, changed_to) is due


def test_taste_of_a_deleted_closet_is_deleted_and_never_made(world: World) -> None:
    world.taste_keeper.refresh("ann")
    del world.database.closets["ann"], world.database.versions["ann"]
    for version in (7, None):
        world.taste_keeper.refresh("ann", version)
        assert "ann" not in world.database.tastes


def test_taste_derived_while_the_account_was_deleted_is_deleted(world: World) -> None:
    class DeletedMeanwhile(MemoryDatabase):
        def closet(self, uid: str) -> Closet:
            closet = super().closet(uid)
            del self.closets[uid], self.versions[uid]
            return closet

    database = DeletedMeanwhile(closets=world.database.closets, versions=world.database.versions)
    TasteKeeper(database, world.encoder.id, world.priors).refresh("ann")
    assert not database.tastes


def test_concurrent_refreshes_of_a_closet_derive_its_taste_once(world: World) -> None:
    keeper, together = world.taste_keeper, threading.Barrier(8)

    def refresh() -> None:
        together.wait(HANG_SECONDS)
        keeper.refresh("ann")

    run_all([refresh] * 8)
    assert reads(world) == ["ann"]
    check_taste(world)


def test_few_closets_are_derived_at_once() -> None:
    turns, working, most = Turns(DERIVATIONS_AT_ONCE), set[str](), list[int]()
    together = threading.Barrier(DERIVATIONS_AT_ONCE)

    def work(key: str) -> None:
        with turns.of(key):
            working.add(key)
            most.append(len(working))
            together.wait(HANG_SECONDS)
            working.remove(key)

    run_all([lambda key=f"person-{number}": work(key) for number in range(4 * DERIVATIONS_AT_ONCE)])
    assert max(most) == DERIVATIONS_AT_ONCE


def test_failed_work_leaves_its_turn_to_the_next() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.of("ann"):
        raise ZeroDivisionError
    with turns.of("ann"):
        pass


def run_all(functions: list[object]) -> None:
    threads = [threading.Thread(target=function) for function in functions]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
