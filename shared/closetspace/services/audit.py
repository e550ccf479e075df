"""Compare items, states and photos, to find what a lost event has left behind."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from closetspace.domain.wardrobe.deletion import REUSE_AFTER, Deletion
from closetspace.domain.wardrobe.photo import ObjectPhoto, owner_of_photo
from closetspace.domain.wardrobe.thumbnails import owner_of_thumbnail
from closetspace.log_labels import event, log_labels
from closetspace.ports import AuditPage, Bookmarks, ObjectStat, ObjectStore, Wardrobe
from closetspace.services.loss_guard import LossGuard
from closetspace.settings import Settings

log = logging.getLogger(__name__)

ITEMS, STATES, PHOTOS = "audit-items", "audit-states", "audit-photos"
"""Names of the bookmarks. Each call continues where the last one stopped, and starts over at the end."""

PEOPLE = "users/"


@dataclass(frozen=True)
class Auditor:
    """Looks at a part of all items, states and photos in each call; a bookmark says where the next call continues."""

    wardrobe: Wardrobe
    photos: ObjectStore
    bookmarks: Bookmarks
    settings: Settings
    guard: LossGuard

    def audit(self, now: datetime) -> Iterator[tuple[str, Deletion | None]]:
        """Yield items without a state, and states without an item with the deletion of the item; remove photos that
        no item names. Where items were lost, yield the first only, and remove nothing."""
        for item_id, _ in self._next(ITEMS, self.wardrobe.items_without_state):
            yield item_id, None
        # The deletion of an item deletes its photos, too.
        if not self.guard.allows_removal(now):
            return
        for item_id, uid in self._next(STATES, self.wardrobe.stray_states):
            # When the item was deleted is not known. A photo of the last hour may belong to a new item of the same id.
            yield item_id, Deletion(uid, now - 2 * REUSE_AFTER) if uid else None
        self._remove_orphans(now)

    def _next(self, name: str, read: Callable[[str, int], AuditPage]) -> Iterator[tuple[str, str]]:
        page = read(self.bookmarks.bookmark(name), self.settings.audited_per_sweep)
        yield from page.found
        # Set last: what was found is found again if this process ends before it is mended.
        self.bookmarks.set_bookmark(name, page.last)

    def _remove_orphans(self, now: datetime) -> None:
        limit = self.settings.audited_per_sweep
        objects = list(islice(self.photos.list(PEOPLE, self.bookmarks.bookmark(PHOTOS)), limit))
        old = now - timedelta(hours=self.settings.orphan_hours)
        for photo in objects:
            if photo.created < old and self._is_orphan(photo):
                uid, item_id = owner_of_photo(photo.name) or owner_of_thumbnail(photo.name) or ("", "")
                with log_labels(uid=uid, item=item_id):
                    log.info("removing a photo that no item names", extra=event("photo_removed"))
                self.photos.delete(photo.name, if_generation=photo.generation)
        self.bookmarks.set_bookmark(PHOTOS, objects[-1].name if len(objects) == limit else "")

    def _is_orphan(self, photo: ObjectStat) -> bool:
        thumbnail_of = owner_of_thumbnail(photo.name)
        owner = owner_of_photo(photo.name) or thumbnail_of
        if owner is None:
            return False
        record = self.wardrobe.read(owner[1])
        item, state = record.item, record.state
        if item is None or item.uid != owner[0]:
            return True
        if thumbnail_of:
            return state is None or photo.name not in (state.thumbnails or {}).values()
        return isinstance(item.photo, ObjectPhoto) and item.photo.path != photo.name
