"""Items are read from clients' documents: a malformed field becomes a fault, never an exception."""

from typing import Any

import pytest

from closetspace.domain.wardrobe.item import Item, parse_item
from closetspace.domain.wardrobe.photo import ObjectPhoto, UrlPhoto

HOST = "res.cloudinary.com"
FOLDER = "users/ann/wardrobe/shirt/"


def parsed(**fields: Any) -> Item:
    return parse_item("shirt", {"uid": "ann", **fields}, {HOST})


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
