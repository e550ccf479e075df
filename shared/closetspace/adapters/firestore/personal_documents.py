"""A person's documents in Firestore, by the list of personal data."""

import base64
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from closetspace.adapters.firestore.closets import TASTES, parse_taste
from closetspace.adapters.firestore.people import FEEDBACK, SHOWN, parse_opinions, parse_shown
from closetspace.adapters.firestore.queries import PAGE, count, paged, read_all
from closetspace.adapters.firestore.transactions import run_transaction
from closetspace.domain.person.person import Person
from closetspace.domain.person.personal_data import WARDROBE, PersonalCollection
from closetspace.domain.wardrobe.closet import Closet

DOCUMENTS_IN_MEMORY = 20
"""Documents that are read at once: clients may have filled each with 1 MB."""


class FirestorePersonalDocuments:
    """`closetspace.ports.PersonalDocuments`. The collection of items may have another name than in the list."""

    def __init__(self, client: firestore.Client, wardrobe_collection: str) -> None:
        self._client = client
        self._wardrobe_collection = wardrobe_collection

    def documents(self, collection: PersonalCollection, uid: str) -> Iterator[Mapping[str, Any]]:
        references = self._references(collection, uid)
        while chunk := list(islice(references, DOCUMENTS_IN_MEMORY)):
            for snapshot in read_all(self._client, chunk).values():
                if snapshot.exists:
                    yield {"id": snapshot.id, **_plain(snapshot.to_dict())}

    def count(self, collection: PersonalCollection, uid: str) -> int:
        return len(self._only(collection, uid)) if collection.is_one_document else count(self._query(collection, uid))

    def ids(self, collection: PersonalCollection, uid: str) -> Iterator[str]:
        return (reference.id for reference in self._references(collection, uid))

    def owners(self, collection: PersonalCollection) -> Iterator[str]:
        documents = self._client.collection(self._name(collection))
        fields = ["uid"] if collection.is_owned_by_field else []
        for found in paged(documents.order_by("__name__").select(fields)):
            uid = found.to_dict().get("uid") if fields else found.id
            if isinstance(uid, str) and uid:
                yield uid

    def delete_page(self, collection: PersonalCollection, uid: str) -> int:
        references = list(islice(self._references(collection, uid), PAGE))

        def work(transaction: firestore.Transaction) -> None:
            for reference in references:
                transaction.delete(reference)

        if references:
            run_transaction(self._client, work)
        return len(references)

    def derived(self, uid: str) -> Person:
        references = [self._client.document(name, uid) for name in (TASTES, FEEDBACK, SHOWN)]
        snapshots = read_all(self._client, references)
        taste, feedback, shown = (snapshots[reference].to_dict() for reference in references)
        return Person(
            Closet(uid, {}),
            parse_taste(taste) if taste else None,
            parse_opinions(feedback or {}),
            parse_shown(shown or {}),
        )

    def _references(self, collection: PersonalCollection, uid: str) -> Iterator[Any]:
        if collection.is_one_document:
            return iter(self._only(collection, uid))
        query = self._query(collection, uid).order_by("__name__").select([])
        return (snapshot.reference for snapshot in paged(query))

    def _only(self, collection: PersonalCollection, uid: str) -> list[Any]:
        """Return the reference of a collection's only document of a person, if there is one."""
        reference = self._client.document(*collection.parent.split("/"), uid)
        found = read_all(self._client, [reference], field_paths=["uid"])
        return [reference for reference, snapshot in found.items() if snapshot.exists]

    def _query(self, collection: PersonalCollection, uid: str) -> Any:
        path = (uid if part == "{uid}" else part for part in self._name(collection).split("/"))
        documents = self._client.collection(*path)
        return documents.where(filter=FieldFilter("uid", "==", uid)) if collection.is_owned_by_field else documents

    def _name(self, collection: PersonalCollection) -> str:
        return self._wardrobe_collection if collection is WARDROBE else collection.parent


def _plain(value: Any) -> Any:
    """Return a value of Firestore as JSON has it."""
    match value:
        case Mapping():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case firestore.GeoPoint():
            return {"latitude": value.latitude, "longitude": value.longitude}
        case firestore.DocumentReference():
            return value.path
    return str(value)
