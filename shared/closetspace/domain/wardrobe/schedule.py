"""When an item that has not settled is looked at again, and when it is given up."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from closetspace.domain.wardrobe.item import Fault, Item
from closetspace.domain.wardrobe.photo import UrlPhoto
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.settings import Settings

MAX_DOUBLINGS = 6
"""Doublings of the pause between two sweeps of one item: 10 minutes become 10 hours."""

INTERNAL = "internal"


def next_sweep(now: datetime, sweeps: int, settings: Settings) -> datetime:
    """Return when an item is due again that was swept so many times: the pause doubles each time."""
    return now + timedelta(minutes=settings.settle_minutes * 2 ** min(sweeps, MAX_DOUBLINGS))


def unsettled_time(sweeps: int, settings: Settings) -> timedelta:
    """Return for how long an item, at the least, has not settled that was swept so many times and is due again."""
    pauses = sum(2 ** min(n, MAX_DOUBLINGS) for n in range(sweeps + 1))
    return timedelta(minutes=settings.settle_minutes * pauses)


def start_of_next_day(now: datetime) -> datetime:
    """Return the next midnight in UTC, when daily quotas begin anew."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def begin_attempt(state: ItemState | None, uid: str, key: str, now: datetime, settings: Settings) -> ItemState:
    """Return the state of an item while an attempt to embed it is made.

    The attempt is counted before it begins, because one that ends with the process can't be counted afterwards.
    """
    due = next_sweep(now, 0, settings)
    if state and is_attempted(state, uid, key):
        return replace(state, attempts=state.attempts + 1, sweep_at=max(due, state.sweep_at or due))
    known = state or ItemState(uid, Status.PROCESSING)
    begun = replace(
        known, uid=uid, status=Status.PROCESSING, content_key=key, error=None, hint=None, suggested_name=None
    )
    return replace(begun, attempts=1, sweeps=0, sweep_at=due)


def is_attempted(state: ItemState, uid: str, key: str) -> bool:
    """Return whether an attempt to embed this content has begun and not ended."""
    return (state.status, state.uid, state.content_key) == (Status.PROCESSING, uid, key)


def internal_fault() -> Fault:
    """Return the fault of an item that fails again and again for a cause of ours."""
    return Fault(
        INTERNAL,
        "Something went wrong on our side with this item. Add another photo of it, or change its name, to try again.",
    )


def unfinished_fault(item: Item) -> Fault:
    """Return the fault of an item that did not settle in two days."""
    if isinstance(item.photo, UrlPhoto):
        return Fault("photo_unreachable", "The photo's server has not sent it for two days. Upload the photo instead.")
    return internal_fault()
