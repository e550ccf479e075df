"""Documents at and beyond each limit of the Security Rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from closetspace_infra.local.person import Person, Refused
from tests.support.journey import Journey
from tests.torture.trial import Verdict

ITEM_TEXTS = {
    "name": 300,
    "brand": 100,
    "public_id": 500,
    "secure_url": 2000,
    "category": 100,
    "gender": 100,
    "usage": 100,
}
PREFERENCE_TEXTS = {"gender": 100}
"""Characters of a text."""
ITEM_LISTS = {"colours": 3}
PREFERENCE_LISTS = {"usage": 100, "colours": 100, "brands_out": 100}
"""Names in a list, with a hundred characters each."""
SHARES = ("explore", "serendipity", "mix")
MAX_FIELDS, MAX_PREFERENCES = 50, 20
SERVER_FIELDS = (
    "items",
    "last_shard",
    "format",
    "encoder",
    "mean",
    "interests",
    "worn",
    "closet_version",
    "lists",
    "recent",
)
"""Fields of other documents, which preferences must not have."""

ANY_ITEM = "item-000000000000"
"""Stands for an item's id in fields; it has the same length."""

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Boundary:
    """Fields of a document, and whether the rules must take it."""

    fields: Fields
    allowed: bool


def text_boundaries(limits: Mapping[str, int]) -> Iterator[Boundary]:
    """Yield texts of each field at and beyond its limit."""
    for field, most in limits.items():
        yield from (Boundary({field: good}, True) for good in (None, "", "x" * most))
        yield from (Boundary({field: bad}, False) for bad in ("x" * (most + 1), 7, True, ["x"]))


def list_boundaries(limits: Mapping[str, int]) -> Iterator[Boundary]:
    """Yield lists of names of each field at and beyond its limit."""
    for field, most in limits.items():
        yield from (Boundary({field: good}, True) for good in (None, [], ["x" * 100] * most))
        yield from (Boundary({field: bad}, False) for bad in (["x"] * (most + 1), ["x" * (100 * most + 1)], "x", 7))


def item_boundaries(folder: str) -> Iterator[Boundary]:
    """Yield fields of an item; its photos belong into ``folder``."""
    yield from text_boundaries(ITEM_TEXTS)
    yield from list_boundaries(ITEM_LISTS)
    longest = 1_024 - len(folder)
    names = ("photo.jpg", "a photo (1) [2].jpg", "x" * longest, "é" * (longest // 2))
    yield from (Boundary({"photo_path": folder + good}, True) for good in names)
    yield from (Boundary({"photo_path": good}, True) for good in (None, ""))
    bad_names = ("", "x/photo.jpg", "x" * (longest + 1), "é" * (longest // 2 + 1), "line\nbreak", "a\0b", "a\x7fb")
    yield from (Boundary({"photo_path": folder + bad}, False) for bad in bad_names)
    for bad in (7, ["x"], "photo.jpg", "index/current.json", folder.replace("users", "user") + "photo.jpg"):
        yield Boundary({"photo_path": bad}, False)
    for part in range(1, 4):
        parts = f"{folder}photo.jpg".split("/")
        parts[part] = "another"
        yield Boundary({"photo_path": "/".join(parts)}, False)
    yield Boundary({f"field{number}": number for number in range(MAX_FIELDS - 1)}, True)
    yield Boundary({f"field{number}": number for number in range(MAX_FIELDS)}, False)


def preference_boundaries() -> Iterator[Boundary]:
    """Yield documents of preferences."""
    yield from text_boundaries(PREFERENCE_TEXTS)
    yield from list_boundaries(PREFERENCE_LISTS)
    yield from (Boundary({field: "x"}, False) for field in SERVER_FIELDS)
    for field in SHARES:
        yield from (Boundary({field: good}, True) for good in (None, 0, 1, 0.5))
        yield from (Boundary({field: bad}, False) for bad in (-0.01, 1.01, "0.5", True, [0.5]))
    yield Boundary({f"field{number}": number for number in range(MAX_PREFERENCES)}, True)
    yield Boundary({f"field{number}": number for number in range(MAX_PREFERENCES + 1)}, False)


def check_boundaries(journey: Journey) -> Verdict:
    """Create and update a document with each of the boundaries, and with ids that are reserved for somebody."""
    owner, other = journey.person(), journey.person()
    tried = {}
    for known in (False, True):
        for number, boundary in enumerate(item_boundaries(journey.path(owner, ANY_ITEM, ""))):
            item_id = journey.new_id()
            if known:
                owner.write(f"wardrobe/{item_id}", {"uid": owner.uid})
            fields = {name: _at(item_id, value) for name, value in boundary.fields.items()}
            what = f"item {number} {'update' if known else 'create'} {str(boundary.fields)[:60]}"
            allowed = _takes(owner, f"wardrobe/{item_id}", {"uid": owner.uid, **fields})
            tried[what] = (boundary.allowed, allowed)
        for number, boundary in enumerate(preference_boundaries()):
            what = f"preferences {number} {'update' if known else 'create'} {str(boundary.fields)[:60]}"
            person = owner if known else journey.person()
            tried[what] = (boundary.allowed, _takes(person, f"preferences/{person.uid}", boundary.fields))
    for prefix, allowed in ((owner.uid, True), (other.uid, False), ("anything", False)):
        path = f"wardrobe/{prefix}:{journey.new_id()}"
        tried[f"id {path}"] = (allowed, _takes(owner, path, {"uid": owner.uid}))
    for uid in (7, None, other.uid):
        tried[f"an item of {uid}"] = (False, _takes(owner, f"wardrobe/{journey.new_id()}", {"uid": uid}))
    kept = f"wardrobe/{journey.new_id()}"
    owner.write(kept, {"uid": owner.uid})
    tried["an item given away"] = (False, _takes(owner, kept, {"uid": other.uid}))
    return judge_boundaries(tried)


def judge_boundaries(tried: Mapping[str, tuple[bool, bool]]) -> Verdict:
    """Compare, for each document, whether it must be taken with whether it was."""
    lost = {what: "is refused" for what, (right, taken) in tried.items() if right and not taken}
    leaked = {what: "is accepted" for what, (right, taken) in tried.items() if taken and not right}
    return Verdict(len(tried), lost, leaked)


def _at(item_id: str, value: Any) -> Any:
    return value.replace(ANY_ITEM, item_id) if isinstance(value, str) else value


def _takes(person: Person, path: str, fields: Fields) -> bool:
    try:
        person.write(path, dict(fields))
    except Refused as refused:
        if refused.status != 403:
            raise
        return False
    return True
