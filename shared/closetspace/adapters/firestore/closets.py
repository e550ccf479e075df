"""Closets and tastes in Firestore."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from google.cloud import firestore

from closetspace.adapters.firestore.closet_documents import (
    CLOSET_FIELDS,
    CLOSETS,
    ClosetWriter,
    read_closet,
    read_documents,
    shard_reference,
)
from closetspace.adapters.firestore.direct import PlainDocument, read_plain
from closetspace.adapters.firestore.queries import count, paged, read_all
from closetspace.adapters.firestore.transactions import run_transaction, translated_errors
from closetspace.adapters.firestore.wardrobe import STATES
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.taste.interests import Interest
from closetspace.domain.taste.membership import LabelMembership
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, closet_version

TASTES = "taste"

TASTE_FORMAT = 2
"""Format of taste documents. It changes with the derivation of tastes, which a closet's version does not show."""

TASTE_FIELDS = ["format", "encoder", "mean", "interests", "worn", "closet_version"]
"""Fields of a taste that a reader needs."""

VERSION_FIELDS = ["format", "closet_version"]
"""Fields of a taste that tell whether it is current."""

ITEMS_PER_TRANSACTION = 200
"""Items whose states a transaction of `FirestoreClosets.keep_only` reads and locks."""


class FirestoreClosets:
    """`closetspace.ports.Closets` over ``closets`` and ``taste``."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client
        self._writer = ClosetWriter(client)

    def closet(self, uid: str) -> Closet:
        return read_closet(self._client, uid, self._main_document(uid))

    def versions_of(self, uid: str) -> tuple[int, int]:
        closet, taste = shard_reference(self._client, uid, 0), self._client.document(TASTES, uid)
        found = read_all(self._client, [closet, taste], field_paths=VERSION_FIELDS)
        return closet_version(found[closet].update_time), _version_of_taste(found[taste])

    def save_taste(self, uid: str, taste: Taste) -> None:
        reference = self._client.document(TASTES, uid)

        def work(transaction: firestore.Transaction) -> None:
            saved = reference.get(transaction=transaction, field_paths=VERSION_FIELDS)
            if _version_of_taste(saved) < taste.closet_version:
                transaction.set(reference, _taste_document(uid, taste))

        run_transaction(self._client, work)

    def delete_taste(self, uid: str) -> None:
        with translated_errors():
            self._client.document(TASTES, uid).delete()

    def owners(self) -> Iterator[str]:
        return (snapshot.id for snapshot in paged(self._client.collection(CLOSETS).order_by("__name__").select([])))

    def count(self) -> int:
        return count(self._client.collection(CLOSETS))

    def keep_only(self, uid: str, encoder_id: str) -> int:
        documents = read_documents(self._client, uid, self._main_document(uid))
        removed = 0
        for number, document in enumerate(documents):
            surplus = _surplus(document, encoder_id)
            ids = sorted(surplus)
            for start in range(0, len(ids), ITEMS_PER_TRANSACTION):
                chosen = ids[start : start + ITEMS_PER_TRANSACTION]
                removed += self._remove(uid, number, encoder_id, {item_id: surplus[item_id] for item_id in chosen})
        return removed

    def _main_document(self, uid: str) -> PlainDocument:
        reference = shard_reference(self._client, uid, 0)
        document: PlainDocument = read_plain(self._client, [reference], CLOSET_FIELDS)[reference]
        return document

    def _remove(self, uid: str, number: int, encoder_id: str, surplus: Mapping[str, Sequence[str]]) -> int:
        """Remove entries of the items whose state still names the encoder when the transaction commits."""
        references = [self._client.document(STATES, item_id) for item_id in surplus]
        settled: list[str] = []

        def work(transaction: firestore.Transaction) -> None:
            fields = ["uid", "encoder", "shard"]
            states = read_all(self._client, references, field_paths=fields, transaction=transaction)
            expected = {"uid": uid, "encoder": encoder_id, "shard": number}
            settled[:] = [state.id for state in states.values() if state.to_dict() == expected]
            deletions = {item_id: dict.fromkeys(surplus[item_id], firestore.DELETE_FIELD) for item_id in settled}
            if deletions:
                self._writer.merge(transaction, uid, number, deletions)

        run_transaction(self._client, work)
        return len(settled)


def _surplus(entries: Mapping[str, Mapping[str, ClosetEntry]], encoder_id: str) -> dict[str, list[str]]:
    """Return the other encoders of each item that has an entry by this one."""
    others = {item_id: [e for e in by_encoder if e != encoder_id] for item_id, by_encoder in entries.items()}
    return {item_id: names for item_id, names in others.items() if names and encoder_id in entries[item_id]}


def _version_of_taste(snapshot: Any) -> int:
    """Return the closet's version that a stored taste was derived from; 0 if there is none of today's format."""
    fields = snapshot.to_dict() or {}
    return int(fields["closet_version"]) if fields.get("format") == TASTE_FORMAT else 0


def _taste_document(uid: str, taste: Taste) -> dict[str, Any]:
    memberships = {
        head: {"member": _bytes(membership.member), "share": _bytes(membership.share)}
        for head, membership in taste.memberships.items()
    }
    return {
        "uid": uid,
        "format": TASTE_FORMAT,
        "encoder": taste.encoder,
        "mean": _bytes(taste.mean),
        "interests": [{"category": i.category, "count": i.count, "mean": _bytes(i.mean)} for i in taste.interests],
        "worn": memberships,
        "closet_version": taste.closet_version,
        "updated_at": firestore.SERVER_TIMESTAMP,
    }


def parse_taste(document: dict[str, Any]) -> Taste | None:
    """Return the taste that a document holds; None if an earlier release derived it in another way."""
    if document.get("format") != TASTE_FORMAT:
        return None
    return Taste(
        encoder=document["encoder"],
        mean=_floats(document["mean"]),
        interests=tuple(Interest(i["category"], i["count"], _floats(i["mean"])) for i in document["interests"]),
        closet_version=document["closet_version"],
        memberships={
            head: LabelMembership(_floats(fields["member"]), _floats(fields["share"]))
            for head, fields in document["worn"].items()
        },
    )


def _bytes(numbers: FloatArray) -> bytes:
    return numbers.astype("<f4").tobytes()


def _floats(data: bytes) -> FloatArray:
    return np.frombuffer(data, "<f4").astype(np.float32)
