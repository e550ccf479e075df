"""Delete an account: mark it, remove everything that its person has, and what arrives later."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from closetspace.domain.person.account import AccountDeletion, check_uid
from closetspace.domain.person.personal_data import COLLECTIONS, MARKS, WARDROBE, object_folder
from closetspace.errors import FailedPrecondition, Transient
from closetspace.log_labels import event, log_labels
from closetspace.ports import Accounts, ObjectStore, PersonalDocuments, Users
from closetspace.settings import Settings

log = logging.getLogger(__name__)

SIGN_IN_AGAIN = "Deleting your account needs a sign-in of the last {:g} minutes. Sign in again, then repeat it."
DELETED = "This account is being deleted. Sign out."

DELETIONS_AT_ONCE = 8
"""Objects that are deleted at the same time, on the ten connections that the client keeps."""

Removed = Callable[[str, int], None]
"""Called with a path of the list of personal data and the number of documents or objects removed there."""


def ignore_removed(path: str, count: int) -> None:
    """Do nothing with what was removed."""


def account_deleted() -> FailedPrecondition:
    """Return the error for a person whose account is being deleted."""
    return FailedPrecondition(DELETED, reason="account_deleted")


def require_staying(accounts: Accounts, uid: str) -> None:
    """Raise `FailedPrecondition` if the account is being deleted."""
    if accounts.deletion(uid):
        raise account_deleted()


@dataclass(frozen=True)
class AccountRemover:
    """Removes accounts. Every step looks for what is left, so an attempt may end anywhere and the next one continues.

    While an account is marked, its callables are refused and its items are not embedded. `sweep` removes what its
    valid tokens and late events still write, and in the end the mark.
    """

    accounts: Accounts
    documents: PersonalDocuments
    objects: ObjectStore
    users: Users
    settings: Settings
    clock: Callable[[], float] = time.monotonic

    def request(self, uid: str, signed_in: datetime | None, now: datetime) -> None:
        """Mark the account of a person who has signed in recently.

        Raises `FailedPrecondition` if the last sign-in was too long ago.
        """
        minutes = self.settings.recent_sign_in_minutes
        if signed_in is None or now - signed_in > timedelta(minutes=minutes):
            raise FailedPrecondition(SIGN_IN_AGAIN.format(minutes), reason="recent_login_required")
        self.mark(uid, now)

    def mark(self, uid: str, now: datetime) -> None:
        """Mark an account, on which its removal begins. An account that is marked already keeps its mark."""
        self.accounts.mark(check_uid(uid), now)

    def remove_arriving(self, uid: str) -> bool:
        """Delete items of an account if it is marked; return whether it is. The sweep removes the rest, with photos."""
        if self.accounts.deletion(uid) is None:
            return False
        self.documents.delete_page(WARDROBE, uid)
        return True

    def remove(self, uid: str, now: datetime, removed: Removed = ignore_removed) -> int:
        """Remove everything that a marked account has, the account itself last; return how much there was.

        Does nothing for accounts without a mark. Raises `Transient` if a service is unavailable or the time is over.
        """
        mark = self.accounts.deletion(uid)
        return self._remove(mark, now, self._deadline(), removed) if mark else 0

    def sweep(self, now: datetime) -> int:
        """Remove what is left or has arrived of marked accounts; return the number of marks.

        A mark goes some time after the first removal, if nothing more has arrived. Raises `Transient` at the end if any
        account failed. Ends when its time is over, with the account that it is at.
        """
        marks, failed, deadline = list(self.accounts.deletions()), 0, self._deadline()
        # Each sweep begins elsewhere, so that an account which takes all of the time keeps no other one waiting.
        first = int(now.timestamp()) % len(marks) if marks else 0
        for mark in [*marks[first:], *marks[:first]]:
            if self.clock() > deadline:
                log.warning("the sweep of accounts has no time left; the next one continues")
                break
            with log_labels(uid=mark.uid):
                try:
                    self._sweep(mark, now, deadline)
                except Exception:
                    # One account must not keep the others' data; all are reported together below.
                    log.exception("an account is not removed yet")
                    failed += 1
        if failed:
            raise Transient(f"{failed} of {len(marks)} accounts are not removed yet")
        return len(marks)

    def _sweep(self, mark: AccountDeletion, now: datetime, deadline: float) -> None:
        found = self._remove(mark, now, deadline, ignore_removed)
        keep = timedelta(hours=self.settings.removal_hours)
        if not found and mark.finished_at and now - mark.finished_at >= keep:
            self.accounts.forget(mark.uid)

    def _remove(self, mark: AccountDeletion, now: datetime, deadline: float, removed: Removed) -> int:
        count = 0
        for path, number in chain(self._remove_documents(mark.uid), self._remove_objects(mark.uid)):
            removed(path, number)
            count += number
            if self.clock() > deadline:
                raise Transient("the time for one attempt is over; the next one continues")
        if self.users.delete(mark.uid):
            with log_labels(uid=mark.uid):
                log.info("an account is deleted", extra=event("account_deleted"))
        if mark.finished_at is None:
            self.accounts.finish(mark.uid, now)
        return count

    def _remove_documents(self, uid: str) -> Iterator[tuple[str, int]]:
        for collection in COLLECTIONS:
            while collection is not MARKS and (count := self.documents.delete_page(collection, uid)):
                yield collection.path, count

    def _remove_objects(self, uid: str) -> Iterator[tuple[str, int]]:
        folder = object_folder(uid)
        names = (stat.name for stat in self.objects.list(folder))
        with ThreadPoolExecutor(DELETIONS_AT_ONCE) as pool:
            while batch := list(islice(names, 8 * DELETIONS_AT_ONCE)):
                list(pool.map(self.objects.delete, batch))
                yield folder, len(batch)

    def _deadline(self) -> float:
        return self.clock() + self.settings.removal_seconds
