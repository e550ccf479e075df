"""Reconciling an item: what each change, fault and race leads to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.index.products import product_key
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.domain.wardrobe.plan import Embed, Forget, Refuse, Settled, Wait
from closetspace.domain.wardrobe.thumbnails import SIDES
from closetspace.errors import Conflict, Transient
from closetspace.log_labels import current_labels, log_labels
from tests.support.fakes import BUCKET, HEADS, HashEncoder, World, decode_anything, shrink_anything


@pytest.fixture
def world() -> World:
    return World()


def test_item_with_a_photo_gets_a_vector_in_the_closet(world: World) -> None:
    world.add("shirt", name="Oxford Shirt", brand="Stussy")
    assert world.status("shirt") == "ready"
    entry = world.entries()["shirt"]
    np.testing.assert_allclose(entry.vector, world.expected_vector("shirt"), atol=1e-3)
    assert entry.category == world.database.states["shirt"][0].category


def test_item_waits_for_its_photo_and_then_becomes_ready(world: World) -> None:
    world.write_item("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Wait)
    assert world.status("shirt") == "waiting_for_photo"
    world.upload("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Embed)
    assert world.status("shirt") == "ready"


def test_item_that_names_no_photo_has_the_last_one_in_its_folder(world: World) -> None:
    world.write_item("shirt", photo_path=None)
    assert isinstance(world.reconciler.reconcile("shirt"), Wait)
    for name, data in (("z.jpg", b"the first"), ("a.jpg", b"the last")):
        world.photos.write(photo_folder("ann", "shirt") + name, data)
        world.reconciler.reconcile("shirt")
        assert world.status("shirt") == "ready"
        expected = HashEncoder().encode([Garment(decode_anything(data), "", "")])[0].vector
        np.testing.assert_allclose(world.entries()["shirt"].vector, expected, atol=1e-3)
    world.photos.delete(photo_folder("ann", "shirt") + "a.jpg")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_download_address_of_the_items_own_photo_is_that_photo(world: World) -> None:
    name = f"{photo_folder('ann', 'shirt')}photo.jpg".replace("/", "%2F")
    url = f"https://firebasestorage.googleapis.com/v0/b/{BUCKET}/o/{name}?alt=media&token=1"
    world.upload("shirt")
    world.write_item("shirt", photo_path=None, secure_url=url)
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_photo_without_an_item_changes_nothing(world: World) -> None:
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


def test_change_of_an_unknown_field_does_not_embed_again(world: World) -> None:
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


def test_late_deletion_keeps_the_photo_of_a_new_item(world: World) -> None:
    deletion = Deletion("ann", datetime.now(UTC) - timedelta(hours=2))
    world.upload("shirt")
    world.reconciler.reconcile("shirt", deletion)
    world.write_item("shirt")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_retry_completes_an_interrupted_deletion(world: World) -> None:
    world.add("shirt")
    del world.database.documents["shirt"]
    deletion = Deletion("ann", datetime.now(UTC))
    world.reconciler.reconcile("shirt")
    assert list(world.photos.list(photo_folder("ann", "shirt")))
    world.reconciler.reconcile("shirt", deletion)
    assert not list(world.photos.list(photo_folder("ann", "shirt")))


def test_deleting_a_photo_removes_its_vector(world: World) -> None:
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
def test_invalid_item_fails_with_a_code_and_a_sentence(world: World, fields: dict[str, Any], code: str) -> None:
    world.upload("shirt")
    world.write_item("shirt", **fields)
    assert isinstance(world.reconciler.reconcile("shirt"), Refuse | Embed)
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", code)
    assert state.error is not None
    assert state.error.message.endswith(".")
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)


@pytest.mark.parametrize(("data", "code"), [(b"bad picture", "photo_unreadable"), (b"x" * 1001, "photo_too_large")])
def test_unreadable_or_oversized_photo_fails_until_it_is_replaced(world: World, data: bytes, code: str) -> None:
    world.add("shirt", data)
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", code)
    assert not world.database.closet("ann").entries
    world.upload("shirt", b"a good photo")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_log_says_why_an_item_failed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        world.add("shirt", b"bad picture")
    assert "item shirt failed: photo_unreadable" in caplog.text


def test_unreadable_new_photo_removes_a_ready_item_from_the_closet(world: World) -> None:
    world.add("shirt")
    world.upload("shirt", b"bad picture")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "failed"
    assert not world.database.closet("ann").entries


def test_item_with_an_allowed_photo_url_becomes_ready(world: World) -> None:
    world.web.photos["https://photos.example/a.jpg"] = b"from the web"
    world.write_item("shirt", photo_path=None, secure_url="https://photos.example/a.jpg", public_id="a")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_transient_fault_is_raised_and_a_retry_succeeds(world: World) -> None:
    url = "https://photos.example/a.jpg"
    world.web.photos[url] = Transient("the network is down")
    world.write_item("shirt", photo_path=None, secure_url=url)
    with pytest.raises(Transient):
        world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "processing"
    world.web.photos[url] = b"from the web"
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


def test_photo_that_is_replaced_before_it_is_read_and_then_put_back_has_its_own_vector(world: World) -> None:
    name = f"{photo_folder('ann', 'shirt')}photo.jpg"

    class Swapping(MemoryObjects):
        swaps = 1

        def read(self, name: str, *, if_generation: int | None = None) -> bytes:
            if not self.swaps:
                return super().read(name, if_generation=if_generation)
            self.swaps -= 1
            self.write(name, b"another photo")
            try:
                return super().read(name, if_generation=if_generation)
            finally:
                self.write(name, b"a photo")

    world.photos = Swapping()
    world.add("shirt")
    np.testing.assert_allclose(world.entries()["shirt"].vector, world.expected_vector("shirt"), atol=1e-3)
    assert world.photos.read(name) == b"a photo"
    thumbnails = world.database.states["shirt"][0].thumbnails or {}
    assert [world.photos.read(each) for each in thumbnails.values()] == shrink_anything(b"a photo", SIDES)


def test_item_deleted_during_embedding_stays_deleted(world: World) -> None:
    world.encoder.before = lambda _: world.database.documents.clear()
    world.add("shirt")
    assert not world.database.states
    assert not world.database.closet("ann").entries


def test_item_that_keeps_changing_raises_a_conflict(world: World) -> None:
    names = iter(range(100))
    world.encoder.before = lambda _: world.write_item("shirt", name=str(next(names)))
    with pytest.raises(Conflict):
        world.add("shirt")


def test_change_of_owner_moves_the_vector(world: World) -> None:
    world.add("shirt")
    world.add("shirt", uid="bob")
    assert set(world.database.closet("bob").entries) == {"shirt"}
    assert not world.database.closet("ann").entries


def test_unexpected_error_of_the_encoder_does_not_fail_the_item(world: World) -> None:
    def fail(_: Garment) -> None:
        raise MemoryError

    world.encoder.before = fail
    with pytest.raises(MemoryError):
        world.add("shirt")
    assert world.status("shirt") == "processing"


def test_closet_entry_has_title_product_and_attributes(world: World) -> None:
    world.add("shirt", b"a photo", name="  Oxford   shirt ", brand="Arket")
    entry = world.entries()["shirt"]
    assert (entry.title, entry.product) == ("Arket Oxford shirt", product_key("Arket", "oxford shirt"))
    assert entry.attributes.tolist() == pack_attributes({"colour": {"Red": 0.9}}, HEADS).tolist()
    world.write_item("shirt", name="Linen shirt", brand="Arket")
    world.reconciler.reconcile("shirt")
    assert world.entries()["shirt"].title == "Arket Linen shirt"


def test_lines_about_an_item_name_its_owner_and_the_encoder(world: World) -> None:
    with log_labels(item="shirt"):
        world.add("shirt")
        assert current_labels() == {"item": "shirt", "uid": "ann", "encoder": world.encoder.id}
