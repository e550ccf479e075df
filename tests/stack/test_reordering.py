"""Late, reordered and repeated events with outdated payloads, sent to the functions directly."""

import random
from collections.abc import Callable

import pytest

from closetspace_infra.local.person import Person, Refused
from tests.support.events import Event, deliver, item_event
from tests.support.journey import Journey, photo


def handle(journey: Journey, event: Event) -> None:
    answer = deliver(journey, event)
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
        handle(journey, event)
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
