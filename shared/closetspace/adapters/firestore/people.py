"""People in Firestore: their closet and taste, and beside them what they said and what they were shown.

``feedback/{uid}`` holds a map from catalog item to opinion, ``shown/{uid}`` the latest lists; both are the server's
alone. ``preferences/{uid}`` is the person's own to write.

Opinions are one JSON text: the client takes 11 ms of every request to decode a thousand of them as Firestore's maps,
and one as text, in which an item may be called whatever it likes.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from google.cloud import firestore

from closetspace.adapters.firestore.closet_documents import shard_reference
from closetspace.adapters.firestore.closet_reads import whole_closet
from closetspace.adapters.firestore.closets import TASTES, taste_in
from closetspace.adapters.firestore.queries import read_all
from closetspace.adapters.firestore.transactions import run_transaction, translated_errors
from closetspace.domain.person.opinions import Opinion, OpinionKind, with_opinion
from closetspace.domain.person.person import Person
from closetspace.domain.person.preferences import parse_preferences
from closetspace.domain.person.shown import ShownList, ShownLists

FEEDBACK, SHOWN, PREFERENCES = "feedback", "shown", "preferences"

STORED_KEY = np.dtype("<u4")
"""A shortened key, as cursors keep it."""


class FirestorePeople:
    """`closetspace.ports.People` over ``closets``, ``taste``, ``feedback``, ``shown`` and ``preferences``."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def person(self, uid: str) -> Person:
        main = shard_reference(self._client, uid, 0)
        others = [self._client.document(name, uid) for name in (TASTES, FEEDBACK, SHOWN, PREFERENCES)]
        with translated_errors():
            found = read_all(self._client, [main, *others])
            closet = whole_closet(self._client, uid, found[main])
        taste, feedback, shown, preferences = (found[reference].to_dict() for reference in others)
        return Person(
            closet,
            taste_in(taste) if taste else None,
            _opinions_in(feedback or {}),
            _shown_in(shown or {}),
            parse_preferences(preferences),
        )

    def give_opinion(self, uid: str, item_id: str, opinion: Opinion | None) -> None:
        reference = self._client.document(FEEDBACK, uid)

        def work(transaction: firestore.Transaction) -> None:
            known = _opinions_in(reference.get(transaction=transaction).to_dict() or {})
            opinions = with_opinion(known, item_id, opinion)
            if opinions is not known:
                transaction.set(reference, opinions_document(uid, opinions))

        run_transaction(self._client, work)

    def remember_shown(self, uid: str, shown: ShownLists) -> None:
        document = {**_head(uid), "lists": [_list_document(each) for each in shown.lists]}
        with translated_errors():
            self._client.document(SHOWN, uid).set(document)


def _head(uid: str) -> dict[str, Any]:
    return {"uid": uid, "updated_at": firestore.SERVER_TIMESTAMP}


def opinions_document(uid: str, opinions: Mapping[str, Opinion]) -> dict[str, Any]:
    """A person's opinions as their document."""
    items = {item_id: [opinion.kind.value, opinion.product] for item_id, opinion in opinions.items()}
    return {**_head(uid), "items": json.dumps(items, ensure_ascii=False)}


def _opinions_in(document: Mapping[str, Any]) -> dict[str, Opinion]:
    items = json.loads(document.get("items", "{}"))
    return {item_id: Opinion(OpinionKind(kind), product) for item_id, (kind, product) in items.items()}


def _list_document(shown: ShownList) -> dict[str, Any]:
    # The seed as text: that of a cursor has 64 bits, and Firestore's whole numbers have a sign.
    return {"seed": str(shown.seed), "keys": np.array(shown.keys, STORED_KEY).tobytes()}


def _shown_in(document: Mapping[str, Any]) -> ShownLists:
    lists = document.get("lists") or ()
    return ShownLists(
        tuple(ShownList(int(i["seed"]), tuple(np.frombuffer(i["keys"], STORED_KEY).tolist())) for i in lists)
    )
