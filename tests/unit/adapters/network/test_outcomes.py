"""Every status and every error of the HTTP library is sorted once into what ends and what is tried again."""

import socket
import ssl
from http import HTTPStatus
from typing import Any

import httpcore
import httpx
import pytest

from closetspace.adapters.network.outcomes import PERMANENT_ERRORS, TRANSIENT_ERRORS, Outcome, outcome_of

REDIRECTS = {301, 302, 303, 307, 308}
TRANSIENT = {403, 408, 421, 425, 429}


def expected(status: int) -> Outcome:
    if status == 200:
        return Outcome.SUCCESS
    if status in REDIRECTS:
        return Outcome.REDIRECT
    return Outcome.TRANSIENT if status in TRANSIENT or status >= 500 else Outcome.PERMANENT


def test_every_status_is_sorted() -> None:
    statuses = sorted({*range(100, 600), *HTTPStatus, 600, 999})
    assert {status: outcome_of(status) for status in statuses} == {status: expected(status) for status in statuses}


def library_errors() -> list[type[Exception]]:
    """Return every exception that httpcore raises, and those of the system and of TLS."""
    own: list[Any] = [value for value in vars(httpcore).values() if isinstance(value, type)]
    only_bases = [httpcore.ProtocolError]
    errors = [value for value in own if issubclass(value, Exception) and value not in only_bases]
    return [*errors, httpx.InvalidURL, *subclasses(OSError), UnicodeError, UnicodeEncodeError]


def subclasses(error: type[Exception]) -> list[type[Exception]]:
    return [error, *(each for child in error.__subclasses__() for each in subclasses(child))]


@pytest.mark.parametrize("error", library_errors(), ids=lambda error: error.__name__)
def test_every_error_is_either_transient_or_permanent(error: type[Exception]) -> None:
    assert issubclass(error, TRANSIENT_ERRORS) != issubclass(error, PERMANENT_ERRORS)


@pytest.mark.parametrize(
    "error",
    [socket.gaierror, ConnectionResetError, ssl.SSLCertVerificationError, httpcore.ReadTimeout, httpcore.ConnectError],
)
def test_failure_of_the_network_is_transient(error: type[Exception]) -> None:
    assert issubclass(error, TRANSIENT_ERRORS)
