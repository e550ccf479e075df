"""Leaving: what a whole life leaves in Firebase, how it is exported, and that its deletion leaves nothing."""

import base64
import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import firebase_admin
import pytest
from google.cloud import firestore
from typer.testing import CliRunner, Result

from catalog_jobs.cli.app import app
from closetspace.bootstrap import open_store
from closetspace.domain.person.personal_data import COLLECTIONS, MARKS, OBJECTS
from closetspace_infra.local.person import CallFailed, Person, Refused
from tests.support.journey import Journey, photo
from tests.support.leaving import unzip
from tests.support.traces import entry_of, traces
from tests.support.waiting import eventually


def live(journey: Journey, person: Person, seed: int) -> list[str]:
    """Let a person do everything that leaves data, and return their items."""
    items = [journey.add(person, seed, "Blue Denim Jeans"), journey.add(person, seed + 1, "Red Shirt")]
    person.write(f"preferences/{person.uid}", {"gender": "Women"})
    (first,) = person.call("recommend", {"count": 1})["items"]
    person.call("feedback", {"itemId": first["id"], "kind": "like"})
    person.call("exportMyData", {})
    eventually(lambda: (person.read(f"exports/{person.uid}") or {}).get("status") == "ready", "the export")
    journey.settle()
    return items


def signed_in_long_ago(person: Person) -> Person:
    """Return the person with a token of a sign-in an hour ago; the local Firebase signs no tokens."""
    header, payload, _ = person.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["auth_time"] -= 3600
    header, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "typ": "JWT"}, claims)
    )
    return replace(person, token=f"{header}.{payload}.")


def failure(person: Person, name: str, data: Any = None) -> tuple[str, Any]:
    with pytest.raises(CallFailed) as caught:
        person.call(name, data or {})
    return caught.value.code, caught.value.details


def places(paths: set[str]) -> set[str]:
    """Return where paths are in the list of personal data; those that it lacks as they are."""
    return {entry.path if (entry := entry_of(path)) else f"not in the list: {path}" for path in paths}


def test_export_and_deletion_cover_all_that_a_life_leaves(journey: Journey) -> None:
    person, other = journey.person(), journey.person()
    bucket = journey.stack.bucket
    items = live(journey, person, 50)
    journey.add(other, 50, "Blue Denim Jeans")
    journey.settle()
    shards = {entry.path for entry in COLLECTIONS if "shards" in entry.path}
    assert places(traces(person.uid, bucket)) == {e.path for e in (*COLLECTIONS, *OBJECTS)} - shards - {MARKS.path}
    others = traces(other.uid, bucket)

    path = person.call("exportMyData", {})["path"]
    files = unzip(person.download(path))
    assert {f"photos/{item_id}/photo.jpg" for item_id in items} < set(files)
    assert files[f"photos/{items[0]}/photo.jpg"] == photo(50)
    assert {item["id"] for item in files["items.json"]} == {state["id"] for state in files["states.json"]} == set(items)
    assert files["inferred.json"]["items"] == 2
    assert files["preferences.json"][0]["gender"] == "Women"
    for stranger in (other, journey.visitor()):
        with pytest.raises(Refused):
            stranger.download(path)
        with pytest.raises(Refused):
            stranger.read(f"exports/{person.uid}")

    assert failure(signed_in_long_ago(person), "deleteAccount") == (
        "failed-precondition",
        {"reason": "recent_login_required"},
    )
    for _ in range(2):
        assert person.call("deleteAccount", {}) == {"status": "deleting"}
    journey.settle()
    mark = f"account_deletions/{person.uid}"
    journey.stack.control.run_schedule("sweep")
    journey.settle()
    assert traces(person.uid, bucket) == {mark}
    assert traces(other.uid, bucket) == others

    refused = ("failed-precondition", {"reason": "account_deleted"})
    assert [failure(person, name) for name in ("recommend", "exportMyData")] == [refused] * 2
    # In production the token is valid for up to an hour; the local rules take none of an account that is gone.
    client, late = firestore.Client(), journey.path(person, items[0])
    open_store(f"gs://{bucket}").write(late, photo(52))
    client.document("wardrobe", items[0]).set({"uid": person.uid, "name": "Late", "photo_path": late})
    client.document("preferences", person.uid).set({"gender": "Women"})
    journey.settle()
    assert journey.embeddings_of(items[0]) == 1
    journey.stack.control.run_schedule("sweep")
    journey.settle()
    assert traces(person.uid, bucket) == {mark}

    long_ago = datetime.now(UTC) - timedelta(hours=49)
    client.document(mark).update({"finished_at": long_ago})
    journey.stack.control.run_schedule("sweep")
    journey.settle()
    assert traces(person.uid, bucket) == set()


