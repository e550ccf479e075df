"""A photo's way through the local stack, from the upload of a signed-in person to recommendations."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.cloud import firestore

from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.adapters.firestore.people import FirestorePeople
from closetspace.bootstrap import open_store
from closetspace.domain.encoder.vectors import mean_vector
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.functions import instance
from closetspace_infra.local.person import CallFailed
from tests.support.journey import Journey, photo
from tests.support.waiting import eventually


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["id"] for item in answer["items"]]


def test_uploaded_photo_changes_the_recommendations(journey: Journey) -> None:
    person = journey.person()
    first = journey.add(person, 1, "Blue Denim Jeans")
    before = person.call("recommend", {"count": 10, "explore": 0})
    assert len(before["items"]) == 10
    assert {reason["itemId"] for item in before["items"] for reason in item["because"]} == {first}
    second = journey.add(person, 2, "Leather Handbag")
    after = person.call("recommend", {"count": 10, "explore": 0})
    assert ids(after) != ids(before)
    assert {reason["itemId"] for item in after["items"] for reason in item["because"]} == {first, second}
    journey.check_invariant(person, [first, second])


def test_item_without_photo_waits_for_it(journey: Journey) -> None:
    person, item_id = journey.person(), journey.new_id()
    journey.describe(person, item_id)
    journey.wait(person, item_id, "waiting_for_photo")
    person.upload(journey.path(person, item_id), photo(3))
    state = journey.wait(person, item_id)
    assert state["category"]
    assert state["colours"]


def test_reasons_never_name_another_persons_items(journey: Journey) -> None:
    ann, bob = journey.person(), journey.person()
    hers, his = journey.add(ann, 4), journey.add(bob, 5)
    for person, item_id in ((ann, hers), (bob, his)):
        answer = person.call("recommend", {})
        assert {reason["itemId"] for item in answer["items"] for reason in item["because"]} == {item_id}


def test_rename_embeds_once_more(journey: Journey) -> None:
    person = journey.person()
    item_id = journey.add(person, 6, "Shirt")
    journey.settle()
    old = journey.entries(person)[item_id]
    assert journey.embeddings_of(item_id) == 1
    journey.describe(person, item_id, "Red Woollen Scarf")
    eventually(lambda: journey.embeddings_of(item_id) == 2, "the renamed item to be embedded")
    journey.settle()
    assert journey.embeddings_of(item_id) == 2
    new = journey.entries(person)[item_id]
    assert not np.allclose(old.vector, new.vector, atol=1e-2)
    assert old.photo_hash == new.photo_hash
    journey.check_invariant(person, [item_id])


def test_replaced_photo_embeds_once_more(journey: Journey) -> None:
    person = journey.person()
    item_id = journey.add(person, 7)
    old = journey.entries(person)[item_id]
    person.upload(journey.path(person, item_id), photo(8))
    eventually(lambda: journey.embeddings_of(item_id) == 2, "the new photo to be embedded")
    journey.settle()
    new = journey.entries(person)[item_id]
    assert old.photo_hash != new.photo_hash
    assert not np.allclose(old.vector, new.vector, atol=1e-2)
    assert journey.embeddings_of(item_id) == 2


def test_deleted_item_leaves_no_data_and_changes_the_taste(journey: Journey) -> None:
    person = journey.person()
    kept, gone = journey.add(person, 9), journey.add(person, 10)
    journey.settle()
    person.delete(f"wardrobe/{gone}")
    journey.settle()
    assert person.read(f"item_state/{gone}") is None
    store = open_store(f"gs://{journey.stack.bucket}")
    assert not list(store.list(photo_folder(person.uid, gone)))
    assert list(store.list(photo_folder(person.uid, kept)))
    journey.check_invariant(person, [kept])
    taste = journey.taste(person)
    assert taste is not None
    np.testing.assert_allclose(taste.mean, journey.entries(person)[kept].vector, atol=1e-6)


def test_item_waits_after_its_photo_is_deleted(journey: Journey) -> None:
    person = journey.person()
    item_id = journey.add(person, 11)
    person.delete_photo(journey.path(person, item_id))
    journey.wait(person, item_id, "waiting_for_photo")
    journey.settle()
    assert not journey.closet(person).entries


def test_duplicate_events_give_the_same_closet(journey: Journey) -> None:
    person = journey.person()
    journey.stack.control.fault_plan(
        [
            {"match": {"eventType": kind}, "action": {"type": "duplicate", "count": 2}}
            for kind in (
                "google.cloud.firestore.document.v1.written",
                "google.cloud.storage.object.v1.finalized",
                "google.cloud.storage.object.v1.deleted",
            )
        ]
    )
    kept, renamed, gone = (journey.add(person, seed, "Shirt") for seed in (12, 13, 14))
    journey.describe(person, renamed, "Jeans")
    person.delete(f"wardrobe/{gone}")
    journey.settle()
    assert journey.stack.control.faults_fired()
    assert person.read(f"item_state/{gone}") is None
    journey.check_invariant(person, [kept, renamed])
    twin = journey.person()
    journey.stack.control.clear_faults()
    journey.add(twin, 12, "Shirt")
    journey.add(twin, 13, "Jeans")
    journey.settle()
    with_duplicates = mean_vector(np.array([e.vector for e in journey.entries(person).values()], np.float32))
    without = mean_vector(np.array([e.vector for e in journey.entries(twin).values()], np.float32))
    np.testing.assert_allclose(with_duplicates, without, atol=1e-3)


@pytest.mark.parametrize(
    "fault",
    [
        {"match": {"operation": "firestore.commit", "nth": 2}, "action": {"type": "returnError", "code": "ABORTED"}},
        {"match": {"operation": "firestore.commit", "nth": 2}, "action": {"type": "returnError", "code": "INTERNAL"}},
        {"match": {"operation": "firestore.commit", "nth": 3}, "action": {"type": "dropConnection"}},
        {"match": {"operation": "firestore.read", "nth": 2}, "action": {"type": "returnError", "code": "INTERNAL"}},
        {
            "match": {"operation": "firestore.beginTransaction", "nth": 1},
            "action": {"type": "returnError", "code": "ABORTED"},
        },
        {"match": {"operation": "storage.read", "nth": 1}, "action": {"type": "returnError", "code": "UNAVAILABLE"}},
        {
            "match": {"operation": "functions.invoke", "function": "item_written", "nth": 1},
            "action": {"type": "crashRunner"},
        },
    ],
    ids=[
        "commit aborted",
        "commit fails",
        "connection drops",
        "read fails",
        "begin aborted",
        "photo unreadable",
        "runner dies",
    ],
)
def test_fault_is_retried_and_the_item_settled(journey: Journey, fault: dict[str, Any]) -> None:
    person, item_id = journey.person(), journey.new_id()
    person.upload(journey.path(person, item_id), photo(15))
    journey.settle()
    journey.stack.control.fault_plan([fault])
    journey.describe(person, item_id)
    journey.settle()
    assert journey.stack.control.faults_fired(), "the fault did not happen"
    journey.wait(person, item_id)
    journey.check_invariant(person, [item_id])


def test_items_are_settled_after_the_functions_crash(journey: Journey) -> None:
    person = journey.person()
    items = [journey.new_id() for _ in range(12)]
    for number, item_id in enumerate(items):
        person.upload(journey.path(person, item_id), photo(20 + number))
        journey.describe(person, item_id)
    journey.stack.crash_functions()
    journey.settle()
    for item_id in items:
        journey.wait(person, item_id)
    journey.check_invariant(person, items)


def test_hundred_concurrent_photos_become_ready(journey: Journey) -> None:
    person = journey.person()
    items = [journey.new_id() for _ in range(100)]

    def add(number: int) -> None:
        if number % 2:
            journey.describe(person, items[number])
        person.upload(journey.path(person, items[number]), photo(100 + number))
        if not number % 2:
            journey.describe(person, items[number])

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add, range(100)))
    journey.settle()
    states = {state["status"] for item_id in items if (state := person.read(f"item_state/{item_id}"))}
    assert states == {"ready"}
    journey.check_invariant(person, items)


def test_sweeper_settles_an_item_without_events(journey: Journey) -> None:
    """The retries of its event have ended: its state is processing, and no event is pending."""
    person = journey.person()
    item_id = journey.add(person, 16)
    journey.settle()
    state = firestore.Client().document("item_state", item_id)
    long_ago = datetime.fromtimestamp(datetime.now(UTC).timestamp() - 1200, UTC)
    state.update({"status": "processing", "updated_at": long_ago})
    journey.stack.control.run_schedule("sweep")
    journey.wait(person, item_id)


def test_publishing_fails_no_concurrent_request(journey: Journey, drawn_catalog: Path) -> None:
    person = journey.person()
    journey.add(person, 17)
    store = open_store(f"gs://{journey.stack.bucket}")
    failures: list[Exception] = []
    versions: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                versions.append(person.call("recommend", {"count": 5})["index_version"])
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: versions, "the old version to answer")
        import_folder(store, drawn_catalog, lambda *_: None, limit=50)
        version = build_index(store, lambda *_: None).manifest.version
        IndexVersions(store).publish(version, datetime.now(UTC))
        eventually(lambda: versions and versions[-1] == version, "the new version to answer")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert len(set(versions)) == 2


@pytest.mark.parametrize(
    ("name", "data", "code", "details"),
    [
        ("recommend", {"count": 0}, "invalid-argument", {"field": "count"}),
        ("recommend", {"nonsense": 1}, "invalid-argument", {"field": "nonsense"}),
        ("recommend", {}, "failed-precondition", {"reason": "empty", "processing": 0, "waiting": 0, "failed": 0}),
        ("feedback", {"kind": "hate", "itemId": "1"}, "invalid-argument", {"field": "kind"}),
        ("feedback", {"itemId": "no such item", "kind": "like"}, "invalid-argument", {"field": "itemId"}),
    ],
)
def test_callable_reports_code_and_details_of_an_error(
    journey: Journey, name: str, data: dict[str, Any], code: str, details: dict[str, Any]
) -> None:
    with pytest.raises(CallFailed) as caught:
        journey.person().call(name, data)
    assert caught.value.code == code
    assert caught.value.details == details


@pytest.mark.parametrize("name", ["recommend", "feedback"])
def test_visitor_must_sign_in(journey: Journey, name: str) -> None:
    with pytest.raises(CallFailed) as caught:
        journey.visitor().call(name, {})
    assert caught.value.code == "unauthenticated"


def test_feedback_is_stored_for_its_person_until_it_is_cleared(journey: Journey) -> None:
    ann, bob = journey.person(), journey.person()
    journey.add(ann, 19)
    first, second = ids(ann.call("recommend", {"count": 2}))
    people = FirestorePeople(firestore.Client())
    for kind in ("like", "dismiss", "dismiss"):
        assert ann.call("feedback", {"itemId": first, "kind": kind}) == {"itemId": first, "kind": kind}
    ann.call("feedback", {"itemId": second, "kind": "own"})
    opinions = people.person(ann.uid).opinions
    assert {item_id: opinion.kind.value for item_id, opinion in opinions.items()} == {first: "dismiss", second: "own"}
    assert all(opinion.product for opinion in opinions.values())
    for _ in range(2):
        assert ann.call("feedback", {"itemId": first, "kind": "clear"}) == {"itemId": first, "kind": None}
    assert set(people.person(ann.uid).opinions) == {second}
    assert not people.person(bob.uid).opinions


def test_person_without_a_closet_can_give_feedback(journey: Journey) -> None:
    """This may be the first call of an instance, and the closet may be created later."""
    owner, person = journey.person(), journey.person()
    journey.add(owner, 19)
    (item_id,) = ids(owner.call("recommend", {"count": 1}))
    with instance(journey.stack.environment, "feedback", "http") as started:
        data = {"itemId": item_id, "kind": "like"}
        answer = started.first_answer(json={"data": data}, headers={"Authorization": f"Bearer {person.token}"})
    assert (answer.status_code, answer.json()) == (200, {"result": data})
    assert set(FirestorePeople(firestore.Client()).person(person.uid).opinions) == {item_id}


def test_new_instance_authenticates_its_first_request(journey: Journey) -> None:
    """No event has set up the SDK before."""
    person = journey.person()
    item_id = journey.add(person, 18)
    with instance(journey.stack.environment, "recommend", "http") as started:
        answer = started.first_answer(json={"data": {}}, headers={"Authorization": f"Bearer {person.token}"})
        assert answer.status_code == 200
        assert answer.json()["result"]["items"][0]["because"][0]["itemId"] == item_id
        refused = started.first_answer(json={"data": {}}, headers={"Authorization": "Bearer nonsense"})
        assert refused.status_code == 401
