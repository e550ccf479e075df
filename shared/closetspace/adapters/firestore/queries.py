"""Reads from Firestore that answer with more than one document, with a retry that the client lacks.

When the answer to a query breaks off, google-cloud-firestore looks for a retry policy on its gRPC stub, which has none,
and raises `AttributeError` instead of the fault (googleapis/python-firestore#596); a read of several documents it does
not retry at all (#890). So these reads go through this module, which switches the client's retry off and does its own.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore

from closetspace.adapters.firestore.transactions import translated_errors
from closetspace.domain.retry import retry

T = TypeVar("T")

PAGE = 300
"""Documents per request. A caller may work on a page for minutes, and no stream has to stay open meanwhile."""

COUNT_SECONDS = 60.0
"""Timeout of a count of millions; Firestore itself allows no more."""

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.1
"""Doubled with each attempt: 13 s in all. The client's own limit is five minutes, in which a job prints nothing."""

NO_RETRY = Retry(if_exception_type())

Sleep = Callable[[float], None]


def paged(query: Any, sleep: Sleep = time.sleep) -> Iterator[Any]:
    """Yield the snapshots of an ordered query, read a page at a time; writes in between move no other document.

    Raises `Transient` if Firestore stays unavailable.
    """
    last = None
    while True:
        page = _page(query, last, sleep)
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]


def after_id(collection: Any, document_id: str, limit: int, fields: list[str]) -> list[Any]:
    """Return the snapshots of a collection's next documents in the order of their ids, with these fields."""
    query = collection.order_by("__name__").select(fields)
    last = {"__name__": collection.document(document_id)} if document_id else None
    return _page(query, last, time.sleep, limit)


def _page(query: Any, last: Any, sleep: Sleep, limit: int = PAGE) -> list[Any]:
    """Read the documents after ``last``. A retry continues after the last document that has arrived."""
    page: list[Any] = []

    def read_rest() -> None:
        after = page[-1] if page else last
        rest = query.start_after(after) if after else query
        for snapshot in rest.limit(limit - len(page)).stream(retry=NO_RETRY):
            page.append(snapshot)  # noqa: PERF402  (a stream that breaks off leaves what it has brought)

    retried(read_rest, sleep)
    return page


def count(query: Any) -> int:
    """Return how many documents a query finds, without reading them. Raises `Transient` like `paged`."""
    return int(retried(lambda: query.count().get(retry=NO_RETRY, timeout=COUNT_SECONDS))[0][0].value)


def read_all(
    client: firestore.Client,
    references: list[Any],
    *,
    transaction: firestore.Transaction | None = None,
    **options: Any,
) -> dict[Any, Any]:
    """Return the snapshots of documents by reference, including those of documents that don't exist.

    Raises `Transient` like `paged`. In a transaction nothing is retried here: `run_transaction` starts over.
    """

    def read(**more: Any) -> dict[Any, Any]:
        snapshots = client.get_all(references, transaction=transaction, **options, **more)
        return {snapshot.reference: snapshot for snapshot in snapshots}

    return read() if transaction else retried(lambda: read(retry=NO_RETRY))


def retried(read: Callable[[], T], sleep: Sleep = time.sleep) -> T:
    """Return what ``read`` returns; repeat it while Firestore is unavailable, and raise `Transient` if it stays so."""

    def attempt() -> T:
        with translated_errors():
            return read()

    return retry(attempt, attempts=ATTEMPTS, first_pause=FIRST_PAUSE_SECONDS, sleep=sleep)
