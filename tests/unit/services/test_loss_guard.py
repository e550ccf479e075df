"""Photos are kept while items are lost, and removed whoever leaves."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.errors import FailedPrecondition
from closetspace.ports import ObjectStat
from closetspace.services.loss_guard import COUNTED, WITNESS, LossGuard
from tests.support.fakes import World

START = datetime(2026, 11, 28, tzinfo=UTC)
DAY = timedelta(days=1)
REFUSAL = "no photos are removed"


@pytest.fixture
def world() -> World:
    """Twelve people with two items each, whose photos are of the first day, and a sweep of the second."""
    world = World(now=START)
    world.photos.now = lambda: world.now
    for number in range(12):
        for item in ("shirt", "shoes"):
            world.add(f"{item}-{number}", uid=f"person-{number}")
    sweep(world, 2 * DAY)
    return world


def sweep(world: World, after: timedelta = timedelta(minutes=10)) -> None:
    world.now += after
    world.sweeper.sweep(world.now)


def photos(world: World) -> set[str]:
    return {stat.name for stat in world.photos.list("users/")}


def lose_everything(world: World) -> None:
    database = world.database
    for table in (database.documents, database.states, database.closets, database.versions, database.bookmarks):
        table.clear()


def lose_items(world: World) -> None:
    world.database.documents.clear()


@pytest.mark.parametrize("lose", [lose_everything, lose_items])
def test_no_photo_is_removed_while_items_are_lost(
    world: World, caplog: pytest.LogCaptureFixture, lose: Callable[[World], None]
) -> None:
    before = photos(world)
    assert before
    lose(world)
    for _ in range(3):
        sweep(world)
    assert photos(world) == before
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [REFUSAL in record.message and "docs/operating.md" in record.message for record in errors] == [True] * 3


def test_no_photo_is_removed_after_a_restore_until_it_is_accepted(world: World) -> None:
    tables: list[dict[str, Any]] = [world.database.documents, world.database.states, world.database.bookmarks]
    backup = [dict(table) for table in tables]
    world.add("late", uid="person-0")
    sweep(world, 2 * DAY)
    before = photos(world)
    for table, content in zip(tables, backup, strict=True):
        table.clear()
        table.update(content)
    sweep(world)
    assert photos(world) == before, "the photo of the item that the restore has lost is there"
    world.guard.accept(world.now)
    sweep(world)
    assert before - photos(world) == {name for name in before if "/late/" in name}


def test_new_items_after_a_loss_do_not_hide_it(world: World) -> None:
    before = photos(world)
    lose_everything(world)
    for number in range(100):
        world.add(f"new-{number}", uid="person-0")
    sweep(world)
    assert before <= photos(world)


def test_photos_of_one_person_with_hardly_an_item_are_removed_however_many(world: World) -> None:
    for number in range(2_000):
        world.upload(f"stray-{number}", uid="person-0")
    kept = {name for name in photos(world) if "stray" not in name}
    world.settings = replace(world.settings, audited_per_sweep=3_000)
    sweep(world, 2 * DAY)
    assert photos(world) == kept


def test_items_that_one_person_has_deleted_are_removed_however_many(world: World) -> None:
    for number in range(400):
        world.add(f"item-{number}", uid="leaving")
    kept = {name for name in photos(world) if "/leaving/" not in name}
    for number in range(400):
        del world.database.documents[f"item-{number}"]
        world.reconciler.reconcile(f"item-{number}")
    world.settings = replace(world.settings, audited_per_sweep=10_000)
    sweep(world, 2 * DAY)
    assert photos(world) == kept


def test_removal_of_an_account_that_is_half_done_is_no_loss(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A person's items are deleted before their states."""
    for number in range(200):
        world.add(f"item-{number}", uid="leaving")
    world.database.accounts.mark("leaving", world.now)
    for number in range(200):
        del world.database.documents[f"item-{number}"]
    caplog.set_level(logging.INFO)
    sweep(world)
    assert [record.levelname for record in caplog.records if REFUSAL in record.message] == ["INFO"]
    for number in range(200):
        world.reconciler.reconcile(f"item-{number}")
    world.database.accounts.finish("leaving", world.now)
    world.settings = replace(world.settings, audited_per_sweep=1_000)
    sweep(world, 2 * DAY)
    assert not [name for name in photos(world) if "/leaving/" in name]


def test_items_and_states_are_counted_up_to_a_limit(world: World) -> None:
    for number in range(COUNTED + 5):
        world.database.states[f"lost-{number}"] = (ItemState("ann", Status.PROCESSING), START, 1)
    world.database.documents |= {f"item-{number}": {"uid": "ann"} for number in range(COUNTED // 2)}
    assert world.guard.allows_removal(world.now)
    assert world.database.count_items_and_states(COUNTED) == (COUNTED // 2 + 24, COUNTED)


def test_sweeps_of_one_hour_leave_one_note(world: World) -> None:
    def notes() -> int:
        witness = world.photos.stat(WITNESS)
        assert witness
        return witness.generation

    first = notes()
    for _ in range(5):
        sweep(world)
    assert notes() == first
    sweep(world)
    assert notes() > first


def test_process_that_ends_between_the_two_notes_is_no_restore(world: World) -> None:
    class Broken(MemoryObjects):
        def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
            raise SystemExit(name, data, if_generation)

    guard = world.guard
    with pytest.raises(SystemExit):
        LossGuard(guard.wardrobe, guard.accounts, guard.bookmarks, Broken()).allows_removal(world.now + DAY)
    assert guard.allows_removal(world.now + 2 * DAY)


def test_first_sweep_of_a_deployment_is_no_restore() -> None:
    world = World(now=START)
    world.photos.now = lambda: START
    world.upload("stray")
    sweep(world, 2 * DAY)
    assert not photos(world)


def test_repair_after_a_restore_needs_to_know_its_time(world: World) -> None:
    world.guard.require_restored_to(None)
    known = world.database.bookmarks["swept"]
    sweep(world, DAY)
    world.database.bookmarks["swept"] = known
    with pytest.raises(FailedPrecondition, match=f"was restored, to {known.replace('+', '.')}"):
        world.guard.require_restored_to(None)
    del world.database.bookmarks["swept"]
    with pytest.raises(FailedPrecondition, match=r"was emptied: restore it\. .* --restored-to"):
        world.guard.require_restored_to(None)
    world.guard.require_restored_to(START)
