"""The last export of each person, in Firestore."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from closetspace.adapters.firestore.queries import paged
from closetspace.adapters.firestore.transactions import run_transaction, translated_errors
from closetspace.domain.person.data_export import DataExport, ExportStatus
from closetspace.errors import Conflict

EXPORTS = "exports"


class FirestoreExports:
    """`closetspace.ports.Exports` over ``exports/{uid}``, which its owner may read."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def export(self, uid: str) -> DataExport | None:
        with translated_errors():
            return _parse_export(self._client.document(EXPORTS, uid).get().to_dict())

    def save(self, uid: str, export: DataExport | None, instead_of: DataExport | None) -> None:
        reference = self._client.document(EXPORTS, uid)

        def work(transaction: firestore.Transaction) -> None:
            if _parse_export(reference.get(transaction=transaction).to_dict()) != instead_of:
                raise Conflict(f"the export of {uid} changed")
            if export:
                transaction.set(reference, asdict(export) | {"status": export.status.value, "path": export.path})
            else:
                transaction.delete(reference)

        run_transaction(self._client, work)

    def preparing(self) -> Iterator[DataExport]:
        return self._found("status", "==", ExportStatus.PREPARING.value, order="__name__")

    def expired(self, now: datetime) -> Iterator[DataExport]:
        return self._found("expires_at", "<", now, order="expires_at")

    def _found(self, field: str, comparison: str, value: Any, *, order: str) -> Iterator[DataExport]:
        query = self._client.collection(EXPORTS).where(filter=FieldFilter(field, comparison, value)).order_by(order)
        return (export for found in paged(query) if (export := _parse_export(found.to_dict())))


def _parse_export(document: Mapping[str, Any] | None) -> DataExport | None:
    if not document:
        return None
    stored = {field.name: document[field.name] for field in fields(DataExport)}
    return DataExport(**stored | {"status": ExportStatus(document["status"])})
