"""Bring what is stored of people in line with their accounts and photos, after a database was restored or damaged."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from closetspace.domain.person.personal_data import (
    CLOSET_SHARDS,
    CLOSETS,
    COLLECTIONS,
    MARKS,
    STATES,
    TASTE,
    WARDROBE,
    object_folder,
    wardrobe_folder,
)
from closetspace.domain.wardrobe.photo import ObjectPhoto, owner_of_photo
from closetspace.domain.wardrobe.state import Status
from closetspace.errors import FailedPrecondition, Transient
from closetspace.ports import Closets, ItemDocuments, ObjectStat, ObjectStore, PersonalDocuments, Users, Wardrobe
from closetspace.services.delete_account import AccountRemover
from closetspace.services.throttling import ThrottledPool

PEOPLE = object_folder("").rstrip("/")
DERIVED = (STATES, CLOSET_SHARDS, CLOSETS, TASTE)
"""What is made from items and photos, in the order of deletion."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Repairer:
    """Repairs people one after the other; it can run beside the functions, and again.

    A restore brings back what was deleted since the backup, and loses what was added. Accounts and photos are not part
    of it, so they tell what is missing: an account that does not exist was deleted, and so was an item without its
    photo. ``reconcile`` settles an item, ``refresh_taste`` derives a person's taste.
    """

    documents: PersonalDocuments
    items: ItemDocuments
    wardrobe: Wardrobe
    closets: Closets
    objects: ObjectStore
    users: Users
    remover: AccountRemover
    reconcile: Callable[[str], object]
    refresh_taste: Callable[[str], None]
    pool: ThrottledPool

    def people(self) -> set[str]:
        """Return the uids of everyone who has a document or an object."""
        collections = [each for each in COLLECTIONS if each not in (MARKS, CLOSET_SHARDS)]
        uids = {uid for collection in collections for uid in self.documents.owners(collection)}
        return uids | {parts[1] for stat in self.objects.list(f"{PEOPLE}/") if len(parts := stat.name.split("/")) > 2}

    def without_account(self, people: Collection[str]) -> set[str]:
        """Return those of some people who have no account.

        Raises `FailedPrecondition` if nobody has one, which says that the accounts are another project's.
        """
        gone = set(people) - self.users.existing(people)
        if people and len(gone) == len(people):
            raise FailedPrecondition(
                f"None of {len(people)} people has an account, so these may be another project's. Nothing was done."
            )
        return gone

    def remove(self, uids: Collection[str], now: datetime) -> int:
        """Remove everything of people who have no account; the sweeper goes on where the time is too short."""
        for uid in uids:
            self.remover.mark(uid, now)
            try:
                self.remover.remove(uid, now)
            except Transient:
                continue
        return len(uids)

    def repair(self, uids: Collection[str], restored_to: datetime | None, progress: Progress) -> Counter[str]:
        """Repair some people's items and what is derived from them; return how many of what were changed.

        ``restored_to`` is the time to which the database was restored. Only then are items that have lost their photo
        deleted, and photos that have lost their item given one.
        """
        changed: Counter[str] = Counter()
        for number, uid in enumerate(sorted(uids), 1):
            if restored_to:
                changed.update(self._follow_photos(uid, restored_to))
            changed.update(self._rebuild_if_damaged(uid))
            item_ids = {*self.documents.ids(WARDROBE, uid), *self.documents.ids(STATES, uid)}
            succeeded = list(self.pool.each(sorted(item_ids), self.reconcile))
            changed.update({"items reconciled": len(succeeded), "items that failed": succeeded.count(False)})
            self.refresh_taste(uid)
            progress(number, len(uids))
        return +changed

    def _follow_photos(self, uid: str, restored_to: datetime) -> Iterator[str]:
        """Make a person's items those that their photos show; yield what was done to each that changed."""
        photos = self._photos(uid)
        known = set(self.documents.ids(WARDROBE, uid))
        for item_id in sorted(known):
            record = self.wardrobe.read(item_id)
            item, state = record.item, record.state
            if item is None or not isinstance(item.photo, ObjectPhoto):
                continue
            names = {photo.name for photo in photos.get(item_id, ())}
            if item.photo.path in names:
                continue
            if names:
                self.items.name_photo(item_id, _last(photos[item_id]).name)
                yield "items with another photo"
            elif state and state.status is not Status.WAITING_FOR_PHOTO:
                self.items.delete(item_id)
                yield "items deleted again"
        for item_id, uploads in photos.items():
            upload = _last(uploads)
            if item_id not in known and upload.created >= restored_to and self.items.create(item_id, uid, upload.name):
                yield "items made from their photos"

    def _photos(self, uid: str) -> Mapping[str, list[ObjectStat]]:
        """Return a person's photos by the ids of their items."""
        photos: dict[str, list[ObjectStat]] = defaultdict(list)
        for stat in self.objects.list(wardrobe_folder(uid)):
            if owner := owner_of_photo(stat.name):
                photos[owner[1]].append(stat)
        return photos

    def _rebuild_if_damaged(self, uid: str) -> Iterator[str]:
        """Delete what is derived of a person if states and closet contradict each other; it is derived again."""
        ready = {each["id"] for each in self.documents.documents(STATES, uid) if each["status"] == Status.READY}
        if ready != set(self.closets.closet(uid).entries):
            for collection in DERIVED:
                while self.documents.delete_page(collection, uid):
                    pass
            yield "wardrobes rebuilt"


def _last(uploads: list[ObjectStat]) -> ObjectStat:
    return max(uploads, key=lambda upload: (upload.created, upload.generation))
