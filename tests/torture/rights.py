"""Every collection and path, for owner, stranger and visitor: get, list, create, update, delete.

What a person may do with their own data is in the one list of personal data. Nobody else may do anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from closetspace.domain.person.personal_data import (
    COLLECTIONS,
    OBJECTS,
    Access,
    PersonalCollection,
    PersonalObjects,
)
from closetspace_infra.local.person import Person, Refused
from tests.support.journey import Journey, photo
from tests.torture.boundaries import check_boundaries
from tests.torture.rule_coverage import check_coverage
from tests.torture.trial import Context, Row, Timer, Verdict

ACTIONS = ("create", "get", "list", "update", "delete")
ELSEWHERE = (
    PersonalCollection("anything/{uid}", "A collection that no rule names.", Access.NONE),
    PersonalCollection("preferences/{uid}/deeper/{number}", "Below a document that its owner may write.", Access.NONE),
    PersonalCollection("closets/{uid}/shards/{number}/deeper/{number}", "Below a closet.", Access.NONE),
)
OTHER_OBJECTS = (
    PersonalObjects("users/{uid}/{file}", "Beside the wardrobe.", Access.NONE),
    PersonalObjects("users/{uid}/wardrobe/{itemId}/deeper/{file}", "Below an item.", Access.NONE),
    PersonalObjects("index/{file}", "The index.", Access.NONE),
    PersonalObjects("catalog/{file}", "The catalog.", Access.NONE),
    PersonalObjects("{file}", "The top of the bucket.", Access.NONE),
)


@dataclass(frozen=True)
class Right:
    """One action of one actor at one place, and whether it must be allowed."""

    place: str
    actor: str
    action: str
    allowed: bool

    def __str__(self) -> str:
        return f"{self.actor} may {'' if self.allowed else 'not '}{self.action} {self.place}"


def rights(context: Context) -> Iterator[Row]:
    """Try every right, then every limit of a field, then ask the emulator which expressions had only one value."""
    timer = Timer()
    tried = _try_documents(context.journey) | _try_objects(context.journey)
    collections, paths = len(COLLECTIONS) + len(ELSEWHERE), len(OBJECTS) + len(OTHER_OBJECTS)
    what = f"{len(ACTIONS)} actions of owner, stranger and visitor in {collections} collections and {paths} paths"
    yield timer.row(what, judge_rights(tried))
    yield timer.row("documents at and beyond each limit of a field", check_boundaries(context.journey))
    yield timer.row("conditions in `firestore.rules` that were true and false", check_coverage(context.journey))


def judge_rights(tried: Mapping[Right, bool]) -> Verdict:
    """Compare what was allowed with what must be."""
    lost = {str(right): "is refused" for right, allowed in tried.items() if right.allowed and not allowed}
    leaked = {str(right): "is allowed" for right, allowed in tried.items() if allowed and not right.allowed}
    return Verdict(len(tried), lost, leaked)


def may(place: PersonalCollection | PersonalObjects, action: str) -> bool:
    """Return whether a person may do this with their own data. A document with a known name needs no listing."""
    if place.access is Access.NONE or (place.access is Access.READ and action not in ("get", "list")):
        return False
    return action != "list" or (isinstance(place, PersonalCollection) and place.is_owned_by_field)


def _try_documents(journey: Journey) -> dict[Right, bool]:
    tried = {}
    for place in (*COLLECTIONS, *ELSEWHERE):
        owner = journey.person()
        item_id = journey.add(owner, 1) if place.is_owned_by_field else ""
        names = {"uid": owner.uid, "itemId": item_id, "number": "1"}
        for actor, person in _actors(journey, owner):
            for action in ACTIONS:
                allowed = _allowed(_on_document(journey, place, names, person, owner)[action])
                tried[Right(place.path, actor, action, actor == "owner" and may(place, action))] = allowed
    return tried


def _actors(journey: Journey, owner: Person) -> list[tuple[str, Person]]:
    """Return who tries, the owner last: what they may delete must be there for the others."""
    return [("stranger", journey.person()), ("visitor", journey.visitor()), ("owner", owner)]


def _on_document(
    journey: Journey, place: PersonalCollection, names: Mapping[str, str], person: Person, owner: Person
) -> dict[str, Callable[[], object]]:
    path = place.path.format(**names)
    new = place.path.format(**{**names, "itemId": journey.new_id()})
    fields = {"uid": owner.uid, "name": "Shirt"} if place.is_owned_by_field else {"mix": 0.5}
    return {
        "create": lambda: person.write(new, fields),
        "get": lambda: person.read(path),
        "list": lambda: person.query(place.path.split("/")[0], owner.uid),
        "update": lambda: person.write(path, fields | {"brand": "Stussy"}),
        "delete": lambda: person.delete(path),
    }


def _try_objects(journey: Journey) -> dict[Right, bool]:
    tried = {}
    for place in (*OBJECTS, *OTHER_OBJECTS):
        owner = journey.person()
        item_id = journey.add(owner, 1)
        names = {"uid": owner.uid, "itemId": item_id, "file": "photo.jpg"}
        for actor, person in _actors(journey, owner):
            for action in ACTIONS:
                if action == "list" and actor == "owner" and "{uid}" in place.path:
                    continue  # nobody relies on it, and it shows the owner what is theirs
                allowed = _allowed(_on_object(place, names, person)[action])
                tried[Right(place.path, actor, action, actor == "owner" and may(place, action))] = allowed
    return tried


def _on_object(place: PersonalObjects, names: Mapping[str, str], person: Person) -> dict[str, Callable[[], object]]:
    path = place.path.format(**names)
    return {
        "create": lambda: person.upload(place.path.format(**{**names, "file": "another.jpg"}), photo(1)),
        "get": lambda: person.download(path),
        "list": lambda: _list(person, path.rpartition("/")[0]),
        "update": lambda: person.upload(path, photo(2)),
        "delete": lambda: person.delete_photo(path),
    }


def _list(person: Person, folder: str) -> None:
    prefix = quote(f"{folder}/" if folder else "", safe="")
    url = f"http://{person.backend.storage}/v0/b/{person.backend.bucket}/o?delimiter=%2F&prefix={prefix}"
    headers = {"Authorization": f"Firebase {person.token}"} if person.token else {}
    answer = person.http.get(url, headers=headers)
    if answer.is_error:
        raise Refused(answer)


def _allowed(action: Callable[[], object]) -> bool:
    """Return whether the rules let an action pass; that nothing is there (404) comes after them."""
    try:
        action()
    except Refused as refused:
        return refused.status not in (401, 403)
    return True
