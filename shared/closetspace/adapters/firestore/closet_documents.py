"""The documents of a closet in Firestore, and the ways to change them.

``closets/{uid}`` holds a map from item id to a map from encoder id to entry. Items that no longer fit there (a
document ends at 1 MiB) lie in ``closets/{uid}/shards/{n}``, n from 1; the main document then says in
``last_shard`` how many there are. Every change writes the main document too, so that its update time is the
whole closet's version and one trigger hears of everything. No change reads any of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath

from closetspace.adapters.firestore.transactions import translated_errors
from closetspace.domain.wardrobe.closet import ClosetEntry, pack_vector, unpack_vector
from closetspace.domain.wardrobe.state import ItemState
from closetspace.ports import ClosetChange, ItemRecord, Keep, Put

CLOSETS = "closets"


class ClosetDocuments:
    """Writes to closets, as part of an item's transaction."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def open_shard(self, uid: str) -> int:
        """The document that new items of this closet go to: a hint, read outside of any transaction."""
        with translated_errors():
            snapshot = shard_reference(self._client, uid, 0).get(field_paths=["last_shard"])
        return last_shard(snapshot)

    def open_later_shard(self, uid: str, full: int) -> int:
        """The last document, or a new one after it where that is the full one; several at once open the same."""
        later = max(full + 1, self.open_shard(uid))
        with translated_errors():
            shard_reference(self._client, uid, 0).set({"last_shard": firestore.Maximum(later)}, merge=True)
        return later

    def entries_of(self, uid: str, shard: int, item_id: str) -> dict[str, Any]:
        """An item's map, read outside of any transaction: it stays the same as long as the item's state does."""
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
        carried: Mapping[str, Any],
    ) -> None:
        """Write the change as updates of single fields: nothing that other items share is read or replaced.

        ``carried`` are the item's entries in a document that it leaves.
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
            items = {item_id: {**carried, entry.encoder: _document(entry)}}
            whole = None if change.keep_other_encoders else item_id
            self.merge(transaction, new[0], new[1], items, encoder=entry.encoder, whole=whole)

    def merge(
        self,
        transaction: firestore.Transaction,
        uid: str,
        shard: int,
        items: Mapping[str, Any],
        *,
        encoder: str | None = None,
        whole: str | None = None,
    ) -> None:
        """Merge into a document's items, replacing the map of the item named by ``whole``."""
        main = {"uid": uid, "updated_at": firestore.SERVER_TIMESTAMP} | ({"encoder": encoder} if encoder else {})
        if shard:
            transaction.set(shard_reference(self._client, uid, 0), main, merge=True)
            main = {"uid": uid}
        # A merge by field paths replaces what each names; a merge of everything goes down to the single values.
        paths = [FieldPath("items", whole), *(FieldPath(name) for name in main)] if whole is not None else True
        transaction.set(shard_reference(self._client, uid, shard), {**main, "items": items}, merge=paths)


def shard_reference(client: firestore.Client, uid: str, shard: int) -> Any:
    """A closet's document: the main one is number 0."""
    main = client.document(CLOSETS, uid)
    return main.collection("shards").document(str(shard)) if shard else main


def last_shard(main: Any) -> int:
    """The number of a closet's last document, by its main one."""
    return int((main.to_dict() or {}).get("last_shard", 0))


def entries_in(document: Mapping[str, Any] | None) -> Iterable[tuple[str, dict[str, ClosetEntry]]]:
    """The entries of one document, by item and by encoder."""
    for item_id, by_encoder in ((document or {}).get("items") or {}).items():
        yield item_id, {encoder: _entry(encoder, fields) for encoder, fields in by_encoder.items()}


def _document(entry: ClosetEntry) -> dict[str, Any]:
    return {
        "vector": pack_vector(entry.vector),
        "category": entry.category,
        "photo_hash": entry.photo_hash,
        "attributes": entry.attributes.tobytes(),
        "title": entry.title,
        # As bytes: Firestore's integers have a sign.
        "product": entry.product.to_bytes(8, "little"),
    }


def _entry(encoder: str, fields: Mapping[str, Any]) -> ClosetEntry:
    return ClosetEntry(
        encoder=encoder,
        vector=unpack_vector(fields["vector"]),
        category=fields["category"],
        photo_hash=fields["photo_hash"],
        attributes=np.frombuffer(fields["attributes"], np.uint8),
        title=fields["title"],
        product=int.from_bytes(fields["product"], "little"),
    )
