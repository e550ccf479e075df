"""The Security Rules: what owners may do, and others may not."""

import dataclasses
from typing import Any

import pytest

from closetspace.adapters.firestore.people import PERSON_FIELDS
from closetspace.domain.person.preferences import Preferences
from closetspace.services.loss_guard import WITNESS
from closetspace_infra.local.person import Person, Refused
from tests.support.journey import Journey, photo


@pytest.fixture
def owner(journey: Journey) -> Person:
    return journey.person()


@pytest.fixture
def item_id(journey: Journey, owner: Person) -> str:
    """A ready item."""
    return journey.add(owner, 40)


@pytest.fixture(params=["stranger", "visitor"])
def other(request: pytest.FixtureRequest, journey: Journey) -> Person:
    return journey.person() if request.param == "stranger" else journey.visitor()


def refused(action: Any, *arguments: Any) -> None:
    with pytest.raises(Refused) as caught:
        action(*arguments)
    assert caught.value.status in (401, 403)


def test_owner_reads_their_item_state_and_photo(journey: Journey, owner: Person, item_id: str) -> None:
    item = owner.read(f"wardrobe/{item_id}")
    assert item is not None
    assert item["uid"] == owner.uid
    assert owner.read(f"item_state/{item_id}")
    assert owner.download(journey.path(owner, item_id)) == photo(40)
    assert [found["uid"] for found in owner.query("wardrobe", owner.uid)] == [owner.uid]
    assert [found["status"] for found in owner.query("item_state", owner.uid)] == ["ready"]


@pytest.mark.parametrize("collection", ["wardrobe", "item_state"])
def test_others_cannot_read_items_and_states(other: Person, owner: Person, item_id: str, collection: str) -> None:
    refused(other.read, f"{collection}/{item_id}")
    refused(other.query, collection, owner.uid)


def test_others_cannot_write_items(journey: Journey, other: Person, owner: Person, item_id: str) -> None:
    stolen = {"uid": other.uid or "nobody", "name": "Mine now"}
    refused(other.write, f"wardrobe/{item_id}", stolen)
    refused(other.write, f"wardrobe/{item_id}", {"uid": owner.uid, "name": "Renamed"})
    refused(other.write, f"wardrobe/{journey.new_id()}", {"uid": owner.uid, "name": "Planted"})
    refused(other.delete, f"wardrobe/{item_id}")


def test_others_cannot_access_photos(journey: Journey, other: Person, owner: Person, item_id: str) -> None:
    path = journey.path(owner, item_id)
    refused(other.download, path)
    refused(other.upload, path, photo(41))
    refused(other.delete_photo, path)
    refused(other.upload, journey.path(owner, item_id, "another.jpg"), photo(41))


@pytest.mark.parametrize(
    "path",
    [
        *("closets/{uid}", "closets/{uid}/shards/1", "taste/{uid}", "feedback/{uid}", "shown/{uid}"),
        *("preferences/{uid}/deeper/1", "anything/else"),
    ],
)
def test_no_client_accesses_the_servers_documents(journey: Journey, owner: Person, item_id: str, path: str) -> None:
    assert item_id
    path = path.format(uid=owner.uid)
    for person in (owner, journey.visitor()):
        refused(person.read, path)
        refused(person.write, path, {"uid": owner.uid})
        refused(person.delete, path)
    refused(owner.query, path.partition("/")[0], owner.uid)


def test_owner_reads_the_thumbnails_of_their_photo_and_writes_none(
    journey: Journey, owner: Person, item_id: str
) -> None:
    state = owner.read(f"item_state/{item_id}")
    assert state is not None
    assert set(state["thumbnails"]) == {"160", "640"}
    for path in state["thumbnails"].values():
        assert owner.download(path)[8:12] == b"WEBP"
        assert journey.metadata(path)["cacheControl"] == "private, max-age=31536000, immutable"
        refused(owner.upload, path, photo(41))
        refused(owner.delete_photo, path)
        for other in (journey.person(), journey.visitor()):
            refused(other.download, path)


def test_owner_cannot_write_states(journey: Journey, owner: Person, item_id: str) -> None:
    refused(owner.write, f"item_state/{item_id}", {"uid": owner.uid, "status": "ready"})
    refused(owner.write, f"item_state/{journey.new_id()}", {"uid": owner.uid, "status": "ready"})
    refused(owner.delete, f"item_state/{item_id}")


