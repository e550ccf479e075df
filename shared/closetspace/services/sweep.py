"""Look again at items that should have settled and have not."""

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
    """Reconciles what the events' own retries have left unsettled."""

    wardrobe: Wardrobe
    reconcile: Callable[[str], Any]
    settings: Settings

    def sweep(self, now: datetime) -> int:
        """Reconcile every item unsettled for a while; returns how many were looked at.

        Goes on past items that fail, then raises `Transient` to say that some did.
        """
        before = now - timedelta(minutes=self.settings.settle_minutes)
        after = now - timedelta(hours=self.settings.sweep_hours)
        looked_at, failed = 0, 0
        for item_id in list(self.wardrobe.unsettled(after, before)):
            looked_at += 1
            try:
                self.reconcile(item_id)
            except Exception:
                # One item's fault must not keep the others waiting; it is raised in sum below.
                log.exception("item %s is still unsettled", item_id)
                failed += 1
        if failed:
            raise Transient(f"{failed} of {looked_at} unsettled items could not be settled")
        return looked_at
