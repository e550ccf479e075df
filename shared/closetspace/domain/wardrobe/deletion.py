"""The deletion of an item, and the photos that it takes along."""

from dataclasses import dataclass
from datetime import datetime, timedelta

REUSE_AFTER = timedelta(hours=1)
"""Item ids are not used again within it, and the clocks of the databases differ by far less."""


@dataclass(frozen=True)
class Deletion:
    """An item's deletion as its event tells it: whose it was, and when it went."""

    uid: str
    at: datetime

    def takes_along(self, created: datetime) -> bool:
        """Return whether a photo created then belonged to the item; a later one belongs to an item that reuses the id.

        Events come up to a day late.
        """
        return created <= self.at + REUSE_AFTER
