"""Firestore transactions that end: in a result, or in an error of ours."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from google.api_core import exceptions as google
from google.cloud import firestore

from closetspace.errors import Conflict, Transient

ATTEMPTS = 6
TRANSIENT_ERRORS = (google.ServerError, google.TooManyRequests)
"""Errors of the server that a retry may mend."""

FIRST_PAUSE_SECONDS = 0.02
"""Doubled with each attempt and jittered: 1.3 s in all before the platform's retry takes over."""


def run_transaction(client: firestore.Client, work: Callable[[firestore.Transaction], None]) -> datetime:
    """Run ``work`` in a transaction and commit it; when it is aborted, in a fresh one.

    The client's own retry resumes the aborted transaction's id, which not every server takes; a fresh
    transaction works everywhere. Returns the time of the commit, which is
    the update time of every document it wrote. Raises `Conflict`
    when contention does not end.
    """
    for attempt in range(ATTEMPTS):
        transaction = client.transaction(max_attempts=1)
        try:
            with translated_errors():
                firestore.transactional(work)(transaction)
                return cast(datetime, transaction.commit_time)
        except _Aborted:
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
    raise Conflict("too many others write the same documents")


class _Aborted(Transient):
    """The server gave another transaction precedence."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Firestore's errors as ours: what a retry may mend becomes `Transient`."""
    try:
        yield
    except (google.GoogleAPICallError, google.RetryError, ValueError) as exc:
        # The client wraps the last abort in a ValueError, and raises another when there is nothing to roll back.
        origin = (exc.__cause__ or exc.__context__) if isinstance(exc, ValueError) else exc
        if isinstance(origin, google.Aborted):
            raise _Aborted(str(origin)) from exc
        if isinstance(origin, (*TRANSIENT_ERRORS, google.RetryError)):
            raise Transient(f"Firestore: {origin}") from exc
        raise
