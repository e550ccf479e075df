"""The example app in Chromium with the local stack: each test lives through a chapter of examples/react/tests."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.cloud import firestore

from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.demo.run import fill_catalog
from catalog_jobs.processes.logs import Log
from closetspace.adapters.firestore.people import FirestorePeople
from closetspace_infra.local import example_app
from closetspace_infra.local.frontend import FrontendSetup
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack
from tests.conftest import ignore_progress
from tests.support.browser import FLAGS
from tests.support.journey import Journey
from tests.support.phone_photos import write_broken_photo, write_phone_photos
from tests.support.waiting import HANG_SECONDS, eventually

CHAPTERS = example_app.FOLDER / "tests" / "run.mjs"
PASSWORD = "a password"
ITEMS = 120
"""Products of the catalog: enough for several pages."""


@dataclass(frozen=True)
class Files:
    """What people choose to upload."""

    large: list[Path]
    small: list[Path]
    broken: Path
    text: Path


@pytest.fixture(scope="module")
def chromium(installed: None, app_installed: None) -> str:
    """The browser's program. Skips if it is not installed."""
    return shutil.which("chromium") or pytest.skip("Chromium is not installed")


@pytest.fixture(scope="module")
def files(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("photos")
    large = write_phone_photos(folder)
    (text := folder / "text.jpg").write_text("no photo")
    small = sorted(path for path in (folder / "small").iterdir() if path.suffix in {".jpg", ".png", ".webp"})
    return Files(large, small, write_broken_photo(large[0], folder / "broken.jpg"), text)


@pytest.fixture(scope="module")
def shop(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """A stack with a catalog of several pages, to which this process's clients are connected."""
    catalog = tmp_path_factory.mktemp("catalog")
    draw_catalog(catalog, items=ITEMS)
    lines: list[str] = []
    with LocalStack(log=lines.append) as stack, pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        fill_catalog(catalog, stack.bucket, ignore_progress, ignore_progress)
        yield Journey(stack, lines)


@pytest.fixture(scope="module")
def url(shop: Journey) -> Iterator[str]:
    """The URL of the app, built for the stack."""
    stack = shop.stack
    setup = FrontendSetup(stack.firebase_config, stack.addresses, stack.region)
    with example_app.ExampleApp(setup.variables("VITE_"), log=Log(None)) as app:
        yield app.serve()


Live = Callable[..., Any]


@pytest.fixture
def live(shop: Journey, url: str, chromium: str, files: Files) -> Iterator[Live]:
    """Return a function that lives through a chapter with the given options, and returns what was seen."""
    place = {
        "url": url,
        "chromium": chromium,
        "flags": FLAGS,
        "photos": [str(path) for path in files.large],
        "small": [str(path) for path in files.small],
        "broken": str(files.broken),
        "text": str(files.text),
        "email": new_email(),
        "config": shop.stack.firebase_config,
        "addresses": asdict(shop.stack.addresses),
        "region": shop.stack.region,
    }

    def run(chapter: str, **options: Any) -> Any:
        command = ["node", str(CHAPTERS), chapter, json.dumps(place | options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    yield run
    shop.stack.control.clear_faults()


def new_email() -> str:
    return f"{uuid4().hex}@closetspace.example"


@dataclass(frozen=True)
class Owner:
    """A person with an account and perhaps a wardrobe."""

    email: str
    person: Person
    items: list[str]


@pytest.fixture
def owner_of(shop: Journey, files: Files) -> Callable[[int], Owner]:
    """Return a function that signs a person up with so many ready items."""

    def create(count: int) -> Owner:
        person = Person.sign_up(shop.stack.backend, email := new_email(), PASSWORD)
        items = [shop.new_id() for _ in range(count)]
        for number, item_id in enumerate(items):
            photo = files.small[number % len(files.small)]
            person.upload(shop.path(person, item_id, photo.name), photo.read_bytes())
            shop.describe(person, item_id, file=photo.name)
        for item_id in items:
            shop.wait(person, item_id)
        return Owner(email, person, items)

    return create


OwnerOf = Callable[[int], Owner]


def test_person_signs_up_out_and_in(live: Live) -> None:
    live("signingIn")


def test_two_people_add_large_photos_and_see_only_their_own(live: Live, owner_of: OwnerOf) -> None:
    live("uploading", anna=owner_of(0).email, ben=owner_of(0).email)


def test_item_is_renamed_gets_another_photo_and_is_removed(live: Live, owner_of: OwnerOf) -> None:
    live("keeping", anna=owner_of(1).email)


def test_correction_reaches_the_server_and_is_taken_back(live: Live, owner_of: OwnerOf) -> None:
    owner = owner_of(1)

    def seen() -> tuple[Any, Any]:
        state = owner.person.read(f"item_state/{owner.items[0]}") or {}
        return state.get("category"), state.get("colours")

    predicted = seen()
    live("correcting", anna=owner.email, category="Shoes", colours=["Red"])
    eventually(lambda: seen() == ("Shoes", ["red"]), "the correction")
    live("correcting", anna=owner.email, category=None, colours=[])
    eventually(lambda: seen() == predicted, "what was predicted")


def test_saving_keeps_corrections_that_the_catalog_does_not_list(live: Live, owner_of: OwnerOf) -> None:
    owner = owner_of(1)
    place, own = f"wardrobe/{owner.items[0]}", {"category": "Kilts", "colours": ["RED", "Tartan"], "gender": "men"}
    before = owner.person.read(place) or {}
    owner.person.write(place, before | own)
    live("saving", anna=owner.email)
    saved = owner.person.read(place) or {}
    assert {name: saved[name] for name in own} == {"category": "Kilts", "colours": ["Red", "Tartan"], "gender": "Men"}


def test_recommendations_scroll_to_the_end_and_follow_filters(live: Live, owner_of: OwnerOf) -> None:
    live("browsing", anna=owner_of(10).email)


def test_opinions_are_stored_and_undone(live: Live, owner_of: OwnerOf, shop: Journey) -> None:
    owner = owner_of(3)
    judged = live("judging", anna=owner.email)
    opinions = FirestorePeople(firestore.Client()).person(owner.person.uid).opinions
    assert {opinion.kind.value: item for item, opinion in opinions.items()} == judged


def test_wardrobe_that_is_empty_busy_or_unusable_says_so(live: Live) -> None:
    live("waiting")


def test_person_takes_their_data_and_leaves(live: Live, owner_of: OwnerOf, shop: Journey) -> None:
    owner = owner_of(1)
    live("leaving", anna=owner.email)
    shop.settle()
    assert Person.sign_up(shop.stack.backend, owner.email, PASSWORD).uid != owner.person.uid


def test_nothing_is_lost_without_a_network(live: Live, owner_of: OwnerOf) -> None:
    live("offline", anna=owner_of(1).email)


def test_screens_are_accessible_on_phones_and_desktops_in_light_and_dark(live: Live, owner_of: OwnerOf) -> None:
    live("looking", anna=owner_of(3).email)


def test_pages_load_few_bytes_in_few_round_trips(live: Live, owner_of: OwnerOf) -> None:
    print(json.dumps(live("loading", anna=owner_of(10).email, items=10), indent=2))
