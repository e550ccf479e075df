"""Which faults of Firestore and Cloud Storage are temporary: one table for both clients.

A fault that is in none of the sets is permanent: our request is wrong, and stays wrong when it is sent again. The
counterpart for other hosts is `closetspace.adapters.network.outcomes`.
"""

import requests
from google.api_core import exceptions as google
from google.auth import exceptions as auth
from google.resumable_media.common import DataCorruption

TEMPORARY_STATUSES = frozenset({401, 403, 408, 425, 429, 499, 500, 502, 503, 504})
"""HTTP statuses. Google answers 401 and 403 while a token or a permission is being renewed, and for as long as billing
is off: an operator mends that, and no photo has to be lost meanwhile."""

TEMPORARY_ERRORS: tuple[type[Exception], ...] = (
    google.Aborted,
    google.DataLoss,
    google.RetryError,
    google.Unknown,
    google.TransferStalledError,
    auth.TransportError,
    auth.RefreshError,
    auth.TimeoutError,
    DataCorruption,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.RetryError,
)
"""Errors without a status of their own, or with one that says less than their class: 409 is also `AlreadyExists`."""


def is_temporary(error: BaseException | None) -> bool:
    """Return whether the call that raised the error may succeed later, unchanged."""
    if isinstance(error, TEMPORARY_ERRORS):
        return True
    status = error.code if isinstance(error, google.GoogleAPICallError) else None
    return status in TEMPORARY_STATUSES
