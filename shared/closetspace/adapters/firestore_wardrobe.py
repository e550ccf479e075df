"""Items and their states in Firestore, with the closets' entries that change with them."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from google.api_core import exceptions as google
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from closetspace.adapters.firestore_closets import ClosetDocuments
from closetspace.adapters.firestore_transactions import run_transaction, translated_errors
from closetspace.domain.wardrobe import Fault, ItemState, Status, parse_item
from closetspace.errors import Conflict
from closetspace.ports import ClosetChange, ItemRecord, Keep, Put

log = logging.getLogger(__name__)

STATES = "item_state"


class FirestoreWardrobe:
    """`closetspace.ports.Wardrobe` over ``{collection}/{item}``, ``item_state/{item}`` and ``closets/{uid}``."""

    def __init__(self, client: firestore.Client, collection: str, allowed_hosts: Collection[str]) -> None:
        self._client = client
        self._collection = collection
        self._allowed_hosts = allowed_hosts
        self._closets = ClosetDocuments(client)

    def read(self, item_id: str) -> ItemRecord:
        with translated_errors():
            return self._read(item_id, None)

    def commit(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> ItemRecord:
        state = state and replace(state, shard=self._shard(record, state, change))
        try:
            return self._commit(record, state, change)
        except google.InvalidArgument as exc:
            fits_elsewhere = isinstance(change, Put) and "exceeds" in str(exc)
            if not (fits_elsewhere and state and state.shard is not None):
                raise
            # The closet's document is full (1 MiB): it keeps what it has, the next one takes this item.
            log.info("closet %s is full (%s), opening its next document", state.uid, exc)
            roomy = replace(state, shard=self._closets.open_next_shard(state.uid, state.shard))
            return self._commit(record, roomy, change)

    def _shard(self, record: ItemRecord, state: ItemState, change: ClosetChange) -> int | None:
        held = record.state.shard if record.state else None
        match change:
            case Keep():
                return held
            case Put() if record.state and held is not None and record.state.uid == state.uid:
                return held
            case Put():
                return self._closets.open_shard(state.uid)
        return None

    def unsettled(self, after: datetime, before: datetime) -> Iterator[str]:
        query = (
            self._client.collection(STATES)
            .where(filter=FieldFilter("status", "in", [Status.PROCESSING, Status.WAITING_FOR_PHOTO]))
            .where(filter=FieldFilter("updated_at", ">", after))
            .where(filter=FieldFilter("updated_at", "<", before))
            .order_by("updated_at")
            .select([])
        )
        with translated_errors():
            for snapshot in query.stream():
                yield snapshot.id

    def _read(self, item_id: str, transaction: firestore.Transaction | None) -> ItemRecord:
        item_ref, state_ref = self._references(item_id)
        found = {s.reference: s for s in self._client.get_all([item_ref, state_ref], transaction=transaction)}
        item, state = found[item_ref], found[state_ref]
        return ItemRecord(
            item_id,
            parse_item(item_id, item.to_dict() or {}, self._allowed_hosts) if item.exists else None,
            _state(state.to_dict() or {}) if state.exists else None,
            state.update_time,
        )

    def _commit(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> ItemRecord:
        state_ref = self._references(record.item_id)[1]

        def work(transaction: firestore.Transaction) -> None:
            current = self._read(record.item_id, transaction)
            if (current.item, current.state_version) != (record.item, record.state_version):
                raise Conflict(f"item {record.item_id} changed")
            self._closets.change(transaction, record, state, change)
            if state:
                transaction.set(state_ref, _document(state))
            else:
                transaction.delete(state_ref)

        version = run_transaction(self._client, work)
        return replace(record, state=state, state_version=version if state else None)

    def _references(self, item_id: str) -> tuple[Any, Any]:
        return self._client.document(self._collection, item_id), self._client.document(STATES, item_id)


def _document(state: ItemState) -> dict[str, Any]:
    fields = asdict(state)
    return fields | {
        "status": state.status.value,
        "colours": list(state.colours),
        "updated_at": firestore.SERVER_TIMESTAMP,
    }


def _state(document: dict[str, Any]) -> ItemState:
    error = document.get("error")
    return ItemState(
        uid=document["uid"],
        status=Status(document["status"]),
        content_key=document.get("content_key"),
        encoder=document.get("encoder"),
        category=document.get("category"),
        colours=tuple(document.get("colours") or ()),
        error=Fault(error["code"], error["message"]) if error else None,
        shard=document.get("shard"),
    )
