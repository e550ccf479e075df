"""Repairing what is stored of people: after a restore, after data was lost, and when nothing is wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from closetspace.adapters.memory import MemoryItemDocuments, MemoryPersonalDocuments, MemoryUsers
from closetspace.domain.person.personal_data import CLOSETS, STATES, PersonalCollection
from closetspace.domain.person.repair import RepairPlan
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.errors import FailedPrecondition
from closetspace.services.quotas import UncountedEmbeddings
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
        guard=world.guard,
        reconcile=replace(world.reconciler, usage=UncountedEmbeddings(world.database)).reconcile,
        refresh_taste=world.taste_keeper.refresh,
        pool=ThrottledPool(RateLimiter(0), workers=1),
    )


def repair(world: LeavingWorld, restored: bool = True) -> dict[str, int]:
    plan = planned(world, NOW if restored else None)
    return carry_out(world, plan, restored)


def planned(world: LeavingWorld, restored_to: datetime | None = NOW) -> RepairPlan:
    return repairer(world).plan(restored_to, lambda *_: None)


def carry_out(world: LeavingWorld, plan: RepairPlan, restored: bool = True) -> dict[str, int]:
    changed = repairer(world).follow_photos(plan.repairs, NOW) if restored else Counter[str]()
    return dict(changed | repairer(world).derive(plan.people - plan.gone, lambda *_: None))


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
    before = world.data_of("ann"), dict(world.database.states)
    assert repair(world) == {"items reconciled": 6}
    assert (world.data_of("ann"), dict(world.database.states)) == before


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
    plan = planned(world)
    assert (set(plan.people), set(plan.gone)) == ({"ann", "bob"}, {"ann"})
    plan.check(None)
    assert repairer(world).remove(plan.gone, NOW) == 1
    assert not world.data_of("ann")
    assert world.data_of("bob")


def test_person_who_has_an_account_again_is_not_removed(world: LeavingWorld) -> None:
    world.users.delete("ann")
    plan = planned(world)
    assert isinstance(world.users, MemoryUsers)
    world.users.uids.add("ann")
    assert repairer(world).remove(plan.gone, NOW) == 0
    assert world.data_of("ann")["account"] == 1


def test_person_with_preferences_only_keeps_them(world: LeavingWorld) -> None:
    world.live("eve", items=0)
    before = world.data_of("eve")
    repair(world)
    assert world.data_of("eve") == before


def test_folder_that_no_person_can_have_is_nobody(world: LeavingWorld) -> None:
    for name in ("users//wardrobe/x/photo.jpg", f"users/{'u' * 129}/wardrobe/x/photo.jpg", "users/../x/y"):
        world.photos.write(name, b"?")
    assert planned(world).people == {"ann", "bob"}


def test_nobody_is_removed_if_no_account_is_found_at_all(world: LeavingWorld) -> None:
    world.users.delete("ann")
    world.users.delete("bob")
    with pytest.raises(FailedPrecondition, match="another project"):
        planned(world).check(None)


@pytest.mark.parametrize("restored_to", [NOW, None])
def test_nothing_is_done_with_an_empty_bucket(world: LeavingWorld, restored_to: datetime | None) -> None:
    for photo in list(world.photos.list("users/")):
        world.photos.delete(photo.name)
    with pytest.raises(FailedPrecondition, match="6 of 6 items have lost their photo"):
        planned(world, restored_to).check(None)


def test_nothing_is_done_if_items_are_in_another_collection(world: LeavingWorld) -> None:
    world.database.documents.clear()
    with pytest.raises(FailedPrecondition, match="WARDROBE_COLLECTION"):
        planned(world).check(None)


def test_nothing_is_done_with_a_database_that_is_not_restored_yet(world: LeavingWorld) -> None:
    for table in (world.database.documents, world.database.states, world.database.closets):
        table.clear()
    with pytest.raises(FailedPrecondition, match="6 of 6 items have photos only"):
        planned(world, NOW + HOUR).check(None)
    assert planned(world, NOW - HOUR).stray_photos == 0, "all of them get an item"


def test_loss_that_is_meant_is_accepted_by_its_number(world: LeavingWorld) -> None:
    for number in range(12):
        world.add(f"bob-more-{number}", uid="bob")
    world.database.documents.clear()
    assert not world.guard.allows_removal(NOW)
    plan = planned(world, None)
    plan.check(18)
    carry_out(world, plan, restored=False)
    repairer(world).finish((), NOW)
    assert not world.database.states
    assert world.guard.allows_removal(NOW)


def test_sweeper_removes_photos_again_once_a_restored_database_is_repaired(world: LeavingWorld) -> None:
    world.guard.allows_removal(NOW)
    world.now += HOUR
    world.guard.allows_removal(world.now)
    world.database.bookmarks["swept"] = NOW.isoformat()
    with pytest.raises(FailedPrecondition, match="--restored-to"):
        planned(world, None)
    assert not world.guard.allows_removal(world.now)
    repairer(world).finish(planned(world).repairs, world.now)
    assert world.guard.allows_removal(world.now)
    planned(world, None)


@pytest.mark.parametrize(
    ("gone", "people", "at_most", "fits"),
    [
        (10, 11, None, True),
        (11, 50, None, False),
        (20, 100, None, True),
        (21, 100, None, False),
        (1, 1, None, False),
        (1, 1, 1, True),
        (21, 100, 21, True),
        (5, 100, 4, False),
        (0, 0, None, True),
        (0, 1, 0, True),
    ],
)
def test_more_removals_than_usual_have_to_be_named(gone: int, people: int, at_most: int | None, fits: bool) -> None:
    uids = frozenset(str(number) for number in range(people))
    plan = RepairPlan(uids, frozenset(list(uids)[:gone]), items=0, stray_states=0, stray_photos=0, repairs=())
    with nullcontext() if fits else pytest.raises(FailedPrecondition, match=f"--at-most {gone}"):
        plan.check(at_most)


def test_item_that_got_a_photo_after_the_plan_is_not_deleted(world: LeavingWorld) -> None:
    folder = photo_folder("ann", "ann-1")
    world.photos.delete(f"{folder}photo.jpg")
    plan = planned(world)
    world.photos.write(f"{folder}photo.jpg", b"a new photo")
    carry_out(world, plan)
    assert world.status("ann-1") == "ready"


def test_item_whose_photo_is_just_being_replaced_is_not_deleted(world: LeavingWorld) -> None:
    world.photos.delete(f"{photo_folder('ann', 'ann-1')}photo.jpg")
    plan = planned(world)
    world.reconciler.reconcile("ann-1")
    assert "items deleted again" not in carry_out(world, plan)
    assert world.status("ann-1") == "waiting_for_photo"


def test_item_with_a_photo_elsewhere_is_kept(world: LeavingWorld) -> None:
    world.write_item("ann-1", secure_url="https://res.cloudinary.com/x/y.jpg")
    assert not planned(world).repairs


def test_item_that_gets_ready_between_two_queries_is_no_contradiction(world: LeavingWorld) -> None:
    class Late(MemoryPersonalDocuments):
        def documents(self, collection: PersonalCollection, uid: str) -> Iterator[Mapping[str, Any]]:
            yield from list(super().documents(collection, uid))
            if "ann-late" not in world.database.documents:
                world.add("ann-late", b"late", "ann", name="Late")

    documents = Late(world.database, world.exports, world.page)
    changed = replace(repairer(world), documents=documents).derive({"ann"}, lambda *_: None)
    assert "wardrobes rebuilt" not in changed


def test_repair_counts_no_embedding_and_gives_back_what_its_events_have_used(world: LeavingWorld) -> None:
    world.settings = replace(world.settings, max_embeddings_per_day=3)
    backup = snapshot(world)
    world.now += HOUR
    for number in range(5):
        world.upload(f"ann-new-{number}", f"new {number}".encode(), "ann")
    restore(world, backup)
    for collection in (STATES, CLOSETS):
        while world.documents.delete_page(collection, "ann"):
            pass
    plan = planned(world)
    plan.check(None)
    done = repairer(world).follow_photos(plan.repairs, NOW)
    world.reconciler.reconcile("ann-new-0")
    assert world.status("ann-new-0") == "failed", "an event came first, and the day's quota is used up"
    assert done | repairer(world).derive({"ann"}, lambda *_: None) == {
        "items made from their photos": 5,
        "items reconciled": 8,
    }
    repairer(world).finish(plan.repairs, world.now)
    assert {world.status(f"ann-new-{number}") for number in range(5)} == {"ready"}
    assert "ann" not in world.database.embeddings
    assert sum(world.database.embeddings["bob"].values()) == 3


def test_repair_that_was_interrupted_is_completed_by_the_next(world: LeavingWorld) -> None:
    expected = world.entries("ann").keys()
    for collection in (STATES, CLOSETS):
        while world.documents.delete_page(collection, "ann"):
            pass
    repair(world, restored=False)
    assert world.entries("ann").keys() == expected


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
