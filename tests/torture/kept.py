"""What the stack keeps of some people when its events have settled, and whether that is what it should keep."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from google.cloud import firestore

from closetspace.adapters.firestore.closets import FirestoreClosets
from closetspace.adapters.firestore.people import FirestorePeople
from closetspace.adapters.firestore.queries import paged
from closetspace.bootstrap import open_store
from closetspace.domain.encoder.vectors import FloatArray, mean_vector
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet
from tests.torture.trial import Verdict

VECTOR_TOLERANCE = 1e-3
"""Closets store half precision."""


@dataclass(frozen=True)
class Expected:
    """How an item must end: with this status, or with nothing left if ``status`` is None.

    ``vector`` is that of the item's current photo, name and brand, if its value is known.
    """

    uid: str
    status: str | None
    photo: str | None = None
    vector: FloatArray | None = None


@dataclass(frozen=True)
class Kept:
    """Items' states by id; closets and tastes by uid; names of photos; and the uid that each document belongs to."""

    states: Mapping[str, Mapping[str, Any]]
    closets: Mapping[str, Closet]
    tastes: Mapping[str, Taste]
    photos: Collection[str]
    owners: Mapping[str, str] = field(default_factory=dict)


def read_kept(bucket: str, people: Collection[str]) -> Kept:
    """Read everything that the stack keeps, and the closets and tastes of these people."""
    client = firestore.Client()
    states = {found.id: found.to_dict() for found in paged(client.collection("item_state").order_by("__name__"))}
    persons = {uid: FirestorePeople(client).person(uid) for uid in people}
    closets = {uid: FirestoreClosets(client).closet(uid) for uid in people}
    tastes = {uid: person.taste for uid, person in persons.items() if person.taste}
    photos = {found.name for found in open_store(f"gs://{bucket}").list("users/")}
    return Kept(states, closets, tastes, photos, dict(_owners(client)))


def _owners(client: firestore.Client) -> Iterator[tuple[str, str]]:
    """Yield the path of every document, and the uid in it; of documents without one, their id."""
    for collection in client.collections():
        for found in paged(collection.order_by("__name__").select(["uid"])):
            yield found.reference.path, (found.to_dict() or {}).get("uid") or found.id


def check_kept(expected: Mapping[str, Expected], kept: Kept, deleted_accounts: Collection[str] = ()) -> Verdict:
    """Compare what the stack keeps with what must be left of each item, and of each person."""
    uids = {item.uid for item in expected.values()}
    lost = chain(_lost_items(expected, kept), _lost_tastes(uids - set(deleted_accounts), kept))
    leaked = chain(
        _leaked_states(expected, kept),
        _leaked_entries(expected, kept),
        _leaked_photos(expected, kept, uids),
        _leaked_accounts(deleted_accounts, kept),
    )
    return Verdict(len(expected) + len(deleted_accounts), dict(lost), dict(leaked))


def _lost_items(expected: Mapping[str, Expected], kept: Kept) -> Iterator[tuple[str, str]]:
    for item_id, item in expected.items():
        fault = _fault(item_id, item, kept) if item.status else None
        if fault:
            yield item_id, fault


def _fault(item_id: str, item: Expected, kept: Kept) -> str | None:
    """Return what is wrong with an item that must exist, None if nothing is."""
    state = kept.states.get(item_id)
    if state is None or state["uid"] != item.uid:
        return f"has no state, and should be {item.status}"
    if state["status"] != item.status:
        return f"is {state['status']} ({state.get('error')}), and should be {item.status}"
    if item.photo and item.photo not in kept.photos:
        return "has lost its photo"
    if item.status == "failed":
        return None if _explains(state.get("error")) else "failed without a code and a sentence"
    return _vector_fault(item_id, item, kept) if item.status == "ready" else None


def _explains(error: Any) -> bool:
    return bool(error and error.get("code") and str(error.get("message", "")).endswith("."))


def _vector_fault(item_id: str, item: Expected, kept: Kept) -> str | None:
    entries = kept.closets[item.uid].entries.get(item_id)
    if not entries:
        return "is ready and not in the closet"
    vectors = [entry.vector for entry in entries.values()]
    if item.vector is None or all(np.allclose(vector, item.vector, atol=VECTOR_TOLERANCE) for vector in vectors):
        return None
    return "has the vector of other content"


def _lost_tastes(uids: Collection[str], kept: Kept) -> Iterator[tuple[str, str]]:
    for uid in uids:
        closet, taste = kept.closets[uid], kept.tastes.get(uid)
        if not closet.version:
            continue
        if taste is None or taste.closet_version != closet.version:
            yield uid, "the taste is not of the closet's last version"
        elif not np.allclose(taste.mean, mean_vector(closet.arrays(taste.encoder).vectors), atol=1e-6):
            yield uid, "the taste is not the closet's mean"


def _leaked_states(expected: Mapping[str, Expected], kept: Kept) -> Iterator[tuple[str, str]]:
    for item_id, item in expected.items():
        if item.status is None and item_id in kept.states:
            yield item_id, "is deleted and has a state"


def _leaked_entries(expected: Mapping[str, Expected], kept: Kept) -> Iterator[tuple[str, str]]:
    for uid, closet in kept.closets.items():
        for item_id in closet.entries:
            item = expected.get(item_id)
            if item is None or (item.uid, item.status) != (uid, "ready"):
                yield item_id, f"is in the closet of {uid} and should not be"


def _leaked_photos(expected: Mapping[str, Expected], kept: Kept, uids: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield photos that no item names, and files derived from photos that no state names."""
    wanted = {item.photo for item in expected.values()}
    for name in kept.photos:
        _, uid, folder, item_id, *_ = f"{name}////".split("/")
        derived = str(kept.states.get(item_id, {}).get("thumbnails"))
        if uid in uids and folder == "wardrobe" and name not in wanted and name not in derived:
            yield item_id, f"has left {name}"


def _leaked_accounts(deleted_accounts: Collection[str], kept: Kept) -> Iterator[tuple[str, str]]:
    gone = set(deleted_accounts)
    for path, uid in kept.owners.items():
        if uid in gone and not path.startswith("account_deletions/"):
            yield uid, f"has left {path}"
    for name in kept.photos:
        uid = name.split("/")[1]
        if uid in gone:
            yield uid, f"has left {name}"
