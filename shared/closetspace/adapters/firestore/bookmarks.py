"""Bookmarks in Firestore: ``bookmarks/{name}`` is where work that is done in small parts continues."""

from google.cloud import firestore

from closetspace.adapters.firestore.transactions import translated_errors

BOOKMARKS = "bookmarks"


class FirestoreBookmarks:
    """`closetspace.ports.Bookmarks`."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def bookmark(self, name: str) -> str:
        with translated_errors():
            return str((self._client.document(BOOKMARKS, name).get().to_dict() or {}).get("place", ""))

    def set_bookmark(self, name: str, place: str) -> None:
        with translated_errors():
            self._client.document(BOOKMARKS, name).set({"place": place, "updated_at": firestore.SERVER_TIMESTAMP})
