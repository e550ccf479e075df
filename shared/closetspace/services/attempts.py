"""Count the attempts to embed an item, and give the item up when too many have failed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from closetspace.domain.wardrobe.item import Fault, Item
from closetspace.domain.wardrobe.schedule import (
    begin_attempt,
    internal_fault,
    is_attempted,
    next_sweep,
    unfinished_fault,
)
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.errors import Transient
from closetspace.log_labels import event
from closetspace.ports import ItemRecord, Keep, Remove, Wardrobe
from closetspace.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempts:
    """Keeps the number of attempts in each item's state. ``encoder_id`` is the encoder that makes them."""

    wardrobe: Wardrobe
    settings: Settings
    encoder_id: str
    now: Callable[[], datetime]

    def begin(self, item: Item, key: str, record: ItemRecord) -> ItemRecord | None:
        """Count an attempt and set the state to processing; None if the item has had its last attempt.

        An earlier vector stays in use until the new one is stored.
        """
        old = record.state
        if old and is_attempted(old, item.uid, key) and old.attempts >= self.settings.max_attempts:
            self._give_up(record, item, old, internal_fault())
            return None
        moved = old is not None and old.uid != item.uid
        state = begin_attempt(old, item.uid, key, self.now(), self.settings)
        return self.wardrobe.commit(record, state, Remove() if moved else Keep())

    def withdraw(self, item_id: str, key: str) -> None:
        """Take back the count of an attempt at the content ``key`` that failed temporarily."""
        try:
            record = self.wardrobe.read(item_id)
            state = record.state
            if record.item and state and is_attempted(state, record.item.uid, key):
                self.wardrobe.commit(record, replace(state, attempts=max(0, state.attempts - 1)), Keep())
        except Transient as error:
            log.warning("an attempt for item %s stays counted: %s", item_id, error)

    def fail(self, item_id: str, *, counted: bool) -> bool:
        """Count an attempt that failed through our fault, unless it is counted; return whether it was the last one."""
        record = self.wardrobe.read(item_id)
        item = record.item
        if item is None:
            return False
        state = record.state or ItemState(item.uid, Status.PROCESSING)
        if not counted:
            due = state.sweep_at or next_sweep(self.now(), 0, self.settings)
            state = replace(state, uid=item.uid, attempts=state.attempts + 1, sweep_at=due)
        if state.attempts >= self.settings.max_attempts:
            self._give_up(record, item, state, internal_fault())
            return True
        if not counted:
            self.wardrobe.commit(record, replace(state, status=Status.PROCESSING, error=None, hint=None), Keep())
        return False

    def conclude(self, item_id: str) -> None:
        """End the sweeps of an item: it keeps waiting for its photo, or fails if it was being processed."""
        record = self.wardrobe.read(item_id)
        if record.item is None or record.state is None:
            return
        if record.state.status is Status.WAITING_FOR_PHOTO:
            self.wardrobe.commit(record, replace(record.state, sweep_at=None), Keep())
        elif record.state.status is Status.PROCESSING:
            self._give_up(record, record.item, record.state, unfinished_fault(record.item))

    def _give_up(self, record: ItemRecord, item: Item, state: ItemState, fault: Fault) -> None:
        given_up = event("item_given_up", code=fault.code, attempts=state.attempts)
        log.error(
            "item %s is given up after %d attempts: %s", record.item_id, state.attempts, fault.code, extra=given_up
        )
        key = state.content_key
        failed = ItemState(
            item.uid, Status.FAILED, key, self.encoder_id if key else None, error=fault, attempts=state.attempts
        )
        self.wardrobe.commit(record, failed, Remove())
