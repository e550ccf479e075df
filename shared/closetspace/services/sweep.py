"""Reconcile items that should have settled and have not, and find those whose events were lost."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.schedule import next_sweep, unsettled_time
from closetspace.errors import Transient
from closetspace.log_labels import event, log_labels
from closetspace.ports import Wardrobe
from closetspace.services.audit import Auditor
from closetspace.services.reconcile import Reconciler
from closetspace.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweeper:
    """Reconciles the items that are due and those that an audit finds, each within a limit of time.

    ``clock`` returns seconds, and measures how long a sweep has taken.
    """

    wardrobe: Wardrobe
    reconciler: Reconciler
    auditor: Auditor
    settings: Settings
    clock: Callable[[], float]

    def sweep(self, now: datetime) -> int:
        """Reconcile every item that is due; return their number.

        Raises `Transient` at the end if any item failed.
        """
        end = self.clock() + self.settings.sweep_seconds
        swept, failed, oldest = 0, 0, timedelta()
        for item_id, unsettled, work in self._work(now):
            oldest = max(oldest, unsettled)
            if self.clock() > end:
                log.warning("the sweep has reached its time limit; the next one continues")
                break
            swept += 1
            with log_labels(item=item_id):
                try:
                    _within(self.settings.sweep_item_seconds, work)
                except Exception:
                    # One failure must not stop the sweep; all are reported together below.
                    log.exception("item %s is still unsettled", item_id, extra=event("item_unsettled"))
                    failed += 1
        counts = event("swept", items=swept, failed=failed, oldest_unsettled_seconds=oldest.total_seconds())
        log.info("swept %d unsettled items, of which %d failed", swept, failed, extra=counts)
        if failed:
            raise Transient(f"{failed} of {swept} unsettled items failed")
        return swept

    def _work(self, now: datetime) -> Iterator[tuple[str, timedelta, Callable[[], Any]]]:
        """Yield each item, for how long it has not settled, and what is to be done for it, in the order of urgency."""
        for due in self.wardrobe.due(now):
            sweeps = due.sweeps + 1
            # Before it is tried, so that an item that takes the process with it comes behind all others next time.
            if self.wardrobe.postpone(due, next_sweep(now, sweeps, self.settings)):
                unsettled = unsettled_time(due.sweeps, self.settings) if due.is_processing else timedelta()
                yield (
                    due.item_id,
                    unsettled,
                    self._reconcile(due.item_id, None, now - unsettled, last=sweeps >= self.settings.max_sweeps),
                )
        for item_id, deletion in self.auditor.audit(now):
            yield item_id, timedelta(), self._reconcile(item_id, deletion, None, last=False)

    def _reconcile(
        self, item_id: str, deletion: Deletion | None, changed_at: datetime | None, *, last: bool
    ) -> Callable[[], Any]:
        def reconcile() -> None:
            try:
                self.reconciler.reconcile(item_id, deletion, changed_at)
            finally:
                if last:
                    self.reconciler.attempts.conclude(item_id)

        return reconcile


def _within(seconds: float, work: Callable[[], Any]) -> None:
    """Do some work; raise `Transient` if it takes too long. It then continues in a thread of its own."""
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    try:
        outcome.result(seconds)
    except TimeoutError as exc:
        if outcome.done():
            raise
        raise Transient(f"it took more than {seconds:g} s") from exc
