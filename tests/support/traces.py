"""Everything in the local Firebase that mentions a person."""

import re
from collections.abc import Iterator
from typing import Any

from google.cloud import firestore

from closetspace.adapters.firestore.bookmarks import BOOKMARKS
from closetspace.bootstrap import open_store
from closetspace.domain.person.personal_data import COLLECTIONS, OBJECTS, PersonalCollection, PersonalObjects


def traces(uid: str, bucket: str) -> set[str]:
    """Return the paths of all documents and objects that have the uid in their path or content.

    Bookmarks are left out: an audit of more photos than one sweep looks at stops at anyone's, until the next sweep.
    """
    documents = {path for path, content in _documents(firestore.Client()) if uid in path or uid in content}
    documents = {path for path in documents if not path.startswith(f"{BOOKMARKS}/")}
    return documents | {stat.name for stat in open_store(f"gs://{bucket}").list("") if uid in stat.name}


def entry_of(path: str) -> PersonalCollection | PersonalObjects | None:
    """Return the entry of the list of personal data that covers a path."""
    entries: list[PersonalCollection | PersonalObjects] = [*COLLECTIONS, *OBJECTS]
    return next((entry for entry in entries if _pattern(entry.path).fullmatch(path)), None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _documents(parent: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and the content of each document below a client or a document, also of missing ones."""
    for collection in parent.collections():
        for reference in collection.list_documents():
            snapshot = reference.get()
            if snapshot.exists:
                yield reference.path, repr(snapshot.to_dict())
            yield from _documents(reference)
