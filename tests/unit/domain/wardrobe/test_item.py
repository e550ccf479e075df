"""Items are read from clients' documents: a malformed field becomes a fault, never an exception."""

from typing import Any

import pytest

from closetspace.domain.wardrobe.item import Item, parse_item
from closetspace.domain.wardrobe.photo import ObjectPhoto, PhotoSources, UrlPhoto

HOST = "res.cloudinary.com"
BUCKET = "project-photos"
FIREBASE = "https://firebasestorage.googleapis.com/v0/b"
FOLDER = "users/ann/wardrobe/shirt/"


def parsed(**fields: Any) -> Item:
    return parse_item("shirt", {"uid": "ann", **fields}, PhotoSources({HOST}, BUCKET))


def test_photo_in_the_items_folder_is_accepted() -> None:
    assert parsed(photo_path=f"{FOLDER}photo.jpg").photo == ObjectPhoto(f"{FOLDER}photo.jpg")


@pytest.mark.parametrize(
    "name",
    ["a\nb.jpg", "a\rb.jpg", "a\0b.jpg", "\x7f.jpg", "x" * 1_025, "ü" * 600, "\ud800.jpg", "", "deeper/a.jpg"],
    ids=["line feed", "return", "NUL", "delete", "bytes", "more bytes than characters", "surrogate", "empty", "deeper"],
)
def test_name_that_storage_does_not_take_is_a_fault(name: str) -> None:
    item = parsed(photo_path=FOLDER + name)
    assert item.photo is None
    assert item.fault
    assert item.fault.code == "photo_path_invalid"


def test_name_of_exactly_the_maximum_is_accepted() -> None:
    assert parsed(photo_path=FOLDER + "x" * (1_024 - len(FOLDER))).photo


@pytest.mark.parametrize("url", [f" https://{HOST}/a.jpg", f"https://{HOST}/a.jpg\n"])
def test_blanks_around_a_url_are_dropped(url: str) -> None:
    assert parsed(secure_url=url).photo == UrlPhoto(f"https://{HOST}/a.jpg")


@pytest.mark.parametrize(
    "url", [f"https://{HOST}/a b.jpg", f"https://{HOST}/a\tb.jpg", f"https://{HOST}/\0", "https://["]
)
def test_url_that_can_not_be_fetched_is_a_fault(url: str) -> None:
    item = parsed(secure_url=url)
    assert item.fault
    assert item.fault.code == "photo_url_not_allowed"


@pytest.mark.parametrize(
    "url",
    [
        f"{FIREBASE}/{BUCKET}/o/users%2Fann%2Fwardrobe%2Fshirt%2Fa%20b.jpg?alt=media&token=1",
        f"http://127.0.0.1:9199/v0/b/{BUCKET}/o/users%2Fann%2Fwardrobe%2Fshirt%2Fa%20b.jpg?alt=media",
        f" https://storage.googleapis.com/{BUCKET}/users/ann/wardrobe/shirt/a%20b.jpg",
        f"https://{BUCKET}.storage.googleapis.com/users/ann/wardrobe/shirt/a%20b.jpg",
        f"gs://{BUCKET}/users/ann/wardrobe/shirt/a%20b.jpg",
    ],
)
def test_address_of_an_object_in_our_own_bucket_is_that_object(url: str) -> None:
    assert parsed(secure_url=url).photo == ObjectPhoto(f"{FOLDER}a b.jpg")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{FIREBASE}/{BUCKET}/o/users%2Fbob%2Fwardrobe%2Fshirt%2Fa.jpg", "photo_path_invalid"),
        (f"{FIREBASE}/{BUCKET}/o/index%2Fcurrent.json", "photo_path_invalid"),
        (f"{FIREBASE}/another/o/users%2Fann%2Fwardrobe%2Fshirt%2Fa.jpg", "photo_url_not_allowed"),
        (f"https://evil.example/{BUCKET}/users/ann/wardrobe/shirt/a.jpg", "photo_url_not_allowed"),
        (f"https://{BUCKET}/users/ann/wardrobe/shirt/a.jpg", "photo_url_not_allowed"),
    ],
)
def test_address_of_another_object_is_a_fault(url: str, code: str) -> None:
    fault = parsed(secure_url=url).fault
    assert fault
    assert fault.code == code
