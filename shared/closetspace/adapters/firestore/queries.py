"""Firestore queries whose answers may be longer than any one request lives."""

from collections.abc import Iterator
from typing import Any

from google.api_core.retry import Retry, if_transient_error

from closetspace.adapters.firestore.transactions import translated_errors

PAGE = 300
"""Documents a request: what is done with them may take minutes, and no stream has to stay open meanwhile."""

COUNT_SECONDS = 60.0
"""For a count of millions; Firestore itself gives it no longer."""

UNTIL_UNREACHABLE = Retry(predicate=if_transient_error, timeout=15.0)
"""Seconds of retries: the client's own go on for five minutes, which at the start of a job tells nobody anything."""


def paged(query: Any) -> Iterator[Any]:
    """The snapshots of an ordered query, page after page; what changes meanwhile moves none of the others."""
    last = None
    while True:
        following = query.start_after(last) if last else query
        with translated_errors():
            page = list(following.limit(PAGE).stream())
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]


def count(query: Any) -> int:
    """How many documents a query finds, without reading them."""
    with translated_errors():
        return int(query.count().get(retry=UNTIL_UNREACHABLE, timeout=COUNT_SECONDS)[0][0].value)
