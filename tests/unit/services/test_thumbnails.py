"""Thumbnails of items: made with the vector, kept while the photo stays, and removed with it."""

import pytest

from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.domain.wardrobe.thumbnails import SIDES
from closetspace.errors import Conflict
from tests.support.fakes import World, shrink_anything


def stored(world: World) -> dict[str, bytes]:
    """Return the thumbnails in the store, by the sides that the item's state gives them."""
    named = world.database.states["shirt"][0].thumbnails or {}
    names = {stat.name for stat in world.photos.list("users/") if "/thumbs/" in stat.name}
    assert names == set(named.values())
    return {side: world.photos.read(name) for side, name in named.items()}


def expected(photo: bytes) -> dict[str, bytes]:
    return {str(side): data for side, data in zip(SIDES, shrink_anything(photo, SIDES), strict=True)}


@pytest.fixture
def world() -> World:
    world = World()
    world.add("shirt", b"one photo")
    return world


def test_ready_item_names_its_thumbnails(world: World) -> None:
    assert stored(world) == expected(b"one photo")


def test_another_name_keeps_the_thumbnails_as_they_are(world: World) -> None:
    before = [stat for stat in world.photos.list("users/") if "/thumbs/" in stat.name]
    world.write_item("shirt", name="Renamed")
    world.reconciler.reconcile("shirt")
    assert [stat for stat in world.photos.list("users/") if "/thumbs/" in stat.name] == before
    assert stored(world) == expected(b"one photo")


@pytest.mark.parametrize("photo", [b"another photo", b"bad picture", b"plain, and has no thumbnails"])
def test_another_photo_replaces_the_thumbnails(world: World, photo: bytes) -> None:
    world.upload("shirt", photo)
    world.reconciler.reconcile("shirt")
    assert stored(world) == (expected(photo) if photo.startswith(b"another") else {})


def test_photo_without_thumbnails_is_ready_all_the_same(world: World) -> None:
    world.upload("shirt", b"plain, and has no thumbnails")
    world.reconciler.reconcile("shirt")
    assert (world.status("shirt"), world.database.states["shirt"][0].thumbnails) == ("ready", {})


def test_deleting_the_photo_deletes_its_thumbnails(world: World) -> None:
    world.photos.delete(f"{photo_folder('ann', 'shirt')}photo.jpg")
    world.reconciler.reconcile("shirt")
    assert stored(world) == {}


def test_photo_that_is_replaced_during_its_embedding_leaves_no_thumbnails(world: World) -> None:
    def replace(_: object) -> None:
        world.encoder.before = lambda _: None
        world.upload("shirt", b"the last photo")
        world.reconciler.reconcile("shirt")

    world.upload("shirt", b"a photo in between")
    world.encoder.before = replace
    world.reconciler.reconcile("shirt")
    assert stored(world) == expected(b"the last photo")


def test_item_that_is_deleted_during_its_embedding_leaves_no_thumbnails(world: World) -> None:
    world.write_item("shirt", name="Renamed")
    world.encoder.before = lambda _: world.database.documents.clear()
    world.reconciler.reconcile("shirt")
    assert not [stat.name for stat in world.photos.list("users/") if "/thumbs/" in stat.name]


def test_item_that_keeps_changing_keeps_the_thumbnails_of_its_state(world: World) -> None:
    names = iter(range(100))
    world.encoder.before = lambda _: world.write_item("shirt", name=str(next(names)))
    world.write_item("shirt", name="Renamed")
    with pytest.raises(Conflict):
        world.reconciler.reconcile("shirt")
    assert stored(world) == expected(b"one photo")


def test_deliveries_that_race_write_each_thumbnail_once(world: World) -> None:
    def race(_: object) -> None:
        world.encoder.before = lambda _: None
        world.reconciler.reconcile("shirt")
        generations.update({stat.name: stat.generation for stat in world.photos.list("users/")})

    generations: dict[str, int] = {}
    world.upload("shirt", b"another photo")
    world.encoder.before = race
    world.reconciler.reconcile("shirt")
    assert stored(world) == expected(b"another photo")
    for name in (world.database.states["shirt"][0].thumbnails or {}).values():
        stat = world.photos.stat(name)
        assert stat
        assert stat.generation == generations[name]


def test_thumbnails_that_another_call_has_deleted_meanwhile_are_made_again(world: World) -> None:
    def replace_and_restore(_: object) -> None:
        world.encoder.before = lambda _: None
        world.upload("shirt", b"another photo")
        world.reconciler.reconcile("shirt")
        world.upload("shirt", b"one photo")

    world.write_item("shirt", name="Renamed")
    world.encoder.before = replace_and_restore
    world.reconciler.reconcile("shirt")
    assert stored(world) == expected(b"one photo")