def test_item_cannot_get_another_owner(journey: Journey, owner: Person, item_id: str) -> None:
    refused(owner.write, f"wardrobe/{item_id}", {"uid": journey.person().uid, "name": "A gift"})


@pytest.mark.parametrize(
    "fields",
    [
        {"name": 7},
        {"name": "x" * 301},
        {"brand": "x" * 101},
        {"secure_url": "https://" + "x" * 2000},
        {"photo_path": "users/somebody-else/wardrobe/item/photo.jpg"},
        {"photo_path": "index/current.json"},
        {"photo_path": 7},
        {"category": "x" * 101},
        {"gender": 7},
        {"usage": ["Casual"]},
        {"colours": ["Red"] * 4},
        {f"field{number}": number for number in range(60)},
    ],
)
def test_malformed_item_is_refused(journey: Journey, owner: Person, fields: dict[str, Any]) -> None:
    refused(owner.write, f"wardrobe/{journey.new_id()}", {"uid": owner.uid, "name": "Shirt"} | fields)


ODD_IDS = ["a.b*c", "(.*)", "[x]+", "a|b", "^$", "ü 👕", "\\Q", "x" * 200]


@pytest.mark.parametrize("name", ODD_IDS)
def test_item_of_any_id_names_its_own_photo_and_no_other(journey: Journey, owner: Person, name: str) -> None:
    item_id = journey.new_id() + name
    fields = {"uid": owner.uid, "name": "Shirt"}
    folder = f"users/{owner.uid}/wardrobe/{item_id}"
    for path in (
        f"users/{owner.uid}/wardrobe/{journey.new_id()}/photo.jpg",
        f"users/{owner.uid}/wardrobe/{journey.new_id()}x/photo.jpg",
        *(f"{folder}/", f"{folder}/deeper/photo.jpg", f"{folder}/a\nb.jpg", f"{folder}/a\0b.jpg"),
        f"{folder}/{'ü' * 512}.jpg",
    ):
        refused(owner.write, f"wardrobe/{item_id}", fields | {"photo_path": path})
    owner.write(f"wardrobe/{item_id}", fields | {"photo_path": f"{folder}/photo (1).jpg"})


def test_id_that_begins_with_a_uid_and_a_colon_is_reserved_for_that_person(journey: Journey, owner: Person) -> None:
    stranger = journey.person()
    fields = {"uid": stranger.uid, "name": "Shirt"}
    refused(stranger.write, f"wardrobe/{owner.uid}:shirt", fields)
    owner.write(f"wardrobe/{owner.uid}:shirt", {"uid": owner.uid, "name": "Shirt"})
    owner.write(f"wardrobe/{owner.uid}:shirt", {"uid": owner.uid, "name": "Renamed"})


def test_documents_of_the_frontend_are_accepted(journey: Journey, owner: Person) -> None:
    fields = {"name": "Shirt", "brand": "Stussy", "public_id": "abc", "wornLast": "2025-01-01", "favourite": True}
    fields |= {"category": "Shoes", "colours": ["Red", "Navy Blue"], "gender": "Women", "usage": "Sports"}
    secure_url = "https://images.example/upload/abc.jpg"
    owner.write(f"wardrobe/{journey.new_id()}", {"uid": owner.uid, "secure_url": secure_url} | fields)
    owner.write(f"wardrobe/{journey.new_id()}", {"uid": owner.uid, "name": None, "photo_path": None})


def test_owner_writes_reads_and_deletes_preferences(owner: Person) -> None:
    path = f"preferences/{owner.uid}"
    assert owner.read(path) is None
    whole = {"gender": "Women", "usage": ["Casual"], "colours": [], "brands_out": ["x" * 100] * 100, "explore": 0}
    owner.write(path, whole | {"serendipity": 0.5, "mix": 1, "theme": "dark"})
    found = owner.read(path)
    assert found is not None
    assert {name: found[name] for name in whole} == whole
    owner.write(path, dict.fromkeys(("gender", "usage", "explore")))
    owner.write(path, {"gender": "x" * 100})
    owner.delete(path)
    assert owner.read(path) is None


