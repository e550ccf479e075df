"""Bring what is stored of people in line with their accounts and photos, after a database was restored or damaged."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from closetspace.domain.person.account import is_uid
from closetspace.domain.person.personal_data import (
    CLOSET_SHARDS,
    CLOSETS,
    COLLECTIONS,
    MARKS,
    STATES,
    TASTE,
    USAGE,
    WARDROBE,
    object_folder,
    wardrobe_folder,
)
from closetspace.domain.person.repair import ItemAction, ItemRepair, RepairPlan, Upload, item_repair
from closetspace.domain.wardrobe.photo import owner_of_photo, photo_folder
from closetspace.domain.wardrobe.state import Status
from closetspace.errors import Transient
from closetspace.ports import Closets, ItemDocuments, ObjectStore, PersonalDocuments, Users, Wardrobe
from closetspace.services.delete_account import AccountRemover
from closetspace.services.loss_guard import LossGuard
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
    photo. ``reconcile`` settles an item, and counts no embedding; ``refresh_taste`` derives a person's taste.
    """

    documents: PersonalDocuments
    items: ItemDocuments
    wardrobe: Wardrobe
    closets: Closets
    objects: ObjectStore
    users: Users
    remover: AccountRemover
    guard: LossGuard
    reconcile: Callable[[str], object]
    refresh_taste: Callable[[str], None]
    pool: ThrottledPool

    def plan(self, restored_to: datetime | None, progress: Progress) -> RepairPlan:
        """Return what there is to repair, and change nothing; ``RepairPlan.check`` says whether it is plausible.

        Raises `FailedPrecondition` if the database was restored, and ``restored_to`` does not say to which time.
        """
        self.guard.require_restored_to(restored_to)
        people = self._people()
        staying = self.users.existing(people)
        repairs: list[ItemRepair] = []
        items = stray_states = stray_photos = 0
        for number, uid in enumerate(sorted(staying), 1):
            known = set(self.documents.ids(WARDROBE, uid))
            items += len(known)
            stray_states += len(set(self.documents.ids(STATES, uid)) - known)
            uploads = self._uploads(wardrobe_folder(uid))
            found = list(self._item_repairs(uid, known, uploads, restored_to))
            created = sum(each.action is ItemAction.CREATE for each in found)
            stray_photos += len(uploads.keys() - known) - created
            repairs += found
            progress(number, len(staying))
        return RepairPlan(frozenset(people), frozenset(people - staying), items, stray_states, stray_photos, repairs)

    def remove(self, uids: Collection[str], now: datetime) -> int:
        """Remove everything of those who still have no account; return their number.

        The sweeper goes on where a service is unavailable.
        """
        gone = set(uids) - self.users.existing(uids)
        for uid in gone:
            self.remover.mark(uid, now)
            try:
                self.remover.remove(uid, now)
            except Transient:
                continue
        return len(gone)

    def follow_photos(self, repairs: Sequence[ItemRepair], restored_to: datetime) -> Counter[str]:
        """Make items what their photos show; return how many of what were changed.

        Each is looked at again: what its owner has changed since the plan stays.
        """
        return Counter(each.action.value for each in repairs if self._is_repaired(each, restored_to))

    def derive(self, uids: Collection[str], progress: Progress) -> Counter[str]:
        """Derive again what contradicts itself or its items; return how many of what were changed."""
        changed: Counter[str] = Counter()
        for number, uid in enumerate(sorted(uids), 1):
            changed.update(self._rebuild_if_damaged(uid))
            item_ids = {*self.documents.ids(WARDROBE, uid), *self.documents.ids(STATES, uid)}
            succeeded = list(self.pool.each(sorted(item_ids), self.reconcile))
            changed.update({"items reconciled": len(succeeded), "items that failed": succeeded.count(False)})
            self.refresh_taste(uid)
            progress(number, len(uids))
        return +changed

    def finish(self, done: Sequence[ItemRepair], now: datetime) -> None:
        """Let the sweeper remove photos again, and give back the embeddings that the functions have counted meanwhile.

        Items that ``follow_photos`` makes or changes are an event for the functions, too.
        """
        for uid in {each.uid for each in done if each.action is not ItemAction.DELETE}:
            while self.documents.delete_page(USAGE, uid):
                pass
        self.guard.accept(now)

    def _people(self) -> set[str]:
        """Return the uids of everyone who has a document or an object, without what can't be one."""
        collections = [each for each in COLLECTIONS if each not in (MARKS, CLOSET_SHARDS)]
        uids = {uid for collection in collections for uid in self.documents.owners(collection)}
        uids |= {parts[1] for stat in self.objects.list(f"{PEOPLE}/") if len(parts := stat.name.split("/")) > 2}
        return {uid for uid in uids if is_uid(uid)}

    def _item_repairs(
        self, uid: str, known: Collection[str], uploads: Mapping[str, list[Upload]], restored_to: datetime | None
    ) -> Iterator[ItemRepair]:
        for item_id in sorted({*known, *uploads}):
            if repair := self._item_repair(uid, item_id, uploads.get(item_id, ()), restored_to):
                yield repair

    def _item_repair(
        self, uid: str, item_id: str, uploads: Collection[Upload], restored_to: datetime | None
    ) -> ItemRepair | None:
        record = self.wardrobe.read(item_id)
        return item_repair(uid, item_id, record.item, record.state, uploads, restored_to)

    def _is_repaired(self, planned: ItemRepair, restored_to: datetime) -> bool:
        uid, item_id = planned.uid, planned.item_id
        uploads = self._uploads(photo_folder(uid, item_id)).get(item_id, ())
        if self._item_repair(uid, item_id, uploads, restored_to) != planned:
            return False
        match planned.action:
            case ItemAction.DELETE:
                self.items.delete(item_id)
            case ItemAction.NAME_PHOTO:
                self.items.name_photo(item_id, planned.path)
            case ItemAction.CREATE:
                return self.items.create(item_id, uid, planned.path)
        return True

    def _uploads(self, folder: str) -> Mapping[str, list[Upload]]:
        """Return the photos in a folder by the ids of their items, the oldest first."""
        uploads: dict[str, list[Upload]] = defaultdict(list)
        for stat in sorted(self.objects.list(folder), key=lambda stat: (stat.created, stat.generation)):
            if owner := owner_of_photo(stat.name):
                uploads[owner[1]].append(Upload(stat.name, stat.created))
        return uploads

    def _rebuild_if_damaged(self, uid: str) -> Iterator[str]:
        """Delete what is derived of a person if states and closet contradict each other; it is derived again."""
        # Read twice, because an item that gets ready between the two queries looks like a contradiction.
        if self._contradictions(uid) & self._contradictions(uid):
            for collection in DERIVED:
                while self.documents.delete_page(collection, uid):
                    pass
            yield "wardrobes rebuilt"

    def _contradictions(self, uid: str) -> set[str]:
        """Return the items that are ready and not in the closet, or in the closet and not ready."""
        ready = {each["id"] for each in self.documents.documents(STATES, uid) if each.get("status") == Status.READY}
        return ready ^ set(self.closets.closet(uid).entries)
