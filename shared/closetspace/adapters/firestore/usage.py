"""What people use of their quotas, in Firestore: ``usage/{uid}`` counts embeddings by day."""

from datetime import date
from typing import Any

from google.cloud import firestore

from closetspace.adapters.firestore.direct import count_plain
from closetspace.adapters.firestore.transactions import translated_errors
from closetspace.adapters.firestore.wardrobe import STATES
from closetspace.domain.wardrobe.state import Status

USAGE = "usage"


class FirestoreUsage:
    """`closetspace.ports.Usage` over ``usage`` and the collection of items."""

    def __init__(self, client: firestore.Client, collection: str) -> None:
        self._client = client
        self._collection = collection

    def items(self, uid: str, limit: int) -> int:
        return count_plain(self._client, self._collection, {"uid": uid}, limit + 1)

    def count_states(self, uid: str, *statuses: Status) -> int:
        return count_plain(self._client, STATES, {"uid": uid, "status": statuses})

    def take_embedding(self, uid: str, day: date, limit: int) -> bool:
        # Reads, then adds without a transaction: of a hundred photos at once each would make the others wait, and a
        # quota may be exceeded by a few.
        reference = self._client.document(USAGE, uid)
        today = day.isoformat()
        with translated_errors():
            days: dict[str, Any] = (reference.get(field_paths=["embeddings"]).to_dict() or {}).get("embeddings") or {}
            if days.get(today, 0) >= limit:
                return False
            past = dict.fromkeys(days.keys() - {today}, firestore.DELETE_FIELD)
            counts = {**past, today: firestore.Increment(1)}
            reference.set({"uid": uid, "embeddings": counts}, merge=True)
        return True