FAULTS = (
    ("firestore.commit", 10, "ABORTED"),
    ("firestore.commit", 20, "INTERNAL"),
    ("firestore.read", 20, "INTERNAL"),
    ("storage.delete", 2, "INTERNAL"),
    ("storage.list", 1, "INTERNAL"),
)


def test_deletion_in_a_burst_of_uploads_survives_faults_and_a_crash(journey: Journey) -> None:
    """What is refused after the account is gone was never there."""
    person, other = journey.person(), journey.person()
    kept = journey.add(other, 54)
    items = [journey.new_id() for _ in range(12)]
    journey.stack.control.fault_plan(
        [
            {"match": {"operation": operation, "nth": nth}, "action": {"type": "returnError", "code": code}}
            for operation, nth, code in FAULTS
        ]
    )

    def add(number: int) -> None:
        if number == 6:
            person.call("deleteAccount", {})
        with suppress(Refused):
            person.upload(journey.path(person, items[number]), photo(60 + number))
            journey.describe(person, items[number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(len(items))))
    journey.stack.crash_functions()
    journey.settle()
    journey.stack.control.run_schedule("sweep")
    journey.settle()
    assert journey.stack.control.faults_fired()
    assert traces(person.uid, journey.stack.bucket) == {f"account_deletions/{person.uid}"}
    journey.check_invariant(other, [kept])


def account(*arguments: str, answer: str = "") -> Result:
    """Run ``closetspace account`` as an operator does."""
    return CliRunner().invoke(app, ["account", *arguments], input=answer)


@pytest.fixture
def no_app_is_left() -> Iterator[None]:
    """Delete the SDK's app afterwards, which keeps the address of Authentication."""
    yield
    firebase_admin.delete_app(firebase_admin.get_app())


@pytest.mark.usefixtures("no_app_is_left")
def test_operator_exports_and_deletes_an_account_that_the_console_has_deleted(journey: Journey, tmp_path: Path) -> None:
    person = journey.person()
    item_id = journey.add(person, 56)
    journey.settle()
    before = traces(person.uid, journey.stack.bucket)

    file = tmp_path / "data.zip"
    exported = account("export", person.uid, "--output", str(file))
    assert exported.exit_code == 0, exported.stderr
    assert unzip(file.read_bytes())[f"photos/{item_id}/photo.jpg"] == photo(56)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    nobody = account("export", "nobody", "--output", str(tmp_path / "none.zip"))
    assert (nobody.exit_code, "no data" in nobody.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == [file]

    declined = account("delete", person.uid, answer="n\n")
    assert declined.exit_code == 1
    assert "1 wardrobe/{itemId}" in declined.stderr
    assert traces(person.uid, journey.stack.bucket) == before

    http = person.http.post(
        f"http://{journey.stack.backend.auth}/identitytoolkit.googleapis.com/v1/accounts:delete?key=local",
        json={"idToken": person.token},
    )
    assert http.status_code == 200
    deleted = account("delete", person.uid, "--yes", "--json")
    assert deleted.exit_code == 0, deleted.stderr
    assert json.loads(deleted.stdout)["uid"] == person.uid
    journey.settle()
    journey.stack.control.run_schedule("sweep")
    journey.settle()
    assert traces(person.uid, journey.stack.bucket) == {f"account_deletions/{person.uid}"}


@pytest.mark.parametrize("name", ["deleteAccount", "exportMyData"])
def test_visitor_must_sign_in_and_nobody_names_another_account(journey: Journey, name: str) -> None:
    assert failure(journey.visitor(), name)[0] == "unauthenticated"
    assert failure(journey.person(), name, {"uid": "somebody"}) == ("invalid-argument", {"field": "uid"})
