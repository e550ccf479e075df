"""Accounts of Firebase Authentication."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice

import firebase_admin
from firebase_admin import auth, exceptions
from google.auth.exceptions import GoogleAuthError

from closetspace.adapters.google_errors import is_temporary
from closetspace.errors import FailedPrecondition, Transient

AT_ONCE = 100
"""Accounts that the service returns for one request."""

TEMPORARY_ERRORS = (
    exceptions.AbortedError,
    exceptions.DeadlineExceededError,
    exceptions.InternalError,
    exceptions.ResourceExhaustedError,
    exceptions.UnavailableError,
    exceptions.UnknownError,
)
"""Errors for which a retry may succeed."""


class FirebaseUsers:
    """`closetspace.ports.Users` over the accounts of the project."""

    def delete(self, uid: str) -> bool:
        try:
            with _translated_errors("The account can't be deleted", "firebaseauth.users.delete"):
                auth.delete_user(uid, _app())
        except auth.UserNotFoundError:
            return False
        return True

    def existing(self, uids: Collection[str]) -> set[str]:
        found: set[str] = set()
        rest = iter(uids)
        while batch := list(islice(rest, AT_ONCE)):
            with _translated_errors("Accounts can't be read", "firebaseauth.users.get"):
                answer = auth.get_users([auth.UidIdentifier(uid) for uid in batch], _app())
            found |= {user.uid for user in answer.users}
        return found


@contextmanager
def _translated_errors(what: str, permission: str) -> Iterator[None]:
    try:
        yield
    except auth.UserNotFoundError:
        raise
    except (exceptions.FirebaseError, GoogleAuthError, ValueError) as exc:
        if isinstance(exc, TEMPORARY_ERRORS) or is_temporary(exc):
            raise Transient(f"Firebase Authentication: {exc}") from exc
        # A ValueError says that no project is named.
        raise FailedPrecondition(
            f"{what} ({exc}). Set GOOGLE_CLOUD_PROJECT, and use credentials that have the permission {permission}."
        ) from exc


def _app() -> firebase_admin.App:
    """Return the app that the functions have; in a command there is none yet."""
    try:
        return firebase_admin.get_app()
    except ValueError:
        return firebase_admin.initialize_app()
