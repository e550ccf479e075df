"""Whole closets out of Firestore: all documents of one as they were at the same moment."""

from datetime import datetime
from typing import Any

from google.cloud import firestore

from closetspace.adapters.firestore.closet_documents import entries_in, last_shard, shard_reference
from closetspace.adapters.firestore.queries import read_all
from closetspace.domain.wardrobe.closet import Closet


def whole_closet(client: firestore.Client, uid: str, main: Any) -> Closet:
    """The closet of a main document's snapshot, with its other documents as they were at that moment."""
    entries = {i: entry for document in closet_documents(client, uid, main) for i, entry in entries_in(document)}
    return Closet(uid, entries, _microseconds(main.update_time))


def closet_documents(client: firestore.Client, uid: str, main: Any) -> list[Any]:
    """The contents of a closet's documents by their numbers; a closet of one document is not read again."""
    references = [shard_reference(client, uid, number) for number in range(1, last_shard(main) + 1)]
    if not references:
        return [main.to_dict()]
    rest = read_all(client, references, read_time=_whole_microseconds(main.read_time))
    return [main.to_dict(), *(rest[reference].to_dict() for reference in references)]


def _whole_microseconds(moment: datetime) -> datetime:
    # Snapshots tell nanoseconds, reads at a time take none.
    return datetime.combine(moment.date(), moment.time(), moment.tzinfo)


def _microseconds(moment: datetime | None) -> int:
    # Exact: a float of seconds since 1970 has no room for microseconds to spare.
    if moment is None:
        return 0
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
