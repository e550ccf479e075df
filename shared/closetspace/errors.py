"""The errors that cross a module boundary.

    ClosetspaceError
    ├── InvalidInput       the caller's or the person's input is wrong, and stays wrong when retried
    │   └── NotFound       it names something that does not exist
    ├── FailedPrecondition the input is fine, the state is not: something has to be done first
    ├── ResourceExhausted  the input is fine, but there is no room for it: something has to go first
    ├── Transient          try again later
    │   └── Conflict       somebody else was faster; read again and decide anew
    └── Incompatible       stored data was made by, or for, something else: refuse it

Adapters translate their library's errors into these with ``from exc``; entry points translate these into
the codes of their protocol.
"""


class ClosetspaceError(Exception):
    """Base of every error that Closetspace raises on purpose."""


class InvalidInput(ClosetspaceError):
    """Input that no retry will mend.

    ``code`` is stable and for programs (``photo_too_large``); ``message`` is one or two sentences that the
    frontend can show: what is wrong, and what to do next.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotFound(InvalidInput):
    """Input that names an object, a document or a version that does not exist."""


class FailedPrecondition(ClosetspaceError):
    """The system is not in the state that the call needs; the message says what to do first."""


class ResourceExhausted(ClosetspaceError):
    """No more of something can be kept; the message is for the person, and says what to do first."""


class Transient(ClosetspaceError):
    """A fault that goes away by itself: the network, a quota, a backend. Raising it asks for a retry."""


class Conflict(Transient):
    """A conditional write lost against another writer."""


class Incompatible(ClosetspaceError):
    """An index, a vector or a file that does not match what would use it: version, encoder, checksum."""
