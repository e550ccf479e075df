"""The errors that cross a module boundary.

    ClosetspaceError
    ├── InvalidInput       the input is wrong, and stays wrong when it is sent again
    ├── NotFound           an object, a document or a version does not exist
    ├── FailedPrecondition the input is valid, the state is not: another step has to come first
    ├── ResourceExhausted  the input is valid, but a limit is reached: something has to be removed first
    ├── Transient          a retry may succeed
    │   └── Conflict       another writer was faster: read again and decide again
    └── Incompatible       stored data has another version, encoder or checksum

Adapters translate their library's errors into these with ``from exc``. Entry points translate these into the codes of
their protocol (`closetspace.api.errors`).
"""

from collections.abc import Mapping


class ClosetspaceError(Exception):
    """Base class of the errors that Closetspace raises on purpose."""


class InvalidInput(ClosetspaceError):
    """The input is wrong, and stays wrong when it is sent again.

    ``code`` is stable, for programs (``photo_too_large``). ``message`` is one or two sentences that the frontend can
    show: what is wrong, and what to do next. ``field`` names the field of the request that is wrong, if one is.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class NotFound(ClosetspaceError):
    """An object, a document or a version does not exist."""


class FailedPrecondition(ClosetspaceError):
    """The system is not in the state that the call needs. The message says which step comes first.

    ``reason`` is stable, for programs (``recent_login_required``); ``details`` are numbers that belong to it.
    """

    def __init__(self, message: str, *, reason: str | None = None, details: Mapping[str, int] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.details = details or {}


class ResourceExhausted(ClosetspaceError):
    """A limit is reached. The message is for the person, and says what to remove first."""


class Transient(ClosetspaceError):
    """A temporary failure of the network, a quota or a backend. Raising it asks for a retry."""


class Conflict(Transient):
    """A conditional write failed because another writer was faster."""


class Incompatible(ClosetspaceError):
    """An index, a vector or a file has another version, encoder or checksum than its user needs."""
