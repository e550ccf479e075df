"""Documents of items in Firestore, where the server writes them: after a restore."""

from google.api_core import exceptions as google
from google.cloud import firestore

from closetspace.adapters.firestore.transactions import translated_errors


class FirestoreItemDocuments:
    """`closetspace.ports.ItemDocuments`."""

    def __init__(self, client: firestore.Client, wardrobe_collection: str) -> None:
        self._items = client.collection(wardrobe_collection)

    def create(self, item_id: str, uid: str, photo_path: str) -> bool:
        with translated_errors():
            try:
                self._items.document(item_id).create({"uid": uid, "name": "", "brand": "", "photo_path": photo_path})
            except google.AlreadyExists:
                return False
        return True

    def name_photo(self, item_id: str, photo_path: str) -> None:
        with translated_errors():
            try:
                self._items.document(item_id).update({"photo_path": photo_path})
            except google.NotFound:
                return

    def delete(self, item_id: str) -> None:
        with translated_errors():
            self._items.document(item_id).delete()
