"""Each person's quotas: how many items, and how many photos embedded in a day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from closetspace.domain.wardrobe.item import Fault, Item
from closetspace.domain.wardrobe.schedule import is_attempted, start_of_next_day
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.ports import Usage
from closetspace.settings import Settings


@dataclass(frozen=True)
class ExceededQuota:
    """What an item fails with, and when it is tried again by itself, if at all."""

    fault: Fault
    until: datetime | None = None


@dataclass(frozen=True)
class UncountedEmbeddings:
    """`Usage` of what an operator does: embeddings without limit, and counted for nobody."""

    usage: Usage

    def items(self, uid: str, limit: int) -> int:
        return self.usage.items(uid, limit)

    def count_states(self, uid: str, *statuses: Status) -> int:
        return self.usage.count_states(uid, *statuses)

    def take_embedding(self, uid: str, day: date, limit: int) -> bool:  # noqa: ARG002
        return True


def exceeded_quota(
    usage: Usage, item: Item, key: str, state: ItemState | None, now: datetime, settings: Settings
) -> ExceededQuota | None:
    """Count an embedding of the item's content ``key``, and return the quota that it exceeds, if any.

    A repeated attempt is not counted: that the first one failed is not the person's doing. Items are counted only for
    one that is not in the closet yet, because each count is a read of the database. Quotas are limits of cost: of a
    hundred photos at once a few may pass that should not.
    """
    if state and is_attempted(state, item.uid, key):
        return None
    in_closet = state is not None and state.uid == item.uid and state.shard is not None
    limit = settings.max_items_per_person
    if not in_closet and usage.items(item.uid, limit) > limit:
        return ExceededQuota(_too_many_items(limit))
    today, daily = now.astimezone(UTC).date(), settings.max_embeddings_per_day
    if not usage.take_embedding(item.uid, today, daily):
        return ExceededQuota(_too_many_embeddings(daily), start_of_next_day(now))
    return None


def _too_many_items(limit: int) -> Fault:
    return Fault(
        "too_many_items", f"A wardrobe can have {limit:,} items. Delete some of yours, then save this one again."
    )


def _too_many_embeddings(limit: int) -> Fault:
    return Fault(
        "daily_limit_reached",
        f"More than {limit:,} photos or names were added or changed today. This one is processed tomorrow.",
    )