def test_others_cannot_access_preferences(other: Person, owner: Person) -> None:
    path = f"preferences/{owner.uid}"
    refused(other.write, path, {"gender": "Men"})
    owner.write(path, {"gender": "Women"})
    refused(other.read, path)
    refused(other.write, path, {"gender": "Men"})
    refused(other.delete, path)
    refused(other.query, "preferences", owner.uid)
    assert owner.read(path) == {"gender": "Women"}


@pytest.mark.parametrize(
    "fields",
    [
        {"gender": 7},
        {"gender": ["Men"]},
        {"gender": "x" * 101},
        {"usage": "Casual"},
        {"usage": ["x"] * 101},
        {"colours": 7},
        {"colours": ["x"] * 101},
        {"brands_out": True},
        {"brands_out": ["x"] * 101},
        {"brands_out": ["x" * 10_001]},
        {"explore": -0.1},
        {"explore": 1.1},
        {"explore": "0.5"},
        {"serendipity": 2},
        {"serendipity": True},
        {"mix": [0.5]},
        {f"field{number}": number for number in range(21)},
    ],
    ids=lambda fields: "-".join(f"{name}-{value!r:.15}" for name, value in list(fields.items())[:2]),
)
def test_malformed_preferences_are_refused(owner: Person, fields: dict[str, Any]) -> None:
    path = f"preferences/{owner.uid}"
    refused(owner.write, path, fields)
    owner.write(path, {"mix": 0.5})
    refused(owner.write, path, fields)


def test_preferences_cannot_have_a_field_that_is_read_of_other_documents(owner: Person) -> None:
    path = f"preferences/{owner.uid}"
    for name in set(PERSON_FIELDS) - {field.name for field in dataclasses.fields(Preferences)}:
        refused(owner.write, path, {name: "x"})


@pytest.mark.parametrize(
    "path",
    [
        "index/current.json",
        "catalog/items.jsonl",
        "catalog/images/new.jpg",
        "catalog/thumbnails/160-new.webp",
        WITNESS,
        "elsewhere.jpg",
    ],
)
def test_no_client_writes_catalog_or_index_or_the_note_of_a_sweep(journey: Journey, owner: Person, path: str) -> None:
    for person in (owner, journey.visitor()):
        refused(person.upload, path, photo(42))
        refused(person.delete_photo, path)


@pytest.mark.parametrize("path", ["index/current.json", "catalog/items.jsonl", WITNESS])
def test_no_client_reads_the_index_or_the_note_of_a_sweep(journey: Journey, owner: Person, path: str) -> None:
    for person in (owner, journey.visitor()):
        refused(person.download, path)


def test_everyone_reads_product_pictures_and_keeps_them(journey: Journey, owner: Person, item_id: str) -> None:
    assert item_id
    item = owner.call("recommend", {"count": 1})["items"][0]
    assert set(item["pictures"]) == {"640", "160"}
    for url, begins in [(item["src"], b"\xff\xd8"), *((url, b"RIFF") for url in item["pictures"].values())]:
        answer = journey.visitor().http.get(url)
        assert answer.status_code == 200
        assert answer.content.startswith(begins)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "image/heic", "Image/JPEG", "image/jpeg; q=1"])
def test_upload_of_a_photo_is_accepted_whatever_the_client_calls_it(journey: Journey, owner: Person, kind: str) -> None:
    item_id = journey.new_id()
    owner.upload(journey.path(owner, item_id), photo(43), kind)
    journey.describe(owner, item_id, "Shirt")
    journey.settle()
    state = owner.read(f"item_state/{item_id}")
    assert state is not None
    assert state["status"] == "ready"


@pytest.mark.parametrize(
    "kind", ["text/html", "image/", "image/svg+xml", "IMAGE/SVG+XML; charset=utf-8", "image/svg", "application/pdf"]
)
def test_upload_that_a_browser_could_run_is_refused(journey: Journey, owner: Person, kind: str) -> None:
    refused(owner.upload, journey.path(owner, journey.new_id(), "page"), b"<script>", kind)


def test_upload_is_limited_in_size_and_to_the_folder_of_an_item(journey: Journey, owner: Person) -> None:
    item_id = journey.new_id()
    refused(owner.upload, journey.path(owner, item_id), b"x" * 20_000_001)
    refused(owner.upload, f"users/{owner.uid}/wardrobe/{item_id}/deeper/photo.jpg", photo(43))
