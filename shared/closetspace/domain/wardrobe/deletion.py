"""The deletion of an item, and which photos are deleted with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

REUSE_AFTER = timedelta(hours=1)
"""No item id is used again within this time after a deletion; the databases' clocks differ by far less."""


@dataclass(frozen=True)
class Deletion:
    """An item's deletion as its event reports it: the owner's uid and the time."""

    uid: str
    at: datetime

    def includes_photo(self, created: datetime) -> bool:
        """Return whether a photo that was created then belonged to the item.

        Events arrive up to a day late, so a later photo may belong to a new item with the same id.
        """
        return created <= self.at + REUSE_AFTER
