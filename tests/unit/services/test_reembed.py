"""Re-embedding an item by a newer encoder, while instances with the old one still run."""

from dataclasses import replace

import numpy as np
import pytest

from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.vectors import mean_vector
from closetspace.domain.wardrobe.plan import Embed, Settled
from closetspace.domain.wardrobe.state import Hint
from tests.support.fakes import HashEncoder, World, garment_probability


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def newer(world: World) -> World:
    """The same wardrobes for an instance with a newer encoder."""
    return replace(world, encoder=HashEncoder(id="hash.2"))


def test_item_of_another_encoder_is_settled_until_it_is_re_embedded(world: World, newer: World) -> None:
    world.add("shirt")
    assert isinstance(newer.reconciler.reconcile("shirt"), Settled)
    assert isinstance(newer.reconciler.reembed("shirt"), Embed)
    assert world.database.closet("ann").coverage == {"hash-1": 1, "hash.2": 1}
    assert world.database.states["shirt"][0].encoder == "hash.2"
    assert isinstance(newer.reconciler.reembed("shirt"), Settled)
    assert isinstance(world.reconciler.reconcile("shirt"), Settled), "an instance with the old encoder leaves it"


def test_item_stays_ready_and_in_the_closet_during_re_embedding(world: World, newer: World) -> None:
    world.add("shirt")
    observed: list[tuple[str, set[str]]] = []
    newer.encoder.before = lambda _: observed.append((world.status("shirt"), set(world.entries())))
    newer.reconciler.reembed("shirt")
    assert observed == [("ready", {"shirt"})]


@pytest.mark.parametrize("first", ["older", "newer"])
def test_change_of_content_removes_all_vectors_of_the_previous_content(world: World, newer: World, first: str) -> None:
    world.add("shirt", name="Shirt")
    newer.reconciler.reembed("shirt")
    world.write_item("shirt", name="Blue Shirt")
    instance = world if first == "older" else newer
    instance.reconciler.reconcile("shirt")
    assert set(world.database.closet("ann").coverage) == {instance.encoder.id}
    newer.reconciler.reembed("shirt")
    for entries in (newer.entries(), world.entries() if first == "older" else {}):
        for entry in entries.values():
            np.testing.assert_allclose(entry.vector, world.expected_vector("shirt"), atol=1e-3)


def test_rename_during_re_embedding_wins(world: World, newer: World) -> None:
    def rename(garment: Garment) -> None:
        if garment.name == "Shirt":
            world.write_item("shirt", name="Blue Shirt")
            world.reconciler.reconcile("shirt")

    world.add("shirt", name="Shirt")
    newer.encoder.before = rename
    newer.reconciler.reembed("shirt")
    assert world.database.closet("ann").coverage == {"hash-1": 1, "hash.2": 1}
    for entry in (world.entries()["shirt"], newer.entries()["shirt"]):
        np.testing.assert_allclose(entry.vector, world.expected_vector("shirt"), atol=1e-3)


def test_item_deleted_during_re_embedding_stays_deleted(world: World, newer: World) -> None:
    world.add("shirt")
    newer.encoder.before = lambda _: world.database.documents.clear()
    newer.reconciler.reembed("shirt")
    assert not world.database.states
    assert not world.database.closet("ann").entries


def test_vector_of_previous_content_is_removed_after_an_interrupted_embedding(world: World, newer: World) -> None:
    def crash(_: Garment) -> None:
        raise MemoryError

    world.add("shirt", name="Shirt")
    world.write_item("shirt", name="Blue Shirt")
    world.encoder.before = crash
    with pytest.raises(MemoryError):
        world.reconciler.reconcile("shirt")
    newer.reconciler.reconcile("shirt")
    assert world.database.closet("ann").coverage == {"hash.2": 1}


def test_failed_item_is_re_embedded_once(world: World, newer: World) -> None:
    world.add("shirt", b"bad picture")
    assert list(world.database.items_with_other_encoder("hash.2")) == ["shirt"]
    assert isinstance(newer.reconciler.reconcile("shirt"), Settled)
    assert isinstance(newer.reconciler.reembed("shirt"), Embed)
    assert not list(world.database.items_with_other_encoder("hash.2"))
    assert world.status("shirt") == "failed"


def test_newer_encoder_judges_photos_again(world: World, newer: World) -> None:
    newer.encoder.garment = garment_probability
    for item_id, data in (("sofa", b"sofa"), ("blur", b"blur"), ("shirt", b"a photo")):
        world.add(item_id, data)
        assert (world.status(item_id), world.hint(item_id)) == ("ready", None)
        newer.reconciler.reembed(item_id)
        assert isinstance(world.reconciler.reconcile(item_id), Settled), "an instance with the old encoder leaves it"
    assert [world.status(item_id) for item_id in ("sofa", "blur", "shirt")] == ["failed", "ready", "ready"]
    assert [world.hint(item_id) for item_id in ("blur", "shirt")] == [Hint.UNSURE_GARMENT, None]
    assert world.database.closet("ann").coverage == {"hash-1": 2, "hash.2": 2}


def test_photo_that_only_the_old_encoder_refused_becomes_ready(world: World, newer: World) -> None:
    world.encoder.garment = garment_probability
    world.add("sofa", b"sofa")
    newer.reconciler.reembed("sofa")
    assert world.status("sofa") == "ready"
    assert world.database.closet("ann").coverage == {"hash.2": 1}


def test_taste_is_derived_from_the_encoder_with_most_vectors(world: World, newer: World) -> None:
    for number in range(3):
        world.add(f"item-{number}", f"photo {number}".encode())
    for count, expected in enumerate(["hash-1", "hash-1", "hash-1", "hash.2"]):
        if count:
            newer.reconciler.reembed(f"item-{count - 1}")
        newer.taste_keeper.refresh("ann")
        taste, closet = world.database.tastes["ann"], world.database.closet("ann")
        assert (taste.encoder, taste.closet_version) == (expected, closet.version)
        np.testing.assert_allclose(taste.mean, mean_vector(closet.arrays(expected).vectors), atol=1e-6)
