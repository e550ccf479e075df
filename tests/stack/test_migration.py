"""The migration to another encoder while people use the stack."""

import json
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.cloud import firestore

from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.adapters.encoder.files import encoder_directory
from closetspace.adapters.firestore.queries import paged
from closetspace.bootstrap import encoder_id, load_encoder, open_store, photo_decoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack
from tests.conftest import ignore_progress
from tests.support.journey import Journey, photo
from tests.support.waiting import HANG_SECONDS, eventually

CLOSETSPACE = str(Path(sys.executable).parent / "closetspace")
NAMES = ("Blue Denim Jeans", "Leather Handbag", "Red Woollen Scarf", "White Shirt")


@dataclass
class Load:
    """People who use the system during the migration, and what they got."""

    journey: Journey
    faults: list[BaseException] = field(default_factory=list)
    answers: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    asked: int = 0
    kept: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, person: Person, items: list[str]) -> None:
        """Request recommendations for an unchanged wardrobe, which depend only on the index's version."""
        answer = person.call("recommend", {"count": 10, "explore": 0, "seed": 1})
        self.answers[person.uid][answer["index_version"]].add(json.dumps(answer["items"]))
        self.asked += 1
        following = person.call("recommend", {"count": 10, "explore": 0, "cursor": answer["cursor"]})
        shown = [item["id"] for page in (answer, following) for item in page["items"]]
        assert len(shown) == len(set(shown)), "a page repeats an item of an earlier page"
        states = [person.read(f"item_state/{item_id}") for item_id in items]
        assert {state and state["status"] for state in states} == {"ready"}
        assert set(self.journey.closet(person).entries) == set(items)

    def live(self, person: Person, number: int) -> None:
        """Add an item, change another, delete a third, and request recommendations."""
        items = self.kept[person.uid]
        item_id = self.journey.new_id()
        person.upload(self.journey.path(person, item_id), photo(1000 + number))
        self.journey.describe(person, item_id, NAMES[number % len(NAMES)], brand="Arket")
        items.append(item_id)
        self.journey.describe(person, items[0], NAMES[(number + 1) % len(NAMES)], brand="Arket")
        if number % 2 and len(items) > 4:
            person.delete(f"wardrobe/{items.pop(2)}")
        if number % 3 == 0:
            person.upload(self.journey.path(person, items[1]), photo(2000 + number))
        answer = person.call("recommend", {"count": 5})
        assert answer["items"]
        self.asked += 1
        time.sleep(0.2)

    @contextmanager
    def going_on(self, *loops: Callable[[int], None]) -> Iterator[None]:
        threads = [threading.Thread(target=self._repeat, args=(loop,)) for loop in loops]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _repeat(self, loop: Callable[[int], None]) -> None:
        number = 0
        while not self._stop.is_set():
            try:
                loop(number)
            except BaseException as fault:
                self.faults.append(fault)
            number += 1


@pytest.fixture
def running(installed: None, drawn_catalog: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """A stack of its own, with an index of the old encoder, since the migration changes everything in it."""
    monkeypatch.setenv("ENCODER", "fashion-1")
    lines: list[str] = []
    with LocalStack(log=lines.append) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        store = open_store(f"gs://{stack.bucket}")
        import_folder(store, drawn_catalog, ignore_progress)
        IndexVersions(store).publish(build_index(store, ignore_progress).manifest.version, datetime.now(UTC))
        yield Journey(stack, lines)


def command(journey: Journey, to: Path, *options: str) -> list[str]:
    store = f"gs://{journey.stack.bucket}"
    return [CLOSETSPACE, "encoder", "migrate", "--store", store, "--to", str(to), "--json", *options]


def migrate(journey: Journey, to: Path, *options: str) -> dict[str, Any]:
    done = subprocess.run(command(journey, to, *options), capture_output=True, text=True, timeout=HANG_SECONDS)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def encoders_of_states() -> list[str]:
    states = firestore.Client().collection("item_state").order_by("__name__")
    return [snapshot.get("encoder") for snapshot in paged(states)]


def named_person(journey: Journey, first_seed: int, items: int) -> tuple[Person, list[str]]:
    """Return a person whose items have names and brands, which the encoders read differently."""
    person, ids = journey.person(), [journey.new_id() for _ in range(items)]
    for number, item_id in enumerate(ids):
        person.upload(journey.path(person, item_id), photo(first_seed + number))
        journey.describe(person, item_id, NAMES[number % len(NAMES)], brand="Stussy")
    for item_id in ids:
        journey.wait(person, item_id)
    return person, ids


def expected_vectors(person: Person, ids: list[str], encoder: Path) -> np.ndarray:
    """Return the encoder's vectors of the person's items."""
    settings = replace(Settings(), encoder=str(encoder))
    store, decode, garments = open_store(f"gs://{person.backend.bucket}"), photo_decoder(settings), []
    for item_id in sorted(ids):
        item = person.read(f"wardrobe/{item_id}") or {}
        data = store.read(f"{photo_folder(person.uid, item_id)}photo.jpg")
        garments.append(Garment(decode(data), item["name"], item["brand"]))
    return np.array([encoding.vector for encoding in load_encoder(settings).encode(garments)])


def test_migration_under_load_fails_no_request_and_mixes_no_encoders(running: Journey) -> None:
    first, second = "fashion-1", encoder_directory(Settings().encoder)
    old, new = (encoder_id(replace(Settings(), encoder=str(name))) for name in (first, second))
    versions = IndexVersions(open_store(f"gs://{running.stack.bucket}"))
    before = versions.current()
    watched = [named_person(running, 10 * (number + 1), 4) for number in range(2)]
    lively, items = named_person(running, 50, 4)
    load = Load(running)
    load.kept[lively.uid] = items

    with load.going_on(
        lambda _: load.watch(*watched[0]), lambda _: load.watch(*watched[1]), lambda number: load.live(lively, number)
    ):
        assert migrate(running, second)["phases"] == ["prepare"]
        running.stack.redeploy_functions({"ENCODER": str(second)})

        with subprocess.Popen(command(running, second, "--rate", "3"), stderr=subprocess.DEVNULL) as moving:
            try:
                eventually(lambda: encoders_of_states().count(new) >= 3, "some items to be embedded again")
            finally:
                moving.kill()
        assert old in encoders_of_states(), "killed before its end"
        current = versions.current()
        assert current is not None
        assert before is not None
        assert current.version == before.version, "nothing is switched while items are left"

        done = migrate(running, second, "--rate", "100")
        assert (done["phases"], done["failed"], done["remaining"]) == (["move", "switch", "clean"], 0, [])
        asked = load.asked
        eventually(lambda: load.asked > asked + 10, "requests after the migration")
    assert not load.faults, load.faults[:3]
    running.settle()

    for person, _ in watched:
        by_version = load.answers[person.uid]
        assert set(by_version) == {before.version, done["index_version"]}
        assert [len(answers) for answers in by_version.values()] == [1, 1], "an answer mixes two encoders"
        assert by_version[before.version] != by_version[done["index_version"]]
    assert set(encoders_of_states()) == {new}
    for person, ids in (*watched, (lively, load.kept[lively.uid])):
        closet = running.closet(person)
        assert {encoder for entries in closet.entries.values() for encoder in entries} == {new}
        np.testing.assert_allclose(closet.arrays(new).vectors, expected_vectors(person, ids, second), atol=2e-3)
        running.check_invariant(person, ids)
        taste = running.taste(person)
        assert taste is not None
        assert taste.encoder == new
    after = versions.current()
    assert after is not None
    assert (after.version, after.candidate) == (done["index_version"], None)
    assert migrate(running, second)["phases"] == []
