"""Accounts of Firebase Authentication."""

import firebase_admin
from firebase_admin import auth, exceptions
from google.auth.exceptions import GoogleAuthError

from closetspace.adapters.google_errors import is_temporary
from closetspace.errors import FailedPrecondition, Transient

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
            auth.delete_user(uid, _app())
        except auth.UserNotFoundError:
            return False
        except (exceptions.FirebaseError, GoogleAuthError, ValueError) as exc:
            if isinstance(exc, TEMPORARY_ERRORS) or is_temporary(exc):
                raise Transient(f"Firebase Authentication: {exc}") from exc
            # A ValueError says that no project is named.
            raise FailedPrecondition(
                f"The account can't be deleted ({exc}). Set GOOGLE_CLOUD_PROJECT, and use credentials that have the"
                " permission firebaseauth.users.delete."
            ) from exc
        return True


def _app() -> firebase_admin.App:
    """Return the app that the functions have; in a command there is none yet."""
    try:
        return firebase_admin.get_app()
    except ValueError:
        return firebase_admin.initialize_app()
