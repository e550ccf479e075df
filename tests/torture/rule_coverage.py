"""Documents at and beyond each limit of the rules, and which of their conditions had only one value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from closetspace_infra.local.person import Person, Refused
from tests.support.journey import Journey
from tests.torture.trial import Verdict

TEXTS = {"name": 300, "brand": 100, "public_id": 500, "secure_url": 2000}
"""Characters of an item's fields."""
LISTS = {"usage": 100, "colours": 100, "brands_out": 100}
"""Names of a list, with a hundred characters each."""
SHARES = ("explore", "serendipity", "mix")
MAX_FIELDS, MAX_PREFERENCES = 50, 20

ANY_ITEM = "item-000000000000"
"""Stands for an item's id in fields; it has the same length."""

CONDITION = re.compile(r"[=!<>&|]|\b(is|in)\b|\bmatches\(|^[a-z]\w+\(")
"""What an expression has that is a condition, and not a value that happens to be true."""

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Boundary:
    """Fields of a document, and whether the rules must take it."""

    fields: Fields
    allowed: bool


def item_boundaries(folder: str) -> Iterator[Boundary]:
    """Yield fields of an item; its photos belong into ``folder``."""
    for field, most in TEXTS.items():
        yield from (Boundary({field: good}, True) for good in (None, "", "x" * most))
        yield from (Boundary({field: bad}, False) for bad in ("x" * (most + 1), 7, True, ["x"]))
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
    yield from (Boundary({"gender": good}, True) for good in (None, "", "x" * 100))
    yield from (Boundary({"gender": bad}, False) for bad in ("x" * 101, 7, ["Men"]))
    for field, most in LISTS.items():
        yield from (Boundary({field: good}, True) for good in (None, [], ["x" * 100] * most))
        yield from (Boundary({field: bad}, False) for bad in (["x"] * (most + 1), ["x" * (100 * most + 1)], "x", 7))
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


def check_coverage(journey: Journey) -> Verdict:
    """Ask the emulator which conditions of firestore.rules were evaluated, and to what."""
    stack = journey.stack
    address = f"http://{stack.addresses.firestore}/emulator/v1/projects/{stack.project}:ruleCoverage"
    report = journey.http.get(address).raise_for_status().json()
    source = report["rules"]["files"][0]["content"]
    return judge_coverage(report["report"], source)


def judge_coverage(report: Sequence[Mapping[str, Any]], source: str) -> Verdict:
    """Return which conditions had one value only, or were never reached."""
    conditions: dict[str, set[bool]] = {}
    for (begin, end), found in _truth_values(report):
        text = " ".join(source[begin:end].split())
        if CONDITION.search(text):
            line = source.count("\n", 0, begin) + 1
            conditions.setdefault(f"line {line}, {text}", set()).update(found)
    lost = {text: f"was only {sorted(found)}" for text, found in conditions.items() if len(found) < 2}
    return Verdict(len(conditions), lost)


def _truth_values(nodes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[int, int], set[bool]]]:
    """Yield the place of each expression that had a truth value or was never reached, and its values."""
    for node in nodes:
        position, seen = node.get("sourcePosition"), node.get("values")
        found = {value["value"]["boolValue"] for value in seen or () if "boolValue" in value["value"]}
        if position and (found or not (seen or node.get("children"))):
            yield (position["currentOffset"], position["endOffset"]), found
        yield from _truth_values(node.get("children", []))
