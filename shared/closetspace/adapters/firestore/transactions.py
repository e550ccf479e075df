"""Firestore transactions and errors: a transaction ends in a result or in one of our errors."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from google.api_core import exceptions as google
from google.cloud import firestore

from closetspace.adapters.google_errors import is_temporary
from closetspace.domain.retry import retry
from closetspace.errors import Conflict, Transient

ATTEMPTS = 6

FIRST_PAUSE_SECONDS = 0.02
"""Pause after the first attempt, doubled with each attempt and jittered: 0.6 s in all, then the platform retries."""


def run_transaction(client: firestore.Client, work: Callable[[firestore.Transaction], None]) -> datetime:
    """Run ``work`` in a transaction, commit it, and return the commit time: the update time of all documents written.

    An aborted transaction is repeated from the start in a new one. The client's own retry resumes the aborted id, which
    not every server accepts. Raises `Conflict` if contention persists.
    """

    def attempt() -> datetime:
        transaction = client.transaction(max_attempts=1)
        with translated_errors():
            firestore.transactional(work)(transaction)
            return cast(datetime, transaction.commit_time)

    try:
        return retry(attempt, attempts=ATTEMPTS, first_pause=FIRST_PAUSE_SECONDS, sleep=_sleep_with_jitter, on=_Aborted)
    except _Aborted as exc:
        raise Conflict("too many concurrent writes to the same documents") from exc


def _sleep_with_jitter(seconds: float) -> None:
    time.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311


class _Aborted(Transient):
    """The server gave precedence to another transaction, or ended one that took too long."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate Firestore's errors: those for which a retry may succeed become `Transient`."""
    try:
        yield
    except Exception as exc:
        # The client wraps the last abort in a ValueError, and raises another if there is nothing to roll back.
        origin = (exc.__cause__ or exc.__context__) if isinstance(exc, ValueError) else exc
        if isinstance(origin, google.Aborted) or _is_expired(origin):
            raise _Aborted(str(origin)) from exc
        if is_temporary(origin):
            raise Transient(f"Firestore: {origin}") from exc
        raise


def _is_expired(error: BaseException | None) -> bool:
    """Return whether a request's transaction has ended meanwhile. The status alone is that of permanent errors."""
    return isinstance(error, google.InvalidArgument) and "transaction" in error.message
