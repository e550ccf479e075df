"""Reconcile items that should have settled and have not."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from closetspace.errors import Transient
from closetspace.ports import Wardrobe
from closetspace.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweeper:
    """Reconciles the items that the retries of events left unsettled."""

    wardrobe: Wardrobe
    reconcile: Callable[[str], Any]
    settings: Settings

    def sweep(self, now: datetime) -> int:
        """Reconcile every item that is unsettled for a while; return their number.

        Raises `Transient` at the end if any item failed.
        """
        before = now - timedelta(minutes=self.settings.settle_minutes)
        after = now - timedelta(hours=self.settings.sweep_hours)
        swept, failed = 0, 0
        for item_id in list(self.wardrobe.unsettled(after, before)):
            swept += 1
            try:
                self.reconcile(item_id)
            except Exception:
                # One failure must not stop the sweep; all are reported together below.
                log.exception("item %s is still unsettled", item_id)
                failed += 1
        if failed:
            raise Transient(f"{failed} of {swept} unsettled items failed")
        return swept
