"""Closets and tastes in Firestore.

``closets/{uid}`` holds a map from item id to entry. Entries that no longer fit there (a document ends at 1 MiB)
lie in ``closets/{uid}/shards/{n}``, n from 1; the main document then says in ``last_shard`` how many there are.
Every change writes the main document too, so that its update time is the whole closet's version and one
trigger hears of everything. No change reads any of them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from google.cloud import firestore

from closetspace.adapters.firestore_transactions import run_transaction, translated_errors
from closetspace.domain.closet import Closet, ClosetEntry, Interest, Taste, pack, unpack
from closetspace.domain.encoding import FloatArray
from closetspace.domain.wardrobe import ItemState
from closetspace.ports import ClosetChange, ItemRecord, Keep, Put

CLOSETS = "closets"
TASTES = "taste"


class ClosetDocuments:
    """Writes to closets, as part of an item's transaction."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def open_shard(self, uid: str) -> int:
        """The document that new items of this closet go to: a hint, read outside of any transaction."""
        with translated_errors():
            snapshot = self._client.document(CLOSETS, uid).get(field_paths=["last_shard"])
        return _last_shard(snapshot)

    def open_next_shard(self, uid: str, full: int) -> int:
        """Send new items to the document after the full one; several at once open the same."""
        with translated_errors():
            self._client.document(CLOSETS, uid).set({"last_shard": firestore.Maximum(full + 1)}, merge=True)
        return full + 1

    def change(
        self,
        transaction: firestore.Transaction,
        record: ItemRecord,
        state: ItemState | None,
        change: ClosetChange,
    ) -> None:
        """Write the change by merging single fields: nothing that other items share is read or replaced."""
        if isinstance(change, Keep):
            return
        old = (record.state.uid, record.state.shard) if record.state else (None, None)
        new = (state.uid, state.shard) if state else (None, None)
        if old[0] is not None and old[1] is not None and old != new:
            self._merge(transaction, old[0], old[1], {record.item_id: firestore.DELETE_FIELD})
        if isinstance(change, Put) and new[0] is not None and new[1] is not None:
            self._merge(transaction, new[0], new[1], {record.item_id: _document(change.entry)}, change.entry.encoder)

    def _merge(
        self,
        transaction: firestore.Transaction,
        uid: str,
        shard: int,
        items: dict[str, Any],
        encoder: str | None = None,
    ) -> None:
        touched: dict[str, Any] = {"uid": uid, "updated_at": firestore.SERVER_TIMESTAMP}
        if encoder:
            touched["encoder"] = encoder
        if shard == 0:
            transaction.set(_shard(self._client, uid, 0), touched | {"items": items}, merge=True)
        else:
            transaction.set(_shard(self._client, uid, shard), {"uid": uid, "items": items}, merge=True)
            transaction.set(_shard(self._client, uid, 0), touched, merge=True)


class FirestoreClosets:
    """`closetspace.ports.Closets` over ``closets`` and ``taste``."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def closet(self, uid: str) -> Closet:
        with translated_errors():
            return self._whole(uid, _shard(self._client, uid, 0).get())

    def closet_with_taste(self, uid: str) -> tuple[Closet, Taste | None]:
        main, taste = _shard(self._client, uid, 0), self._client.document(TASTES, uid)
        with translated_errors():
            found = {snapshot.reference: snapshot for snapshot in self._client.get_all([main, taste])}
            closet = self._whole(uid, found[main])
        document = found[taste].to_dict()
        return closet, _taste(document) if document else None

    def _whole(self, uid: str, main: Any) -> Closet:
        """The closet of a main document, with its other documents as they were at that moment."""
        references = [_shard(self._client, uid, shard) for shard in range(1, _last_shard(main) + 1)]
        rest = self._client.get_all(references, read_time=_whole_microseconds(main.read_time)) if references else ()
        entries = {i: entry for document in (main, *rest) for i, entry in _entries(document.to_dict())}
        return Closet(uid, entries, _microseconds(main.update_time))

    def save_taste(self, uid: str, taste: Taste) -> None:
        reference = self._client.document(TASTES, uid)

        def work(transaction: firestore.Transaction) -> None:
            known = reference.get(transaction=transaction, field_paths=["closet_version"])
            if (known.to_dict() or {}).get("closet_version", -1) < taste.closet_version:
                transaction.set(reference, _taste_document(uid, taste))

        run_transaction(self._client, work)


def _shard(client: firestore.Client, uid: str, shard: int) -> Any:
    main = client.document(CLOSETS, uid)
    return main.collection("shards").document(str(shard)) if shard else main


def _last_shard(main: Any) -> int:
    return int((main.to_dict() or {}).get("last_shard", 0))


def _document(entry: ClosetEntry) -> dict[str, Any]:
    return {
        "vector": pack(entry.vector),
        "encoder": entry.encoder,
        "category": entry.category,
        "photo_hash": entry.photo_hash,
    }


def _entries(document: dict[str, Any] | None) -> Iterable[tuple[str, ClosetEntry]]:
    for item_id, entry in ((document or {}).get("items") or {}).items():
        vector = unpack(entry["vector"])
        yield item_id, ClosetEntry(entry["encoder"], vector, entry["category"], entry["photo_hash"])


def _whole_microseconds(moment: datetime) -> datetime:
    # Snapshots tell nanoseconds, reads at a time take none.
    return datetime.combine(moment.date(), moment.time(), moment.tzinfo)


def _microseconds(moment: datetime | None) -> int:
    # Exact: a float of seconds since 1970 has no room for microseconds to spare.
    if moment is None:
        return 0
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _taste_document(uid: str, taste: Taste) -> dict[str, Any]:
    return {
        "uid": uid,
        "encoder": taste.encoder,
        "mean": taste.mean.astype("<f4").tobytes(),
        "interests": [
            {"category": i.category, "count": i.count, "mean": i.mean.astype("<f4").tobytes()} for i in taste.interests
        ],
        "closet_version": taste.closet_version,
        "updated_at": firestore.SERVER_TIMESTAMP,
    }


def _taste(document: dict[str, Any]) -> Taste:
    interests = tuple(Interest(i["category"], i["count"], _floats(i["mean"])) for i in document["interests"])
    return Taste(document["encoder"], _floats(document["mean"]), interests, document["closet_version"])


def _floats(data: bytes) -> FloatArray:
    return np.frombuffer(data, "<f4").astype(np.float32)
