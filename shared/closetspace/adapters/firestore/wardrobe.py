"""Items and their states in Firestore, and the closets' entries that change with them."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from google.api_core import exceptions as google
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from closetspace.adapters.firestore.closet_documents import ClosetWriter
from closetspace.adapters.firestore.queries import after_id, count, paged, read_all
from closetspace.adapters.firestore.transactions import run_transaction, translated_errors
from closetspace.domain.wardrobe.item import ITEM_FIELDS, Fault, parse_item
from closetspace.domain.wardrobe.photo import PhotoSources
from closetspace.domain.wardrobe.state import Hint, ItemState, Status
from closetspace.errors import Conflict
from closetspace.ports import AuditPage, ClosetChange, DueItem, ItemRecord, Keep, Put

log = logging.getLogger(__name__)

STATES = "item_state"

READ_FIELDS = sorted({*ITEM_FIELDS, *(field.name for field in fields(ItemState))})

UNSETTLED = (Status.PROCESSING, Status.WAITING_FOR_PHOTO)

MAX_SHARDS_TRIED = 4
"""Closet documents that are tried for one item: its own, the last one, and two more that others may fill meanwhile."""


class FirestoreWardrobe:
    """`closetspace.ports.Wardrobe` over ``{collection}/{item}``, ``item_state/{item}`` and ``closets/{uid}``."""

    def __init__(self, client: firestore.Client, collection: str, sources: PhotoSources) -> None:
        self._client = client
        self._collection = collection
        self._sources = sources
        self._closets = ClosetWriter(client)

    def read(self, item_id: str) -> ItemRecord:
        with translated_errors():
            return self._read(item_id, None)

    def commit(self, record: ItemRecord, state: ItemState | None, change: ClosetChange) -> ItemRecord:
        state = state and replace(state, shard=self._shard(record, state, change))
        moved_entries: dict[str, Any] = {}
        for _ in range(MAX_SHARDS_TRIED):
            try:
                return self._commit(record, state, change, moved_entries)
            except google.InvalidArgument as exc:
                fits_elsewhere = isinstance(change, Put) and "exceeds" in str(exc)
                if not (fits_elsewhere and state and state.shard is not None):
                    raise
                # The closet's document is full (1 MiB): it keeps its items, and a later document takes this one.
                log.info("document %d of a closet is full (%s)", state.shard, exc)
                moved_entries = self._moved_entries(record, change)
                state = replace(state, shard=self._closets.open_later_shard(state.uid, state.shard))
        raise Conflict(f"no document of the closet has room for item {record.item_id}")

    def _moved_entries(self, record: ItemRecord, change: ClosetChange) -> dict[str, Any]:
        """Return the stored entries that an item takes along to another document."""
        old = record.state
        if old is None or old.shard is None or not (isinstance(change, Put) and change.keep_other_encoders):
            return {}
        return self._closets.stored_entries(old.uid, old.shard, record.item_id)

    def _shard(self, record: ItemRecord, state: ItemState, change: ClosetChange) -> int | None:
        current = record.state.shard if record.state else None
        match change:
            case Keep():
                return current
            case Put() if record.state and current is not None and record.state.uid == state.uid:
                return current
            case Put():
                return self._closets.open_shard(state.uid)
        return None

    def due(self, now: datetime) -> Iterator[DueItem]:
        states = self._client.collection(STATES).select(["sweep_at", "sweeps", "status"])
        query = states.where(filter=FieldFilter("sweep_at", "<=", now)).order_by("sweep_at")
        return (
            DueItem(each.id, each.get("sweeps"), each.update_time, each.get("status") == Status.PROCESSING)
            for each in paged(query)
        )

    def postpone(self, due: DueItem, sweep_at: datetime) -> bool:
        reference = self._client.document(STATES, due.item_id)
        unchanged = self._client.write_option(last_update_time=due.state_version)
        try:
            with translated_errors():
                reference.update({"sweep_at": sweep_at, "sweeps": due.sweeps + 1}, option=unchanged)
        except (google.FailedPrecondition, google.NotFound):
            return False
        return True

    def items_without_state(self, after: str, limit: int) -> AuditPage:
        items = after_id(self._client.collection(self._collection), after, limit, ["uid"])
        states = read_all(self._client, [self._client.document(STATES, item.id) for item in items], field_paths=["uid"])
        existing = {state.id for state in states.values() if state.exists}
        return _audit_page(items, limit, [item for item in items if item.id not in existing])

    def stray_states(self, after: str, limit: int) -> AuditPage:
        states = after_id(self._client.collection(STATES), after, limit, ["uid", "status", "sweep_at", "thumbnails"])
        references = [self._client.document(self._collection, state.id) for state in states]
        items = read_all(self._client, references, field_paths=["uid"])
        existing = {item.id for item in items.values() if item.exists}
        stray = [state for state in states if state.id not in existing or _is_forgotten(state.to_dict())]
        return _audit_page(states, limit, stray)

    def count_items_and_states(self, limit: int) -> tuple[int, int]:
        items, states = self._client.collection(self._collection), self._client.collection(STATES)
        return count(items.limit(limit)), count(states.limit(limit))

    def items_with_other_encoder(self, encoder_id: str) -> Iterator[str]:
        query = self._states_with_other_encoder(encoder_id).order_by("encoder").order_by("__name__")
        return (snapshot.id for snapshot in paged(query))

    def count_items_with_other_encoder(self, encoder_id: str) -> int:
        return count(self._states_with_other_encoder(encoder_id))

    def _states_with_other_encoder(self, encoder_id: str) -> Any:
        # Leaves out states without an encoder, because no value is unequal to null.
        states = self._client.collection(STATES).select(["encoder"])
        return states.where(filter=FieldFilter("encoder", "!=", encoder_id))

    def _read(self, item_id: str, transaction: firestore.Transaction | None) -> ItemRecord:
        item_ref, state_ref = self._references(item_id)
        # What else a client has written into its document, up to 1 MB, is not transferred.
        snapshots = read_all(self._client, [item_ref, state_ref], transaction=transaction, field_paths=READ_FIELDS)
        item, state = snapshots[item_ref], snapshots[state_ref]
        return ItemRecord(
            item_id,
            parse_item(item_id, item.to_dict() or {}, self._sources) if item.exists else None,
            _parse_state(state.to_dict() or {}) if state.exists else None,
            state.update_time,
        )

    def _commit(
        self, record: ItemRecord, state: ItemState | None, change: ClosetChange, moved_entries: Mapping[str, Any]
    ) -> ItemRecord:
        state_ref = self._references(record.item_id)[1]

        def work(transaction: firestore.Transaction) -> None:
            current = self._read(record.item_id, transaction)
            if (current.item, current.state_version) != (record.item, record.state_version):
                raise Conflict(f"item {record.item_id} changed")
            self._closets.change(transaction, record, state, change, moved_entries)
            if state:
                transaction.set(state_ref, _state_document(state))
            else:
                transaction.delete(state_ref)

        version = run_transaction(self._client, work)
        return replace(record, state=state, state_version=version if state else None)

    def _references(self, item_id: str) -> tuple[Any, Any]:
        return self._client.document(self._collection, item_id), self._client.document(STATES, item_id)


def _state_document(state: ItemState) -> dict[str, Any]:
    return asdict(state) | {
        "status": state.status.value,
        "colours": list(state.colours),
        "corrected": list(state.corrected),
        "hint": state.hint.value if state.hint else None,
        "updated_at": firestore.SERVER_TIMESTAMP,
    }


def _is_forgotten(state: dict[str, Any]) -> bool:
    # Earlier releases did not say when an item is due, and made no thumbnails.
    if state["status"] == Status.READY:
        return state.get("thumbnails") is None
    return state["status"] in UNSETTLED and state.get("sweep_at") is None


def _audit_page(read: list[Any], limit: int, found: list[Any]) -> AuditPage:
    owners = [(each.id, str(each.to_dict().get("uid") or "")) for each in found]
    return AuditPage(owners, read[-1].id if len(read) == limit else "")


def _parse_state(document: dict[str, Any]) -> ItemState:
    error = document.get("error")
    return ItemState(
        uid=document["uid"],
        status=Status(document["status"]),
        content_key=document.get("content_key"),
        encoder=document.get("encoder"),
        category=document.get("category"),
        colours=tuple(document.get("colours") or ()),
        gender=document.get("gender"),
        usage=document.get("usage"),
        corrected=tuple(document.get("corrected") or ()),
        error=Fault(error["code"], error["message"]) if error else None,
        shard=document.get("shard"),
        hint=Hint(document["hint"]) if document.get("hint") else None,
        suggested_name=document.get("suggested_name"),
        thumbnails=document.get("thumbnails"),
        attempts=document.get("attempts", 0),
        sweeps=document.get("sweeps", 0),
        sweep_at=document.get("sweep_at"),
    )
