"""What to repair after a restore: decided from items and photos, and refused where it looks like a mistake."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from closetspace.domain.wardrobe.item import Item
from closetspace.domain.wardrobe.photo import ObjectPhoto
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.errors import FailedPrecondition

FEW = 10
SHARE = 0.2
"""More losses than these are rather a mistake, such as another project's bucket, than what people have deleted."""

BUCKET = "PHOTO_BUCKET, which may be another project's"
COLLECTION = "WARDROBE_COLLECTION, which may be another project's, and whether all items were restored"


class ItemAction(StrEnum):
    """What is done to an item's document; the value is what the command counts."""

    DELETE = "items deleted again"
    NAME_PHOTO = "items with another photo"
    CREATE = "items made from their photos"


@dataclass(frozen=True)
class ItemRepair:
    """One item's document that does not fit its photos. ``path`` is the photo that it gets."""

    uid: str
    item_id: str
    action: ItemAction
    path: str = ""


@dataclass(frozen=True)
class Upload:
    """A photo in Cloud Storage, and when it was uploaded."""

    name: str
    created: datetime


@dataclass(frozen=True)
class RepairPlan:
    """What a repair would do, for everyone.

    ``gone`` are those of the people who have no account. ``items`` counts documents of items, ``stray_states`` states
    without one, and ``stray_photos`` ids of items that have photos, no document, and get none: all of the others.
    """

    people: frozenset[str]
    gone: frozenset[str]
    items: int
    stray_states: int
    stray_photos: int
    repairs: Sequence[ItemRepair]

    @property
    def lost(self) -> int:
        """The number of items that have lost their photo."""
        return sum(each.action is ItemAction.DELETE for each in self.repairs)

    def check(self, at_most: int | None) -> None:
        """Raise `FailedPrecondition` if more is lost than people delete; ``at_most`` is another bound."""
        restore = "whether all items were restored, and --restored-to"
        found = (
            (len(self.gone), len(self.people), "people have no account", f"GOOGLE_CLOUD_PROJECT and {BUCKET}"),
            (self.lost, self.items, "items have lost their photo", BUCKET),
            (self.stray_states, self.items + self.stray_states, "items have a state only", COLLECTION),
            (self.stray_photos, self.items + self.stray_photos, "items have photos only", restore),
        )
        for count, total, what, cause in found:
            bound = min(max(FEW, int(SHARE * total)), total - 1) if at_most is None else at_most
            if count > max(bound, 0):
                raise FailedPrecondition(
                    f"{count:,} of {total:,} {what}. Nothing was done. Check {cause}."
                    f" If that is right, repeat the command with --at-most {count}."
                )


def item_repair(
    uid: str,
    item_id: str,
    item: Item | None,
    state: ItemState | None,
    uploads: Collection[Upload],
    restored_to: datetime | None,
) -> ItemRepair | None:
    """Return how an item is made what its photos show; None if it fits them, or if they say nothing.

    ``uploads`` are the item's photos, the oldest first. Those since ``restored_to`` get an item if they have none. An
    item whose photo is elsewhere, or never came, is left alone.
    """
    newest = list(uploads)[-1] if uploads else None
    if item is None:
        is_new = newest and restored_to and newest.created >= restored_to
        return ItemRepair(uid, item_id, ItemAction.CREATE, newest.name) if newest and is_new else None
    if item.uid != uid or not isinstance(item.photo, ObjectPhoto):
        return None
    if item.photo.path in {upload.name for upload in uploads}:
        return None
    if newest:
        return ItemRepair(uid, item_id, ItemAction.NAME_PHOTO, newest.name)
    if state is None or state.status is Status.WAITING_FOR_PHOTO:
        return None
    return ItemRepair(uid, item_id, ItemAction.DELETE)
