"""Reconciling one item, whatever happened to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.vectors import mean_vector
from closetspace.domain.index.products import product_key
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.domain.wardrobe.plan import Embed, Forget, Refuse, Settled, Wait
from closetspace.domain.wardrobe.state import Hint
from closetspace.errors import Conflict, Transient
from closetspace.services.sweep import Sweeper
from tests.support.fakes import HEADS, HashEncoder, World


@pytest.fixture
def world() -> World:
    return World()


def test_photo_and_item_become_a_vector_in_the_closet(world: World) -> None:
    world.add("shirt", name="Oxford Shirt", brand="Stussy")
    assert world.status("shirt") == "ready"
    entry = world.entries()["shirt"]
    np.testing.assert_allclose(entry.vector, world.expected_vector("shirt"), atol=1e-3)
    assert entry.category == world.database.states["shirt"][0].category


def test_item_before_its_photo_waits_and_then_becomes_ready(world: World) -> None:
    world.write_item("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Wait)
    assert world.status("shirt") == "waiting_for_photo"
    world.upload("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Embed)
    assert world.status("shirt") == "ready"


def test_photo_before_its_item_changes_nothing_yet(world: World) -> None:
    world.upload("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)
    assert not world.database.states


def test_duplicate_event_changes_nothing(world: World) -> None:
    world.add("shirt")
    before = dict(world.database.states)
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)
    assert world.database.states == before


def test_rename_embeds_once_and_replaces_the_vector(world: World) -> None:
    world.add("shirt", name="Shirt")
    embedded: list[Garment] = []
    world.encoder.before = embedded.append
    world.write_item("shirt", name="Blue Shirt")
    for _ in range(3):
        world.reconciler.reconcile("shirt")
    assert [garment.name for garment in embedded] == ["Blue Shirt"]
    np.testing.assert_allclose(world.entries()["shirt"].vector, world.expected_vector("shirt"), atol=1e-3)


def test_unknown_fields_do_not_embed_again(world: World) -> None:
    world.add("shirt")
    world.write_item("shirt", wornLast="yesterday")
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)


def test_same_bytes_uploaded_again_do_not_embed_again(world: World) -> None:
    world.add("shirt")
    world.upload("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)


def test_deleted_item_leaves_no_state_vector_or_photo(world: World) -> None:
    world.add("shirt")
    world.add("jeans")
    del world.database.documents["shirt"]
    deletion = Deletion("ann", datetime.now(UTC))
    assert isinstance(world.reconciler.reconcile("shirt", deletion), Forget)
    assert set(world.database.states) == set(world.database.closet("ann").entries) == {"jeans"}
    assert not list(world.photos.list(photo_folder("ann", "shirt")))


def test_late_deletion_spares_the_photo_of_an_item_yet_to_come(world: World) -> None:
    deletion = Deletion("ann", datetime.now(UTC) - timedelta(hours=2))
    world.upload("shirt")
    world.reconciler.reconcile("shirt", deletion)
    world.write_item("shirt")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_deletion_that_failed_half_way_is_finished_by_its_retry(world: World) -> None:
    world.add("shirt")
    del world.database.documents["shirt"]
    deletion = Deletion("ann", datetime.now(UTC))
    world.reconciler.reconcile("shirt")
    assert list(world.photos.list(photo_folder("ann", "shirt")))
    world.reconciler.reconcile("shirt", deletion)
    assert not list(world.photos.list(photo_folder("ann", "shirt")))


def test_deleted_photo_takes_its_vector_along(world: World) -> None:
    world.add("shirt")
    world.photos.delete(f"{photo_folder('ann', 'shirt')}photo.jpg")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "waiting_for_photo"
    assert not world.database.closet("ann").entries


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"photo_path": "users/bob/wardrobe/shirt/photo.jpg"}, "photo_path_invalid"),
        ({"photo_path": "users/ann/wardrobe/shirt/../../bob/photo.jpg"}, "photo_path_invalid"),
        ({"photo_path": "index/current.json"}, "photo_path_invalid"),
        ({"photo_path": 7}, "photo_path_invalid"),
        ({"photo_path": None, "secure_url": "http://photos.example/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://127.0.0.1/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://10.0.0.8/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://photos.example:8443/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://photos.example@evil.example/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://photos.example.evil.example/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://[::1/a.jpg"}, "photo_url_not_allowed"),
        ({"photo_path": None, "secure_url": "https://photos.example/gone.jpg"}, "photo_not_found"),
        ({"name": 5}, "item_invalid"),
    ],
)
def test_item_that_can_never_work_fails_with_a_sentence(world: World, fields: dict[str, Any], code: str) -> None:
    world.upload("shirt")
    world.write_item("shirt", **fields)
    assert isinstance(world.reconciler.reconcile("shirt"), Refuse | Embed)
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", code)
    assert state.error is not None
    assert state.error.message.endswith(".")
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)


@pytest.mark.parametrize(("data", "code"), [(b"bad picture", "photo_unreadable"), (b"x" * 1001, "photo_too_large")])
def test_bad_photo_fails_until_it_is_replaced(world: World, data: bytes, code: str) -> None:
    world.add("shirt", data)
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", code)
    assert not world.database.closet("ann").entries
    world.upload("shirt", b"a good photo")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_ready_item_whose_photo_turns_bad_leaves_the_closet(world: World) -> None:
    world.add("shirt")
    world.upload("shirt", b"bad picture")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "failed"
    assert not world.database.closet("ann").entries


def test_photo_at_an_allowed_address_becomes_ready(world: World) -> None:
    world.web.photos["https://photos.example/a.jpg"] = b"from the web"
    world.write_item("shirt", photo_path=None, secure_url="https://photos.example/a.jpg", public_id="a")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_transient_fault_is_raised_and_ends_ready_when_it_is_gone(world: World) -> None:
    address = "https://photos.example/a.jpg"
    world.web.photos[address] = Transient("the network is down")
    world.write_item("shirt", photo_path=None, secure_url=address)
    with pytest.raises(Transient):
        world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "processing"
    world.web.photos[address] = b"from the web"
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_rename_during_embedding_ends_with_the_new_name(world: World) -> None:
    def rename(garment: Garment) -> None:
        if garment.name == "Shirt":
            world.write_item("shirt", name="Blue Shirt")

    world.encoder.before = rename
    world.add("shirt", name="Shirt")
    np.testing.assert_allclose(world.entries()["shirt"].vector, world.expected_vector("shirt"), atol=1e-3)


def test_slow_delivery_does_not_overwrite_a_newer_photo(world: World) -> None:
    def overtake(garment: Garment) -> None:
        world.encoder.before = lambda _: None
        world.upload("shirt", b"a newer photo")
        world.reconciler.reconcile("shirt")

    world.encoder.before = overtake
    world.add("shirt")
    np.testing.assert_allclose(world.entries()["shirt"].vector, world.expected_vector("shirt"), atol=1e-3)


def test_item_deleted_during_embedding_does_not_come_back(world: World) -> None:
    world.encoder.before = lambda _: world.database.documents.clear()
    world.add("shirt")
    assert not world.database.states
    assert not world.database.closet("ann").entries


def test_item_that_never_stops_changing_is_left_to_the_next_delivery(world: World) -> None:
    names = iter(range(100))
    world.encoder.before = lambda _: world.write_item("shirt", name=str(next(names)))
    with pytest.raises(Conflict):
        world.add("shirt")


def test_change_of_owner_moves_the_vector(world: World) -> None:
    world.add("shirt")
    world.add("shirt", uid="bob")
    assert set(world.database.closet("bob").entries) == {"shirt"}
    assert not world.database.closet("ann").entries


def test_sweep_settles_what_was_left_and_reports_what_stays(world: World) -> None:
    address = "https://photos.example/a.jpg"
    world.web.photos[address] = Transient("the network is down")
    world.write_item("left", photo_path=None, secure_url=address)
    world.write_item("stuck", photo_path=None, secure_url=address + "?stuck")
    world.web.photos[address + "?stuck"] = Transient("still down")
    for item_id in ("left", "stuck"):
        with pytest.raises(Transient):
            world.reconciler.reconcile(item_id)
    world.web.photos[address] = b"from the web"
    sweeper = Sweeper(world.database, world.reconciler.reconcile, world.settings)
    assert sweeper.sweep(datetime.now(UTC)) == 0, "items at work a moment ago are not disturbed"
    with pytest.raises(Transient, match="1 of 2"):
        sweeper.sweep(datetime.now(UTC) + timedelta(minutes=11))
    assert world.status("left") == "ready"


def test_unreadable_encoder_error_is_not_taken_for_a_bad_photo(world: World) -> None:
    def fail(_: Garment) -> None:
        raise MemoryError

    world.encoder.before = fail
    with pytest.raises(MemoryError):
        world.add("shirt")
    assert world.status("shirt") == "processing"


def shows_garment(garment: Garment) -> float:
    """No garment for photos that begin with ``sofa``, a doubtful one for ``blur``."""
    photo = b"" if garment.picture is None else garment.picture.tobytes()
    return 0.01 if photo.startswith(b"sofa") else 0.3 if photo.startswith(b"blur") else 0.9


def hint_of(world: World, item_id: str = "shirt") -> Hint | None:
    return world.database.states[item_id][0].hint


def test_photo_without_a_garment_fails_until_it_is_replaced(world: World) -> None:
    world.encoder.garment = shows_garment
    world.add("shirt", b"sofa")
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", "no_garment")
    assert (state.hint, state.category) == (None, None)
    assert not world.database.closet("ann").entries
    world.upload("shirt", b"a photo")
    world.reconciler.reconcile("shirt")
    state = world.database.states["shirt"][0]
    assert (state.status, state.error, state.hint) == ("ready", None, None)


def test_ready_item_whose_photo_no_longer_shows_a_garment_leaves_the_closet(world: World) -> None:
    world.encoder.garment = shows_garment
    world.add("shirt")
    assert set(world.entries()) == {"shirt"}
    world.upload("shirt", b"sofa")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "failed"
    assert not world.database.closet("ann").entries


def test_doubtful_photo_is_ready_with_a_hint_until_it_is_replaced(world: World) -> None:
    world.encoder.garment = shows_garment
    world.add("shirt", b"blur")
    assert (world.status("shirt"), hint_of(world)) == ("ready", Hint.UNSURE_GARMENT)
    assert set(world.entries()) == {"shirt"}
    world.upload("shirt", b"a photo")
    world.reconciler.reconcile("shirt")
    assert (world.status("shirt"), hint_of(world)) == ("ready", None)


def test_photo_of_an_unclear_category_is_ready_with_a_hint_until_a_name_makes_it_clear(world: World) -> None:
    world.encoder.categories = lambda garment: {"Shoes": 0.9 if garment.name else 0.3}
    world.add("shoes")
    assert (world.status("shoes"), hint_of(world, "shoes")) == ("ready", Hint.UNCLEAR_PHOTO)
    world.write_item("shoes", name="Running shoes")
    world.reconciler.reconcile("shoes")
    assert (world.status("shoes"), hint_of(world, "shoes")) == ("ready", None)


def test_hint_of_the_last_photo_is_gone_while_the_next_one_is_embedded(world: World) -> None:
    world.encoder.garment = shows_garment
    world.add("shirt", b"blur")
    seen: list[tuple[str, Hint | None]] = []
    world.encoder.before = lambda _: seen.append((world.status("shirt"), hint_of(world)))
    world.upload("shirt", b"a photo")
    world.reconciler.reconcile("shirt")
    assert seen == [("processing", None)]


@pytest.mark.parametrize("data", [b"sofa", b"blur"])
def test_duplicate_event_for_a_judged_photo_embeds_nothing(world: World, data: bytes) -> None:
    world.encoder.garment = shows_garment
    world.add("shirt", data)
    embedded: list[Garment] = []
    world.encoder.before = embedded.append
    before = dict(world.database.states)
    for _ in range(3):
        assert isinstance(world.reconciler.reconcile("shirt"), Settled)
    assert (embedded, world.database.states) == ([], before)


def test_photo_is_embedded_once_though_its_refusal_loses_a_race(world: World) -> None:
    embedded: list[Garment] = []

    def interrupt(garment: Garment) -> None:
        embedded.append(garment)
        state, written, version = world.database.states["shirt"]
        world.database.states["shirt"] = (state, written, version + 1000)

    world.encoder.garment, world.encoder.before = shows_garment, interrupt
    world.add("shirt", b"sofa")
    assert (world.status("shirt"), len(embedded)) == ("failed", 1)


def test_thresholds_are_settings(world: World) -> None:
    world.encoder.garment = lambda _: 0.3
    world.settings = replace(world.settings, no_garment_below=0.1, unsure_garment_below=0.2)
    world.add("shirt")
    assert (world.status("shirt"), hint_of(world)) == ("ready", None)
    world.settings = replace(world.settings, no_garment_below=0.4)
    world.add("jeans", b"another photo")
    assert world.status("jeans") == "failed"


@pytest.fixture
def newer(world: World) -> World:
    """The same world as an instance with another encoder sees it."""
    return replace(world, encoder=HashEncoder(id="hash.2"))


def test_item_of_another_encoder_is_settled_until_it_is_moved(world: World, newer: World) -> None:
    world.add("shirt")
    assert isinstance(newer.reconciler.reconcile("shirt"), Settled)
    assert isinstance(newer.reconciler.reembed("shirt"), Embed)
    assert world.database.closet("ann").coverage == {"hash-1": 1, "hash.2": 1}
    assert world.database.states["shirt"][0].encoder == "hash.2"
    assert isinstance(newer.reconciler.reembed("shirt"), Settled)
    assert isinstance(world.reconciler.reconcile("shirt"), Settled), "an instance with the old encoder undoes nothing"


def test_item_stays_ready_and_in_the_closet_while_it_is_moved(world: World, newer: World) -> None:
    world.add("shirt")
    seen: list[tuple[str, set[str]]] = []
    newer.encoder.before = lambda _: seen.append((world.status("shirt"), set(world.entries())))
    newer.reconciler.reembed("shirt")
    assert seen == [("ready", {"shirt"})]


@pytest.mark.parametrize("first", ["older", "newer"])
def test_change_of_the_content_leaves_no_vector_of_the_one_before(world: World, newer: World, first: str) -> None:
    world.add("shirt", name="Shirt")
    newer.reconciler.reembed("shirt")
    world.write_item("shirt", name="Blue Shirt")
    embedding = world if first == "older" else newer
    embedding.reconciler.reconcile("shirt")
    assert set(world.database.closet("ann").coverage) == {embedding.encoder.id}
    newer.reconciler.reembed("shirt")
    for entries in (newer.entries(), world.entries() if first == "older" else {}):
        for entry in entries.values():
            np.testing.assert_allclose(entry.vector, world.expected_vector("shirt"), atol=1e-3)


def test_rename_while_an_item_is_moved_wins(world: World, newer: World) -> None:
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


def test_item_deleted_while_it_is_moved_stays_deleted(world: World, newer: World) -> None:
    world.add("shirt")
    newer.encoder.before = lambda _: world.database.documents.clear()
    newer.reconciler.reembed("shirt")
    assert not world.database.states
    assert not world.database.closet("ann").entries


def test_stale_vector_of_a_cut_off_embedding_does_not_stay_beside_a_new_one(world: World, newer: World) -> None:
    def die(_: Garment) -> None:
        raise MemoryError

    world.add("shirt", name="Shirt")
    world.write_item("shirt", name="Blue Shirt")
    world.encoder.before = die
    with pytest.raises(MemoryError):
        world.reconciler.reconcile("shirt")
    newer.reconciler.reconcile("shirt")
    assert world.database.closet("ann").coverage == {"hash.2": 1}


def test_failed_item_is_tried_once_by_the_new_encoder(world: World, newer: World) -> None:
    world.add("shirt", b"bad picture")
    assert list(world.database.items_with_other_encoder("hash.2")) == ["shirt"]
    assert isinstance(newer.reconciler.reconcile("shirt"), Settled)
    assert isinstance(newer.reconciler.reembed("shirt"), Embed)
    assert not list(world.database.items_with_other_encoder("hash.2"))
    assert world.status("shirt") == "failed"


def test_new_encoder_judges_a_moved_photo_anew(world: World, newer: World) -> None:
    newer.encoder.garment = shows_garment
    for item_id, data in (("sofa", b"sofa"), ("blur", b"blur"), ("shirt", b"a photo")):
        world.add(item_id, data)
        assert (world.status(item_id), hint_of(world, item_id)) == ("ready", None)
        newer.reconciler.reembed(item_id)
        assert isinstance(world.reconciler.reconcile(item_id), Settled), (
            "an instance with the old encoder undoes nothing"
        )
    assert [world.status(item_id) for item_id in ("sofa", "blur", "shirt")] == ["failed", "ready", "ready"]
    assert [hint_of(world, item_id) for item_id in ("blur", "shirt")] == [Hint.UNSURE_GARMENT, None]
    assert world.database.closet("ann").coverage == {"hash-1": 2, "hash.2": 2}


def test_photo_that_only_the_old_encoder_refused_is_ready_once_moved(world: World, newer: World) -> None:
    world.encoder.garment = shows_garment
    world.add("sofa", b"sofa")
    newer.reconciler.reembed("sofa")
    assert world.status("sofa") == "ready"
    assert world.database.closet("ann").coverage == {"hash.2": 1}


def test_taste_is_of_the_vectors_that_most_items_have(world: World, newer: World) -> None:
    for number in range(3):
        world.add(f"item-{number}", f"photo {number}".encode())
    for moved, expected in enumerate(["hash-1", "hash-1", "hash-1", "hash.2"]):
        if moved:
            newer.reconciler.reembed(f"item-{moved - 1}")
        newer.taste_keeper.refresh("ann")
        taste, closet = world.database.tastes["ann"], world.database.closet("ann")
        assert (taste.encoder, taste.closet_version) == (expected, closet.version)
        np.testing.assert_allclose(taste.mean, mean_vector(closet.arrays(expected).vectors), atol=1e-6)


def test_closet_keeps_what_an_item_is_called_and_what_the_heads_said(world: World) -> None:
    world.add("shirt", b"a photo", name="  Oxford   shirt ", brand="Arket")
    entry = world.entries()["shirt"]
    assert (entry.title, entry.product) == ("Arket Oxford shirt", product_key("Arket", "oxford shirt"))
    assert entry.attributes.tolist() == pack_attributes({"colour": {"Red": 0.9}}, HEADS).tolist()
    world.write_item("shirt", name="Linen shirt", brand="Arket")
    world.reconciler.reconcile("shirt")
    assert world.entries()["shirt"].title == "Arket Linen shirt"
