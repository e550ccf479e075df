"""Repairing what is stored of people: after a restore, after data was lost, and when nothing is wrong."""

from datetime import timedelta
from typing import Any

import pytest

from closetspace.adapters.memory import MemoryItemDocuments
from closetspace.domain.person.personal_data import CLOSETS, STATES
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.errors import FailedPrecondition
from closetspace.services.repair import Repairer
from closetspace.services.throttling import RateLimiter, ThrottledPool
from tests.support.leaving import NOW, LeavingWorld

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> LeavingWorld:
    world = LeavingWorld(now=NOW)
    world.photos.now = lambda: world.now
    for uid in ("ann", "bob"):
        world.live(uid)
    return world


def repairer(world: LeavingWorld) -> Repairer:
    return Repairer(
        documents=world.documents,
        items=MemoryItemDocuments(world.database),
        wardrobe=world.database,
        closets=world.database,
        objects=world.photos,
        users=world.users,
        remover=world.remover,
        reconcile=world.reconciler.reconcile,
        refresh_taste=world.taste_keeper.refresh,
        pool=ThrottledPool(RateLimiter(0), workers=1),
    )


def repair(world: LeavingWorld, restored: bool = True) -> dict[str, int]:
    uids = {"ann", "bob"} & repairer(world).people()
    return dict(repairer(world).repair(uids, NOW if restored else None, lambda *_: None))


def snapshot(world: LeavingWorld) -> dict[str, Any]:
    """Return copies of all documents, which is what a backup has: neither photos nor accounts."""
    return {name: dict(vars(world.database)[name]) for name in ("documents", "states", "closets", "versions", "tastes")}


def restore(world: LeavingWorld, backup: dict[str, Any]) -> None:
    for name, content in backup.items():
        table = vars(world.database)[name]
        table.clear()
        table.update(content)


def delete_item(world: LeavingWorld, item_id: str) -> None:
    world.database.documents.pop(item_id)
    world.reconciler.reconcile(item_id)
    for photo in list(world.photos.list(photo_folder(item_id.split("-")[0], item_id))):
        world.photos.delete(photo.name)


def test_nothing_changes_where_nothing_is_wrong(world: LeavingWorld) -> None:
    before, embedded = world.data_of("ann"), world.encoder.calls if hasattr(world.encoder, "calls") else None
    assert repair(world) == {"items reconciled": 6}
    assert world.data_of("ann") == before
    assert (world.encoder.calls if hasattr(world.encoder, "calls") else None) == embedded


def test_item_that_was_deleted_since_the_backup_is_deleted_again(world: LeavingWorld) -> None:
    backup = snapshot(world)
    delete_item(world, "ann-1")
    restore(world, backup)
    assert repair(world)["items deleted again"] == 1
    assert "ann-1" not in world.database.documents
    assert "ann-1" not in world.database.states
    assert set(world.entries("ann")) == {"ann-0", "ann-2"}
    assert set(world.entries("bob")) == {"bob-0", "bob-1", "bob-2"}


def test_item_without_a_photo_is_kept_if_it_never_had_one(world: LeavingWorld) -> None:
    world.write_item("ann-9")
    world.reconciler.reconcile("ann-9")
    repair(world)
    assert world.status("ann-9") == "waiting_for_photo"


def test_item_without_its_photo_is_kept_unless_a_database_was_restored(world: LeavingWorld) -> None:
    world.photos.delete(f"{photo_folder('ann', 'ann-1')}photo.jpg")
    repair(world, restored=False)
    assert world.status("ann-1") == "waiting_for_photo"


def test_photo_that_was_uploaded_since_the_backup_gets_its_item_again(world: LeavingWorld) -> None:
    backup = snapshot(world)
    world.now += HOUR
    world.add("ann-new", b"new photo", "ann", name="New")
    restore(world, backup)
    assert repair(world)["items made from their photos"] == 1
    assert world.status("ann-new") == "ready"
    assert "ann-new" in world.entries("ann")


def test_older_photo_without_an_item_gets_none(world: LeavingWorld) -> None:
    world.now -= HOUR
    world.upload("ann-orphan", b"left over", "ann")
    world.now += HOUR
    repair(world)
    assert "ann-orphan" not in world.database.documents


@pytest.mark.parametrize("file", ["photo.jpg", "second.jpg"])
def test_photo_that_was_replaced_since_the_backup_counts(world: LeavingWorld, file: str) -> None:
    backup = snapshot(world)
    world.now += HOUR
    folder = photo_folder("ann", "ann-1")
    world.photos.delete(f"{folder}photo.jpg")
    world.photos.write(f"{folder}{file}", b"another photo")
    restore(world, backup)
    repair(world)
    assert world.database.documents["ann-1"]["photo_path"] == f"{folder}{file}"
    assert world.entries("ann")["ann-1"].vector == pytest.approx(world.expected_vector("ann-1"), abs=1e-3)


def test_person_who_left_since_the_backup_is_removed_again(world: LeavingWorld) -> None:
    backup = snapshot(world)
    world.remover.mark("ann", NOW)
    world.remover.remove("ann", NOW)
    restore(world, backup)
    world.accounts.forget("ann")
    people = repairer(world).people()
    assert people == {"ann", "bob"}
    gone = repairer(world).without_account(people)
    assert gone == {"ann"}
    assert repairer(world).remove(gone, NOW) == 1
    assert not world.data_of("ann")
    assert world.data_of("bob")


def test_nobody_is_removed_if_no_account_is_found_at_all(world: LeavingWorld) -> None:
    world.users.delete("ann")
    world.users.delete("bob")
    with pytest.raises(FailedPrecondition, match="another project"):
        repairer(world).without_account({"ann", "bob"})


@pytest.mark.parametrize("lost", [STATES, CLOSETS])
def test_wardrobe_of_which_a_part_is_lost_is_derived_again(world: LeavingWorld, lost: Any) -> None:
    expected = world.entries("ann")
    while world.documents.delete_page(lost, "ann"):
        pass
    assert repair(world, restored=False)["wardrobes rebuilt"] == 1
    assert world.entries("ann").keys() == expected.keys()
    assert all(world.status(item_id) == "ready" for item_id in expected)
    taste = world.database.tastes["ann"]
    assert taste.closet_version == world.database.closet("ann").version
    assert repair(world, restored=False) == {"items reconciled": 6}
