"""Valid, broken and malicious photos, through the whole stack."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.support.journey import Journey, photo, picture
from tests.support.photo_files import heic, huge_png, rotated, saved

GOOD: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: photo(50),
    "png": lambda: photo(50, "PNG"),
    "webp": lambda: photo(50, "WEBP"),
    "heic": lambda: heic(picture(50)),
    "cmyk": lambda: saved(picture(50).convert("CMYK"), "JPEG"),
    "greyscale": lambda: saved(picture(50).convert("L"), "JPEG"),
    "16 bit": lambda: saved(Image.fromarray(np.full((64, 64), 40_000, np.uint16)), "PNG"),
    "palette": lambda: saved(picture(50).convert("P"), "PNG"),
    "transparent": lambda: saved(Image.new("RGBA", (64, 64), (10, 20, 200, 0)), "PNG"),
    "rotated": rotated,
}
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "text renamed": (lambda: b"text in a file with the name of a photo", "photo_unsupported_format"),
    "truncated": (lambda: photo(50)[:1500], "photo_unreadable"),
    "empty": (lambda: b"", "photo_empty"),
    "absurdly large": (huge_png, "photo_too_many_pixels"),
    "animated gif": (
        lambda: saved(picture(50), "GIF", save_all=True, append_images=[picture(51)]),
        "photo_unsupported_format",
    ),
    "disguised tiff": (lambda: saved(picture(50), "TIFF"), "photo_unsupported_format"),
    "html": (lambda: b"<html><script>alert(1)</script></html>", "photo_unsupported_format"),
    "one pixel": (lambda: saved(Image.new("RGB", (1, 1)), "PNG"), "photo_too_small"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_photo_in_each_common_format_becomes_ready(journey: Journey, kind: str) -> None:
    person, item_id = journey.person(), journey.new_id()
    person.upload(journey.path(person, item_id), GOOD[kind]())
    journey.describe(person, item_id)
    journey.wait(person, item_id)
    assert set(journey.closet(person).entries) == {item_id}


@pytest.mark.parametrize("kind", BAD)
def test_invalid_photo_fails_with_a_message(journey: Journey, kind: str) -> None:
    person, item_id = journey.person(), journey.new_id()
    make, code = BAD[kind]
    person.upload(journey.path(person, item_id), make())
    journey.describe(person, item_id)
    state = journey.wait(person, item_id, "failed")
    assert state["error"]["code"] == code
    assert state["error"]["message"].endswith(".")
    assert not journey.closet(person).entries
    person.upload(journey.path(person, item_id), photo(52))
    journey.wait(person, item_id)


def test_rotated_photo_is_embedded_upright(journey: Journey) -> None:
    person = journey.person()
    upright, turned = journey.new_id(), journey.new_id()
    for item_id, data in ((upright, saved(picture(50), "JPEG", quality=95)), (turned, rotated())):
        person.upload(journey.path(person, item_id), data)
        journey.describe(person, item_id)
        journey.wait(person, item_id)
    entries = journey.entries(person)
    assert float(entries[upright].vector @ entries[turned].vector) > 0.97


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/photo.jpg",
        "https://10.0.0.1/photo.jpg",
        "https://elsewhere.example/photo.jpg",
        "http://res.cloudinary.com/photo.jpg",
    ],
)
def test_url_that_is_not_allowed_fails_with_a_message(journey: Journey, url: str) -> None:
    person, item_id = journey.person(), journey.new_id()
    journey.describe(person, item_id, photo_path=None, secure_url=url)
    state = journey.wait(person, item_id, "failed")
    assert state["error"]["code"] == "photo_url_not_allowed"
