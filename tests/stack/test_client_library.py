"""The client library, as the package that `npm pack` makes of it, with the local stack."""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pillow_heif
import pytest
from google.cloud import storage
from PIL import Image

from tests.support.browser import seen_in_chromium, write_page
from tests.support.journey import Journey, photo, picture
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS

LIBRARY = REPOSITORY / "clients" / "web"


def run(*command: str, folder: Path) -> str:
    """Return what a command prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the library, built and packed."""
    if not (LIBRARY / "node_modules").exists():
        pytest.skip("The packages of the client library are not installed. Run: npm ci --prefix clients/web")
    folder = tmp_path_factory.mktemp("sources") / "web"
    shutil.copytree(LIBRARY, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(LIBRARY / "node_modules")
    run("npm", "pack", folder=folder)
    return folder


@pytest.fixture(scope="module")
def project(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the packed library, and Firebase."""
    folder = tmp_path_factory.mktemp("project")
    modules = folder / "node_modules"
    with tarfile.open(next(sources.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    (modules / "@closetspace").mkdir(parents=True)
    (folder / "package").rename(modules / "@closetspace" / "web")
    (modules / "firebase").symlink_to(LIBRARY / "node_modules" / "firebase")
    shutil.copy(Path(__file__).with_name("client_library.mjs"), folder)
    return folder


def place_of(journey: Journey) -> dict[str, Any]:
    """Return where a page finds the stack, and who signs up there."""
    return {
        "config": journey.stack.firebase_config,
        "addresses": asdict(journey.stack.addresses),
        "email": f"{uuid4().hex}@closetspace.example",
        "region": journey.stack.region,
    }


@pytest.fixture
def live(project: Path, journey: Journey) -> Callable[[str], Any]:
    """Return a function that lives through a chapter and returns what was seen."""
    photos = [project / f"{seed}.jpg" for seed in (70, 71, 72)]
    for path in photos:
        path.write_bytes(photo(int(path.stem)))
    place = json.dumps(place_of(journey) | {"photos": [str(path) for path in photos]})
    return lambda chapter: json.loads(run("node", "client_library.mjs", chapter, place, folder=project))


def test_pure_parts_pass_their_own_tests(sources: Path) -> None:
    run("node", "--test", folder=sources)


def test_package_contains_only_the_build_and_the_readme(project: Path) -> None:
    package = project / "node_modules" / "@closetspace" / "web"
    assert {path.name for path in package.iterdir()} == {"dist", "package.json", "README.md"}
    assert {path.name.partition(".")[2] for path in (package / "dist").iterdir()} == {"js", "d.ts"}


def test_person_keeps_a_wardrobe_and_leaves(live: Callable[[str], Any]) -> None:
    seen = live("life")
    assert seen.pop("titles")[-1] == "Blue Shirt"
    assert seen == {
        "signedOut": [],
        "order": [False, True],
        "progress": 1,
        "photo": ["image/jpeg", "private, max-age=31536000"],
        "brand": None,
        "thumbnails": ["640", "160"],
        "pictures": [200, 200],
        "facets": True,
        "sameAddress": True,
        "recommended": [15, 15],
        "opinion": "dismiss",
        "dismissed": True,
        "changed": ["Red Shirt", {"size": "M"}, "storage/object-not-found"],
        "exported": [200, "PK"],
        "signedIn": False,
    }


def test_refusals_are_typed_and_leave_no_photo(live: Callable[[str], Any]) -> None:
    seen = live("refusals")
    uid = seen.pop("uid")
    assert {name: answer[:2] for name, answer in seen.items()} == {
        "signedOut": ["unauthenticated", None],
        "addSignedOut": ["unauthenticated", None],
        "noItem": ["failed-precondition", "empty"],
        "badCount": ["invalid-argument", None],
        "undefinedCount": ["failed-precondition", "empty"],
        "badOpinion": ["invalid-argument", None],
        "text": ["invalid-argument", "photo_unsupported_format"],
        "aborted": ["cancelled", None],
        "abortedDuring": ["cancelled", None],
        "longName": ["permission-denied", None],
        "noSuchItem": ["permission-denied", None],
        "noSuchItemPhoto": ["permission-denied", None],
        "unreachable": ["unavailable", None],
    }
    assert all(" " in message for _, _, message in seen.values())
    bucket = storage.Client().bucket("demo-closetspace.firebasestorage.app")
    assert [blob.name for blob in bucket.list_blobs(prefix=f"users/{uid}/")] == []


def test_browser_uploads_large_photos_smaller_and_upright(project: Path, journey: Journey, tmp_path: Path) -> None:
    page = tmp_path / "page"
    shutil.copytree(project / "node_modules" / "@closetspace" / "web" / "dist", page / "library")
    script = Path(__file__).with_name("client_library_page.js")
    shutil.copy(script, page)
    (page / "place.json").write_text(json.dumps(place_of(journey)))
    sizes = write_photos(page)
    write_page(page, script.name, {"@closetspace/web": "/library/index.js"}, LIBRARY / "node_modules" / "firebase")

    seen = seen_in_chromium(page, tmp_path / "profile")

    assert seen.get("fits") == 5, seen
    uploaded = seen["uploaded"]
    assert {name: (each["status"], each["contentType"], each.get("sides")) for name, each in uploaded.items()} == {
        "turned.jpg": ("ready", "image/jpeg", [1200, 1600]),
        "transparent.png": ("ready", "image/jpeg", [1600, 1200]),
        "small.jpg": ("ready", "image/jpeg", [240, 320]),
        "line.jpg": ("failed", "image/jpeg", [5000, 1]),
        "large.heic": ("ready", "image/heic", None),
        "broken.jpg": ("failed", "image/jpeg", None),
    }
    unchanged = {"small.jpg", "line.jpg", "large.heic", "broken.jpg"}
    assert {name for name, each in uploaded.items() if each["size"] == sizes[name]} == unchanged
    assert uploaded["transparent.png"]["corner"] == [255, 255, 255, 255]


def write_photos(folder: Path) -> dict[str, int]:
    """Write photos as phones and people make them; return their sizes in bytes."""
    large = picture(73, (4000, 3000))
    exif = Image.Exif()
    exif[0x0112] = 6  # the picture is upright after a quarter turn
    large.save(folder / "turned.jpg", exif=exif)
    Image.new("RGB", (5000, 1)).save(folder / "line.jpg")
    (folder / "small.jpg").write_bytes(photo(74))
    clear = Image.new("RGBA", large.size)
    clear.paste(large, (400, 300))
    clear.save(folder / "transparent.png", compress_level=1)
    file = io.BytesIO()
    pillow_heif.from_pillow(picture(75, (2000, 1500))).save(file)
    (folder / "large.heic").write_bytes(file.getvalue())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff" + bytes(1000))
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
