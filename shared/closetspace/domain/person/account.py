"""Accounts whose owners leave."""

import re
from dataclasses import dataclass
from datetime import datetime

from closetspace.errors import InvalidInput

MAX_UID_LENGTH = 128
"""Characters of a uid, as Firebase Authentication limits it."""

_RESERVED = re.compile(r"\.|\.\.|__.*__", re.DOTALL)
"""Names that no document can have."""


@dataclass(frozen=True)
class AccountDeletion:
    """The mark of an account that is being deleted. ``finished_at`` is None until everything was removed once.

    Requests of the account may arrive for an hour after that, and their events a day later. While there is a mark, what
    they leave is removed, too.
    """

    uid: str
    requested_at: datetime
    finished_at: datetime | None = None


def is_uid(uid: str) -> bool:
    """Return whether an account can have this uid, so that it is one segment of a document's and an object's path."""
    return 0 < len(uid) <= MAX_UID_LENGTH and "/" not in uid and not _RESERVED.fullmatch(uid)


def check_uid(uid: str) -> str:
    """Return the uid; raise `InvalidInput` if no account can have it."""
    if not is_uid(uid):
        raise InvalidInput(
            "uid_invalid", f"{uid!r} is not a uid. Pass the account's User UID, as the console shows it."
        )
    return uid
