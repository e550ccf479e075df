"""People in Firestore: their closets, tastes, opinions, recently shown lists and preferences.

``feedback/{uid}`` holds a map from catalog item to opinion, ``shown/{uid}`` the latest lists; only the server writes
them. ``preferences/{uid}`` is written by the person.

Opinions are stored as one JSON text: the client takes 11 ms to decode a thousand of them as Firestore maps and 1 ms as
text, and in a text an item's id may be any string. For the same reason the lists are stored as bytes.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from google.cloud import firestore

from closetspace.adapters.firestore.accounts import ACCOUNT_DELETIONS
from closetspace.adapters.firestore.closet_documents import CLOSET_FIELDS, read_closet, shard_reference
from closetspace.adapters.firestore.closets import TASTE_FIELDS, TASTES, parse_taste
from closetspace.adapters.firestore.direct import read_plain, set_plain
from closetspace.adapters.firestore.transactions import run_transaction
from closetspace.domain.person.opinions import Opinion, OpinionKind, with_opinion
from closetspace.domain.person.person import Person
from closetspace.domain.person.preferences import Preferences, parse_preferences
from closetspace.domain.person.shown import ShownList, ShownLists

FEEDBACK, SHOWN, PREFERENCES = "feedback", "shown", "preferences"

SHOWN_FIELDS = ["recent", "lists"]
"""The lists as bytes, and as earlier releases stored them."""

PERSON_FIELDS = [
    *CLOSET_FIELDS,
    *TASTE_FIELDS,
    *SHOWN_FIELDS,
    *(preference.name for preference in fields(Preferences)),
]
"""Fields that a request reads. One read has one mask for all documents, so the rules refuse preferences that are named
like fields of the others; any other field of a client costs nothing."""

_LIST = struct.Struct("<QH")
"""A list's seed and its number of keys, which follow in 4 bytes each (`closetspace.domain.ranking.paging.short`)."""


class FirestorePeople:
    """`closetspace.ports.People` over ``closets``, ``taste``, ``feedback``, ``shown`` and ``preferences``.

    A person whose mark in ``account_deletions`` exists is leaving.
    """

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def person(self, uid: str) -> Person:
        main, mark = shard_reference(self._client, uid, 0), self._client.document(ACCOUNT_DELETIONS, uid)
        others = [self._client.document(name, uid) for name in (TASTES, FEEDBACK, SHOWN, PREFERENCES)]
        documents = read_plain(self._client, [main, mark, *others], PERSON_FIELDS)
        closet = read_closet(self._client, uid, documents[main])
        taste, feedback, shown, preferences = (documents[reference].fields for reference in others)
        return Person(
            closet,
            parse_taste(taste) if taste else None,
            parse_opinions(feedback or {}),
            parse_shown(shown or {}),
            parse_preferences(preferences),
            is_leaving=documents[mark].fields is not None,
        )

    def give_opinion(self, uid: str, item_id: str, opinion: Opinion | None) -> None:
        reference = self._client.document(FEEDBACK, uid)

        def work(transaction: firestore.Transaction) -> None:
            earlier = parse_opinions(reference.get(transaction=transaction).to_dict() or {})
            opinions = with_opinion(earlier, item_id, opinion)
            if opinions is not earlier:
                transaction.set(reference, opinions_document(uid, opinions))

        run_transaction(self._client, work)

    def remember_shown(self, uid: str, shown: ShownLists) -> None:
        reference = self._client.document(SHOWN, uid)
        set_plain(self._client, reference, {"uid": uid, "recent": pack_lists(shown)}, "updated_at")


def opinions_document(uid: str, opinions: Mapping[str, Opinion]) -> dict[str, Any]:
    """Return the document of a person's opinions."""
    items = {item_id: [opinion.kind.value, opinion.product] for item_id, opinion in opinions.items()}
    return {"uid": uid, "updated_at": firestore.SERVER_TIMESTAMP, "items": json.dumps(items, ensure_ascii=False)}


def parse_opinions(document: Mapping[str, Any]) -> dict[str, Opinion]:
    """Return the opinions by item id that a document holds."""
    items = json.loads(document.get("items", "{}"))
    return {item_id: Opinion(OpinionKind(kind), product) for item_id, (kind, product) in items.items()}


def pack_lists(shown: ShownLists) -> bytes:
    """Return the lists one after the other. One field costs the client a third of what a list of maps does."""
    return b"".join(
        _LIST.pack(one.seed, len(one.keys)) + struct.pack(f"<{len(one.keys)}I", *one.keys) for one in shown.lists
    )


def parse_shown(document: Mapping[str, Any]) -> ShownLists:
    """Return the lists that a document holds."""
    if "recent" in document:
        return ShownLists(tuple(_unpack_lists(document["recent"])))
    return ShownLists(
        tuple(
            ShownList(int(i["seed"]), struct.unpack(f"<{len(i['keys']) // 4}I", i["keys"]))
            for i in document.get("lists") or ()
        )
    )


def _unpack_lists(data: bytes) -> Iterator[ShownList]:
    place = 0
    while place < len(data):
        seed, count = _LIST.unpack_from(data, place)
        yield ShownList(seed, struct.unpack_from(f"<{count}I", data, place + _LIST.size))
        place += _LIST.size + 4 * count
