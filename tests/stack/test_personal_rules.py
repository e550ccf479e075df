"""The Security Rules over the list of personal data: each entry by owner, stranger and visitor, by each operation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from google.cloud import firestore

from closetspace.bootstrap import open_store
from closetspace.domain.person.personal_data import (
    COLLECTIONS,
    OBJECTS,
    WARDROBE,
    Access,
    PersonalCollection,
    PersonalObjects,
)
from closetspace_infra.local.person import Person, Refused
from closetspace_infra.local.stack import LocalStack

OWNER, STRANGER, VISITOR = "owner", "stranger", "visitor"


@dataclass(frozen=True)
class People:
    """An owner of data, and those who have none of it."""

    owner: Person
    others: dict[str, Person]


@pytest.fixture
def people(firebase: LocalStack) -> People:
    def sign_up() -> Person:
        return Person.sign_up(firebase.backend, f"{uuid4().hex}@example.org", "a password")

    return People(sign_up(), {STRANGER: sign_up(), VISITOR: Person(firebase.backend)})


def refusals(
    people: People, operations: dict[str, Callable[[Person], object]], reset: Callable[[], object]
) -> set[str]:
    """Return which operations of whom are refused, as ``who operation``."""
    refused = set()
    for who, person in {**people.others, OWNER: people.owner}.items():
        for name, operation in operations.items():
            reset()
            try:
                operation(person)
            except Refused as error:
                if error.status not in (401, 403):
                    raise
                refused.add(f"{who} {name}")
    return refused


@pytest.mark.parametrize("entry", COLLECTIONS, ids=lambda entry: entry.path)
def test_documents_are_open_to_their_owner_as_listed_and_to_nobody_else(
    people: People, entry: PersonalCollection
) -> None:
    uid, client = people.owner.uid, firestore.Client()
    there, new = (entry.path.format(uid=uid, itemId=f"{name}-{uid}", number=name) for name in ("1", "2"))
    fields: dict[str, Any] = {"uid": uid, "name": "Shirt"}

    def create(person: Person) -> None:
        client.document(new).delete()
        person.write(new, fields)

    operations: dict[str, Callable[[Person], object]] = {
        "get": lambda person: person.read(there),
        "create": create,
        "list": lambda person: person.query(entry.parent.split("/")[0], uid),
        "update": lambda person: person.write(there, fields | {"name": "Jeans"}),
        "delete": lambda person: person.delete(there),
    }
    allowed = {
        Access.WRITE: {"get", "create", "update", "delete"},
        Access.READ: {"get"},
        Access.NONE: set(),
    }[entry.access]
    # Only documents that are found by their field can be listed.
    allowed |= {"list"} if entry.is_owned_by_field and entry.access is not Access.NONE else set()
    everything = {f"{who} {name}" for who in (OWNER, STRANGER, VISITOR) for name in operations}
    refused = refusals(people, operations, lambda: client.document(there).set(fields))
    assert refused == everything - {f"{OWNER} {name}" for name in allowed}


def test_nobody_gives_their_own_item_to_another_person(people: People) -> None:
    path = WARDROBE.path.format(itemId=f"gift-{uuid4().hex}")
    for receiver, giver in ((people.owner, people.others[STRANGER]), (people.others[STRANGER], people.owner)):
        with pytest.raises(Refused):
            giver.write(path, {"uid": receiver.uid, "name": "A gift"})


@pytest.mark.parametrize("entry", OBJECTS, ids=lambda entry: entry.path)
def test_objects_are_open_to_their_owner_as_listed_and_to_nobody_else(
    firebase: LocalStack, people: People, entry: PersonalObjects
) -> None:
    store = open_store(f"gs://{firebase.bucket}")
    there, new = (entry.path.format(uid=people.owner.uid, itemId="shirt", file=f"{n}.jpg") for n in (1, 2))

    def reset() -> None:
        store.write(there, b"a photo")
        store.delete(new)

    operations: dict[str, Callable[[Person], object]] = {
        "get": lambda person: person.download(there),
        "create": lambda person: person.upload(new, b"a photo"),
        "update": lambda person: person.upload(there, b"another photo"),
        "delete": lambda person: person.delete_photo(there),
    }
    allowed = set(operations) if entry.access is Access.WRITE else {"get"}
    everything = {f"{who} {name}" for who in (OWNER, STRANGER, VISITOR) for name in operations}
    assert refusals(people, operations, reset) == everything - {f"{OWNER} {name}" for name in allowed}
