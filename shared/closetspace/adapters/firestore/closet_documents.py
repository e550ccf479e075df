"""The documents of a closet in Firestore: how entries are stored, changed, and read at one moment.

``closets/{uid}`` holds a map from item id to a map from encoder id to entry. Items that do not fit there (a document
may have 1 MiB) are in ``closets/{uid}/shards/{n}``, counted from 1; ``last_shard`` of the main document is their
number. Every change also writes the main document, so that its update time is the version of the whole closet and one
trigger sees all changes. No change reads any of these documents.
"""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath

from closetspace.adapters.firestore.direct import LazyMap, PlainDocument, read_plain
from closetspace.adapters.firestore.transactions import translated_errors
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry, closet_version, pack_vector, unpack_vector
from closetspace.domain.wardrobe.state import ItemState
from closetspace.ports import ClosetChange, ItemRecord, Keep, Put

CLOSETS = "closets"

CLOSET_FIELDS = ["items", "last_shard"]
"""Fields of a closet's documents that a reader of the closet needs."""

Entries = Mapping[str, Mapping[str, ClosetEntry]]
"""The entries of one document by item id, each as a map from encoder id to entry."""


class ClosetWriter:
    """Writes to closets, as part of an item's transaction."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def open_shard(self, uid: str) -> int:
        """Return the number of the document for new items; read outside of any transaction, so it may be outdated."""
        with translated_errors():
            main = shard_reference(self._client, uid, 0).get(field_paths=["last_shard"])
        return _last_shard(main)

    def open_later_shard(self, uid: str, full: int) -> int:
        """Return the last document's number if it is after the full one, else add a document.

        Concurrent calls add the same one.
        """
        later = max(full + 1, self.open_shard(uid))
        # Earlier releases stored an encoder here that nothing reads. Its bytes make room for a full document's counter.
        fields = {"last_shard": firestore.Maximum(later), "encoder": firestore.DELETE_FIELD}
        with translated_errors():
            shard_reference(self._client, uid, 0).set(fields, merge=True)
        return later

    def stored_entries(self, uid: str, shard: int, item_id: str) -> dict[str, Any]:
        """Return an item's map from encoder id to entry, as stored.

        It is read outside of any transaction, because it changes only together with the item's state.
        """
        path = FieldPath("items", item_id)
        with translated_errors():
            snapshot = shard_reference(self._client, uid, shard).get(field_paths=[path.to_api_repr()])
        return ((snapshot.to_dict() or {}).get("items") or {}).get(item_id) or {}

    def change(
        self,
        transaction: firestore.Transaction,
        record: ItemRecord,
        state: ItemState | None,
        change: ClosetChange,
        moved_entries: Mapping[str, Any],
    ) -> None:
        """Write a change as updates of single fields, so that nothing that other items share is read or replaced.

        ``moved_entries`` are the item's stored entries if it moves to another document.
        """
        if isinstance(change, Keep):
            return
        item_id = record.item_id
        old = (record.state.uid, record.state.shard) if record.state else (None, None)
        new = (state.uid, state.shard) if state else (None, None)
        if old[0] is not None and old[1] is not None and old != new:
            self.merge(transaction, old[0], old[1], {item_id: firestore.DELETE_FIELD})
        if isinstance(change, Put) and new[0] is not None and new[1] is not None:
            entry = change.entry
            items = {item_id: {**moved_entries, entry.encoder: _entry_document(entry)}}
            replaced = None if change.keep_other_encoders else item_id
            self.merge(transaction, new[0], new[1], items, replaced_item=replaced)

    def merge(
        self,
        transaction: firestore.Transaction,
        uid: str,
        shard: int,
        items: Mapping[str, Any],
        *,
        replaced_item: str | None = None,
    ) -> None:
        """Merge entries into a document; the map of ``replaced_item`` is replaced as a whole."""
        # The counter is there from the beginning: a document that is full has no room for a new field.
        main = {"uid": uid, "updated_at": firestore.SERVER_TIMESTAMP, "last_shard": firestore.Maximum(shard)}
        if shard:
            transaction.set(shard_reference(self._client, uid, 0), main, merge=True)
            main = {"uid": uid}
        # A merge by field paths replaces each named field; a merge of everything goes down to single values.
        paths: Any = True
        if replaced_item is not None:
            paths = [FieldPath("items", replaced_item), *(FieldPath(name) for name in main)]
        transaction.set(shard_reference(self._client, uid, shard), {**main, "items": items}, merge=paths)


def shard_reference(client: firestore.Client, uid: str, shard: int) -> Any:
    """Return the reference of a closet's document; number 0 is the main one."""
    main = client.document(CLOSETS, uid)
    return main.collection("shards").document(str(shard)) if shard else main


def read_closet(client: firestore.Client, uid: str, main: PlainDocument) -> Closet:
    """Return the closet of a main document, with its other documents as of that moment.

    The entries of a closet with one document are parsed when they are looked up.
    """
    first, *rest = read_documents(client, uid, main)
    entries = {item_id: entry for document in (first, *rest) for item_id, entry in document.items()} if rest else first
    return Closet(uid, entries, closet_version(main.update_time))


def read_documents(client: firestore.Client, uid: str, main: PlainDocument) -> list[Entries]:
    """Return the entries of a closet's documents in order; the main document is not read again."""
    shards = (main.fields or {}).get("last_shard", 0)
    references = [shard_reference(client, uid, number) for number in range(1, shards + 1)]
    if not references:
        return [_entries(main)]
    rest = read_plain(client, references, CLOSET_FIELDS, convert=_parse_entries, read_time=main.read_time)
    return [_entries(main), *(rest[reference] for reference in references)]


def _entries(document: PlainDocument) -> Entries:
    items = (document.fields or {}).get("items") or {}
    return LazyMap(items, lambda _, by_encoder: LazyMap(by_encoder, _parse_entry))


def _parse_entries(document: PlainDocument) -> Entries:
    """Return the entries parsed, so that the document can be forgotten."""
    return {item_id: dict(by_encoder) for item_id, by_encoder in _entries(document).items()}


def _last_shard(main: Any) -> int:
    return int((main.to_dict() or {}).get("last_shard", 0))


def _entry_document(entry: ClosetEntry) -> dict[str, Any]:
    return {
        "vector": pack_vector(entry.vector),
        "category": entry.category,
        "photo_hash": entry.photo_hash,
        "attributes": entry.attributes.tobytes(),
        "title": entry.title,
        # As bytes, because Firestore's integers are signed.
        "product": entry.product.to_bytes(8, "little"),
    }


def _parse_entry(encoder: str, fields: Mapping[str, Any]) -> ClosetEntry:
    return ClosetEntry(
        encoder=encoder,
        vector=unpack_vector(fields["vector"]),
        # Thousands of items share a few names.
        category=sys.intern(fields["category"]),
        photo_hash=fields["photo_hash"],
        attributes=np.frombuffer(fields["attributes"], np.uint8),
        title=fields["title"],
        product=int.from_bytes(fields["product"], "little"),
    )
