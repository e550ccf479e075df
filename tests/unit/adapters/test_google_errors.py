"""Every error that Google's clients raise is either temporary or permanent."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.auth import exceptions as auth_exceptions
from google.cloud.storage.exceptions import DataCorruption

from closetspace.adapters.firestore.transactions import translated_errors
from closetspace.adapters.google_errors import is_temporary
from closetspace.errors import Conflict, Transient

google: Any = exceptions
auth: Any = auth_exceptions

TEMPORARY_CODES = {
    *("ABORTED", "CANCELLED", "DATA_LOSS", "DEADLINE_EXCEEDED", "INTERNAL", "PERMISSION_DENIED"),
    *("RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "UNAVAILABLE", "UNKNOWN"),
}

TEMPORARY_STATUSES = {401, 403, 408, 425, 429, 499, 500, 502, 503, 504}

PERMANENT_REQUESTS = {
    *("RequestException", "InvalidJSONError", "JSONDecodeError", "HTTPError", "URLRequired", "TooManyRedirects"),
    *("MissingSchema", "InvalidSchema", "InvalidURL", "InvalidProxyURL", "InvalidHeader", "StreamConsumedError"),
    "UnrewindableBodyError",
}


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


@pytest.mark.parametrize("code", list(google.grpc.StatusCode), ids=lambda code: code.name)
def test_each_grpc_status_is_temporary_or_permanent(code: Any) -> None:
    assert is_temporary(google.from_grpc_status(code, "no")) == (code.name in TEMPORARY_CODES)


@pytest.mark.parametrize("status", range(300, 600))
def test_each_http_status_is_temporary_or_permanent(status: int) -> None:
    assert is_temporary(google.from_http_status(status, "no")) == (status in TEMPORARY_STATUSES)


@pytest.mark.parametrize("kind", list(subclasses(requests.RequestException)), ids=lambda kind: kind.__name__)
def test_each_error_of_requests_is_temporary_or_permanent(kind: Any) -> None:
    assert is_temporary(kind.__new__(kind)) == (kind.__name__ not in PERMANENT_REQUESTS)


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (google.RetryError("too late", None), True),
        (auth.TransportError("no token"), True),
        (auth.RefreshError("no token"), True),
        (auth.DefaultCredentialsError("none"), False),
        (DataCorruption(None, "another checksum"), True),
        (ValueError("ours"), False),
        (None, False),
    ],
)
def test_other_errors_are_permanent_unless_listed(error: Exception | None, temporary: bool) -> None:
    assert is_temporary(error) == temporary


def test_firestore_errors_become_transient_or_stay() -> None:
    with pytest.raises(Transient), translated_errors():
        raise google.PermissionDenied("the account has no role yet")
    with pytest.raises(google.InvalidArgument), translated_errors():
        raise google.InvalidArgument("a document is too large")
    for ended in ("The referenced transaction has expired or is no longer valid.", "Invalid transaction."):
        with pytest.raises(Transient), translated_errors():
            raise google.InvalidArgument(ended)
    with pytest.raises(Conflict), translated_errors():
        raise Conflict("ours")
