"""``closetspace photo inspect`` on photos, and on files of any other content."""

import json
import os
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from catalog_jobs.cli.app import app
from catalog_jobs.encoders.photo_inspection import Inspection, inspect_photos
from closetspace.bootstrap import decoding_pool
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings
from tests.support.fakes import HashEncoder

KEYS = [
    *("file", "accepted", "error", "hint", "width", "height", "bytes", "category", "category_share", "colours"),
    *("pattern", "gender", "usage", "garment", "milliseconds", "peak_megabytes"),
]


def image(size: tuple[int, int] = (300, 200), orientation: int = 1, file_format: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, file_format, exif=exif)
    return file.getvalue()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jpg"
    path.write_bytes(image())
    return path


def inspect(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["photo", "inspect", *map(str, arguments)], env={"COLUMNS": "400"})


def inspected(*arguments: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in inspect("--json", *arguments).stdout.splitlines()]


def inspect_with(encoder: HashEncoder, *files: Path, max_photo_bytes: int = 100_000) -> list[Inspection]:
    settings = Settings(max_photo_bytes=max_photo_bytes)
    with closing(decoding_pool(settings)) as pool:
        return list(inspect_photos(files, pool, encoder, settings))


def test_good_photo_is_accepted_with_the_encoders_labels(good: Path) -> None:
    result = inspect("--json", good)
    assert result.exit_code == 0
    (found,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert list(found) == KEYS
    assert (found["file"], found["accepted"], found["error"]) == (str(good), True, None)
    assert (found["width"], found["height"], found["bytes"]) == (300, 200, good.stat().st_size)
    assert found["category"]
    assert 0 < found["category_share"] <= 1
    assert found["colours"] == [colour.lower() for colour in found["colours"]]
    assert found["gender"]
    assert found["usage"]
    assert found["milliseconds"] > 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_size_is_that_of_the_upright_photo_before_it_is_scaled_down(
    tmp_path: Path, orientation: int, file_format: str
) -> None:
    path = tmp_path / "turned"
    path.write_bytes(image((1200, 700), orientation, file_format))
    (found,) = inspect_with(HashEncoder(), path)
    assert (found.width, found.height) == ((1200, 700) if orientation < 5 else (700, 1200))


def test_each_file_gets_one_line_in_order_and_one_bad_file_sets_the_exit_status(good: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.jpg"
    result = inspect("--json", good, missing, good)
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["file"], line["accepted"]) for line in lines] == [
        (str(good), True),
        (str(missing), False),
        (str(good), True),
    ]


def make_files(folder: Path) -> dict[str, Path]:
    """Write files that are rejected; return them by error code."""
    files = {
        "photo_empty": b"",
        "photo_unsupported_format": b"this is text",
        "photo_too_small": image((15, 200), file_format="PNG"),
        "photo_unreadable": image()[:300],
    }
    for code, data in files.items():
        (folder / f"{code}.jpg").write_bytes(data)
    return {code: folder / f"{code}.jpg" for code in files} | {
        "not_a_file": folder,
        "file_not_found": folder / "no.jpg",
    }


def test_unusable_files_are_rejected_with_a_code_and_a_sentence(tmp_path: Path) -> None:
    files = make_files(tmp_path)
    lines = inspected(*files.values())
    assert [line["error"]["code"] for line in lines] == list(files)
    for line in lines:
        assert list(line) == KEYS
        assert not line["accepted"]
        assert line["error"]["message"].endswith(".")
        assert line["milliseconds"] is None
    sizes = {line["error"]["code"]: (line["width"], line["height"]) for line in lines}
    assert sizes["photo_too_small"] == (15, 200)
    assert sizes["file_not_found"] == (None, None)


def test_too_large_file_is_rejected_without_reading_it(tmp_path: Path) -> None:
    huge = tmp_path / "huge.jpg"
    with huge.open("wb") as file:
        file.truncate(10_000_000_000)  # a sparse file, which takes no space on the disk
    (line,) = inspected(huge)
    assert line["error"]["code"] == "photo_too_large"
    assert line["bytes"] == 10_000_000_000


def test_size_limit_is_the_setting(good: Path) -> None:
    size = good.stat().st_size
    assert inspect_with(HashEncoder(), good, max_photo_bytes=max(size, 2000))[0].accepted
    big = good.with_name("big.jpg")
    big.write_bytes(good.read_bytes() + bytes(2001))
    (found,) = inspect_with(HashEncoder(), big, max_photo_bytes=2000)
    assert found.error is not None
    assert found.error.code == "photo_too_large"


def test_devices_and_pipes_are_rejected_without_reading_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    lines = inspected(tmp_path / "pipe.jpg", "/dev/zero")
    assert [line["error"]["code"] for line in lines] == ["not_a_file"] * 2


def test_invalid_path_is_reported() -> None:
    (line,) = inspected("x" * 5000)
    assert line["error"]["code"] == "file_unreadable"


def test_file_name_that_is_not_unicode_is_printed_with_replacements(good: Path) -> None:
    odd = good.with_name(os.fsdecode(b"odd\xff.jpg"))
    try:
        odd.write_bytes(good.read_bytes())
    except OSError:
        pytest.skip("the file system takes Unicode names only")
    (line,) = inspected(odd)
    assert line["accepted"]
    assert line["file"].endswith("odd\N{REPLACEMENT CHARACTER}.jpg")


def test_photo_without_a_garment_is_rejected_but_its_labels_are_shown(good: Path) -> None:
    encoder = HashEncoder(garment=lambda _: 0.01234567, categories=lambda _: {"Shoes": 0.75})
    (found,) = inspect_with(encoder, good)
    assert not found.accepted
    assert found.error is not None
    assert found.error.code == "no_garment"
    assert (found.garment, found.category, found.category_share) == (0.0123, "Shoes", 0.75)
    assert found.milliseconds is not None


@pytest.mark.parametrize(
    ("garment", "share", "hint"), [(0.3, 0.9, "unsure_garment"), (0.9, 0.3, "unclear_photo"), (0.9, 0.9, None)]
)
def test_doubtful_photo_is_accepted_with_a_hint(good: Path, garment: float, share: float, hint: str | None) -> None:
    encoder = HashEncoder(garment=lambda _: garment, categories=lambda _: {"Shoes": share})
    (found,) = inspect_with(encoder, good)
    assert (found.accepted, found.as_json()["hint"]) == (True, hint)


def test_networks_are_loaded_before_the_first_file_is_timed(good: Path) -> None:
    seen: list[Garment] = []
    settings = Settings()
    encoder = HashEncoder(before=seen.append)
    with closing(decoding_pool(settings)) as pool:
        assert list(inspect_photos([], pool, encoder, settings)) == []
        assert len(seen) == 1
        list(inspect_photos([good, good], pool, encoder, settings))
    assert len(seen) == 4


def test_output_without_json_is_a_table(good: Path, tmp_path: Path) -> None:
    (tmp_path / "empty[red].jpg").touch()
    result = inspect(good, tmp_path / "empty[red].jpg")
    assert result.exit_code == 1
    for text in ("good.jpg", "accepted", "300 x 200", "empty[red].jpg", "photo_empty", "The photo is empty."):
        assert text in result.stdout


def test_unknown_encoder_is_an_error(good: Path) -> None:
    result = inspect(good, "--encoder", "nothing")
    assert result.exit_code == 1
    assert "There is no encoder nothing" in result.stderr
    assert not result.stdout


def test_help_documents_the_exit_status() -> None:
    assert "Exits with 0 if all photos are accepted, else with 1." in inspect("--help").stdout
