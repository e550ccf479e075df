"""Late, reordered and repeated events with outdated payloads, sent to the functions directly."""

import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from closetspace_infra.local.person import Person, Refused
from tests.support.journey import Journey, photo
from tests.support.waiting import HANG_SECONDS

Event = dict[str, Any]


def item_event(journey: Journey, item_id: str, before: dict[str, str] | None, after: dict[str, str] | None) -> Event:
    """Return a Firestore event in the local Firebase's format, with earlier versions of documents."""
    stack = journey.stack
    name = f"projects/{stack.project}/databases/(default)/documents/wardrobe/{item_id}"

    def document(fields: dict[str, str] | None) -> Event:
        if fields is None:
            return {}
        values = {key: {"stringValue": value} for key, value in fields.items()}
        stamp = "2026-01-01T00:00:00.000000Z"
        return {"name": name, "fields": values, "createTime": stamp, "updateTime": stamp}

    return {
        "specversion": "1.0",
        "id": f"{item_id}-{random.random()}",
        "type": "google.cloud.firestore.document.v1.written",
        "source": f"//firestore.googleapis.com/projects/{stack.project}/databases/(default)",
        "subject": f"documents/wardrobe/{item_id}",
        "time": "2026-01-01T00:00:00.000000Z",
        "project": stack.project,
        "database": "(default)",
        "namespace": "(default)",
        "document": f"wardrobe/{item_id}",
        "location": "us-central1",
        "data": {"value": document(after), "oldValue": document(before)},
    }


def deliver(journey: Journey, event: Event) -> None:
    answer = httpx.post(
        f"http://{journey.stack.addresses.functions}/events/item_written",
        json=event,
        headers={"Content-Type": "application/cloudevents+json"},
        timeout=HANG_SECONDS,
    )
    assert answer.status_code == 204, answer.text


@pytest.fixture
def history(journey: Journey) -> tuple[Person, dict[str, str], list[Event]]:
    """Rename an item, delete one, delete and create another again; return the person, the items and all events."""
    person = journey.person()
    items = {what: journey.new_id() for what in ("renamed", "deleted", "remade")}
    events: list[Event] = []
    for what, item_id in items.items():
        journey.add(person, 60, "Old name", item_id)
        old = {"uid": person.uid, "name": "Old name", "photo_path": journey.path(person, item_id)}
        new = old | {"name": "New name"}
        events.append(item_event(journey, item_id, None, old))
        if what == "renamed":
            journey.describe(person, item_id, "New name")
            events.append(item_event(journey, item_id, old, new))
            continue
        person.delete(f"wardrobe/{item_id}")
        events.append(item_event(journey, item_id, old, None))
        if what == "remade":
            journey.settle()
            person.upload(journey.path(person, item_id), photo(61))
            journey.describe(person, item_id, "New name")
            events.append(item_event(journey, item_id, None, new))
    journey.settle()
    return person, items, events


@pytest.mark.parametrize(
    "order",
    [
        lambda events: list(reversed(events)),
        lambda events: events * 3,
        lambda events: random.Random(1).sample(events * 2, len(events) * 2),
        lambda events: [event for event in events if event["data"]["value"] == {}] * 2,
    ],
    ids=["backwards", "thrice", "shuffled twice", "only the deletions, late"],
)
def test_late_reordered_and_repeated_events_change_nothing(
    journey: Journey,
    history: tuple[Person, dict[str, str], list[Event]],
    order: Callable[[list[Event]], list[Event]],
) -> None:
    person, items, events = history
    before = journey.closet(person)
    assert set(before.entries) == {items["renamed"], items["remade"]}
    embedded = sum(journey.embeddings_of(item_id) for item_id in items.values())
    for event in order(events):
        deliver(journey, event)
    after = journey.closet(person)
    assert after.version == before.version
    assert sum(journey.embeddings_of(item_id) for item_id in items.values()) == embedded
    assert person.read(f"item_state/{items['deleted']}") is None
    assert person.download(journey.path(person, items["remade"])) == photo(61)
    journey.check_invariant(person, before.entries)


def test_id_that_another_person_takes_while_the_deletion_travels_keeps_no_photo_of_the_first(journey: Journey) -> None:
    first, second = journey.person(), journey.person()
    for number in range(3):
        item_id = journey.add(first, 62 + number)
        first.delete(f"wardrobe/{item_id}")
        second.upload(journey.path(second, item_id), photo(65))
        journey.describe(second, item_id)
        journey.settle()
        with pytest.raises(Refused) as caught:
            first.download(journey.path(first, item_id))
        assert caught.value.status == 404
        assert second.download(journey.path(second, item_id)) == photo(65)
        assert set(journey.entries(second)) >= {item_id}
    assert not journey.closet(first).entries
