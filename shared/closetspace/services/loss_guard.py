"""Notice that items were lost, before photos are removed that only these items named."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from closetspace.errors import FailedPrecondition, NotFound
from closetspace.log_labels import event
from closetspace.ports import Accounts, Bookmarks, ObjectStore, Wardrobe

log = logging.getLogger(__name__)

SWEPT = "swept"
"""Name of the bookmark with the time of a sweep that might remove photos, one of each hour."""

WITNESS = "sweeper/swept.txt"
"""The object with the same time, beside the photos. No client can read or write it."""

INTERVAL = timedelta(hours=1)
"""A note beside the photos is two events for the functions, each of which may start an instance. A restore to the last
hour may go unnoticed."""

COUNTED = 10_000
"""Items and states that are counted at most, of each: ten reads."""

FEW, SHARE = 10, 0.5
"""States without an item that are no sign of a loss: so many, or this share of all."""


@dataclass(frozen=True)
class LossGuard:
    """Keeps the time of a sweep in the database, and then beside the photos.

    A database that was emptied or restored has an earlier time than is kept beside the photos, until it is repaired.
    One that has many more states than items has lost items, or they are in another collection.
    """

    wardrobe: Wardrobe
    accounts: Accounts
    bookmarks: Bookmarks
    photos: ObjectStore

    def allows_removal(self, now: datetime) -> bool:
        """Return whether photos that no item names may be removed; log an error if not."""
        restored, lost = self._restored(), self._lost_items()
        if not (restored or lost):
            if self._is_to_be_noted(now):
                self.accept(now)
            return True
        if not restored and any(mark.finished_at is None for mark in self.accounts.deletions()):
            # A person's items are removed before their states.
            log.info("no photos are removed: an account is being removed, and %s", lost)
            return False
        refused = event("removal_refused")
        log.error('no photos are removed: %s. See docs/operating.md, "Items are lost"', restored or lost, extra=refused)
        return False

    def accept(self, now: datetime) -> None:
        """Take the database as it is from now on."""
        time = now.astimezone(UTC).isoformat(timespec="milliseconds")
        # The database comes first: if this process ends in between, its time is the later one.
        self.bookmarks.set_bookmark(SWEPT, time)
        self.photos.write(WITNESS, time.encode())

    def require_restored_to(self, restored_to: datetime | None) -> None:
        """Raise `FailedPrecondition` if the database was restored, and no time says to which state."""
        known = self.bookmarks.bookmark(SWEPT)
        if restored_to is None and self._time_beside_photos() > known:
            when = f"was restored, to {known} or within the hour after" if known else "was emptied: restore it"
            raise FailedPrecondition(
                f"The database {when}. Repeat the command with --restored-to and the time to which it was restored:"
                " photos that were uploaded since need their items."
            )

    def _restored(self) -> str:
        """Return how one sees that the database was emptied or restored, "" if it was not."""
        known, beside_photos = self.bookmarks.bookmark(SWEPT), self._time_beside_photos()
        if beside_photos <= known:
            return ""
        return f"there was a sweep at {beside_photos}, and the last that the database knows was at {known or 'no time'}"

    def _lost_items(self) -> str:
        items, states = self.wardrobe.count_items_and_states(COUNTED)
        if states - items <= max(FEW, SHARE * states):
            return ""
        return f"there are {states:,} states of {items:,} items"

    def _is_to_be_noted(self, now: datetime) -> bool:
        known = self.bookmarks.bookmark(SWEPT)
        return not known or now - datetime.fromisoformat(known) >= INTERVAL

    def _time_beside_photos(self) -> str:
        try:
            return self.photos.read(WITNESS).decode()
        except NotFound:
            return ""
