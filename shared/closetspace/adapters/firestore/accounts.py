"""The marks of accounts that are being deleted, in Firestore."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud import firestore

from closetspace.adapters.firestore.queries import paged
from closetspace.adapters.firestore.transactions import translated_errors
from closetspace.domain.person.account import AccountDeletion, is_uid

ACCOUNT_DELETIONS = "account_deletions"


class FirestoreAccounts:
    """`closetspace.ports.Accounts` over ``account_deletions/{uid}``."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def mark(self, uid: str, now: datetime) -> None:
        mark = {"uid": uid, "status": "deleting", "requested_at": now, "finished_at": None}
        with translated_errors():
            try:
                self._mark(uid).create(mark)
            except AlreadyExists:
                return

    def deletion(self, uid: str) -> AccountDeletion | None:
        if not is_uid(uid):
            return None
        with translated_errors():
            mark = self._mark(uid).get().to_dict()
        return _parse_mark(mark) if mark else None

    def finish(self, uid: str, now: datetime) -> None:
        with translated_errors():
            try:
                self._mark(uid).update({"status": "deleted", "finished_at": now})
            except NotFound:
                return

    def forget(self, uid: str) -> None:
        with translated_errors():
            self._mark(uid).delete()

    def deletions(self) -> Iterator[AccountDeletion]:
        marks = self._client.collection(ACCOUNT_DELETIONS).order_by("requested_at")
        return (_parse_mark(snapshot.to_dict()) for snapshot in paged(marks))

    def _mark(self, uid: str) -> Any:
        return self._client.document(ACCOUNT_DELETIONS, uid)


def _parse_mark(mark: Mapping[str, Any]) -> AccountDeletion:
    return AccountDeletion(mark["uid"], mark["requested_at"], mark["finished_at"])
