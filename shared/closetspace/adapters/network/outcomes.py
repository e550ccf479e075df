"""What every HTTP status and every error of a connection means: whether a later request may succeed."""

from enum import Enum, auto

import httpcore
import httpx


class Outcome(Enum):
    """What a response means."""

    SUCCESS = auto()
    REDIRECT = auto()
    TRANSIENT = auto()
    PERMANENT = auto()


_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({403, 408, 421, 425, 429})
"""Hosts also answer 403 to requests that come too often, and 421 on a connection that was meant for another host."""

TRANSIENT_ERRORS: tuple[type[Exception], ...] = (
    OSError,  # names that do not resolve, resets, TLS; a wrong certificate is the host's to repair, and many do
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.RemoteProtocolError,
    httpcore.ProxyError,
    httpcore.ConnectionNotAvailable,
)
PERMANENT_ERRORS: tuple[type[Exception], ...] = (
    httpx.InvalidURL,
    httpcore.UnsupportedProtocol,
    httpcore.LocalProtocolError,
    UnicodeError,  # a name that no resolver can be asked for, as one with more than 63 characters between two dots
)


def outcome_of(status: int) -> Outcome:
    """Return what a status means for the request of a file. Unregistered statuses are sorted by their class."""
    if status == 200:
        return Outcome.SUCCESS
    if status in _REDIRECTS:
        return Outcome.REDIRECT
    return Outcome.TRANSIENT if status in _TRANSIENT or status >= 500 else Outcome.PERMANENT
