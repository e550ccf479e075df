"""Reconcile one item: bring its state and its closet entry in line with its document and photo."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoder, Encoding, Picture
from closetspace.domain.index.products import product_key, title
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.item import Fault, Item
from closetspace.domain.wardrobe.photo import ObjectPhoto, PhotoStat, UrlPhoto, photo_folder
from closetspace.domain.wardrobe.plan import (
    Embed,
    Forget,
    GiveUp,
    Leave,
    Plan,
    Refuse,
    Settled,
    Wait,
    decide,
    only_encoder_differs,
)
from closetspace.domain.wardrobe.schedule import (
    begin_attempt,
    internal_fault,
    is_attempted,
    next_sweep,
    unfinished_fault,
)
from closetspace.domain.wardrobe.state import Hint, ItemState, Status
from closetspace.errors import Conflict, InvalidInput, NotFound, Transient
from closetspace.ports import ItemRecord, Keep, ObjectStore, PhotoFetcher, Put, Remove, Usage, Wardrobe
from closetspace.services.embed_photo import EmbeddedPhoto, PhotoEmbedder
from closetspace.services.quotas import exceeded_quota
from closetspace.settings import Settings

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""Attempts against other writers of the same item; then the platform retries the event, with back-off."""


@dataclass
class Progress:
    """What one call has done: the photos that it has embedded, by content key, and the key whose attempt it counts."""

    embedded: dict[str, EmbeddedPhoto] = field(default_factory=dict)
    counted: str | None = None


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reconciler:
    """Reads an item and its photo, plans, carries the plan out, and commits state and closet together.

    It is safe to call for any item at any time, also concurrently: a commit fails if the item or its state has changed
    since the plan was made, and everything is read again.

    ``remove_if_leaving`` removes the items of a person whose account is being deleted, and returns whether it is.
    """

    wardrobe: Wardrobe
    photos: ObjectStore
    fetcher: PhotoFetcher
    decode: Callable[[bytes], Picture]
    encoder: Encoder
    settings: Settings
    usage: Usage
    remove_if_leaving: Callable[[str], bool]
    now: Callable[[], datetime] = utc_now

    def reconcile(self, item_id: str, deletion: Deletion | None = None) -> Plan:
        """Settle the item and return the last plan.

        ``deletion`` comes from the event of a deletion and says which photos to delete with the item. Raises
        `Transient` if the platform should deliver the event again. An error that is not temporary is raised, too, until
        the item has failed so often that it is given up.
        """
        progress = Progress()
        try:
            return self._settle(item_id, deletion, progress, by_any_encoder=True)
        except Transient:
            self._withdraw_attempt(item_id, progress)
            raise
        except Exception:
            if not self._is_given_up(item_id, progress):
                raise
            log.exception("item %s failed for the last time", item_id)
            return GiveUp()

    def reembed(self, item_id: str) -> Plan:
        """Settle the item by this encoder, even if another encoder has settled it.

        The item stays ready, and the other encoder's vector stays in the closet beside the new one.
        """
        return self._settle(item_id, None, Progress(), by_any_encoder=False)

    def conclude(self, item_id: str) -> None:
        """Leave an item that was swept for the last time: one that waits goes on waiting, any other one fails."""
        record = self.wardrobe.read(item_id)
        if record.item is None or record.state is None:
            return
        if record.state.status is Status.WAITING_FOR_PHOTO:
            self.wardrobe.commit(record, replace(record.state, sweep_at=None), Keep())
        elif record.state.status is Status.PROCESSING:
            self._give_up(record, record.item, record.state, unfinished_fault(record.item))

    def _settle(self, item_id: str, deletion: Deletion | None, progress: Progress, *, by_any_encoder: bool) -> Plan:
        for _ in range(ATTEMPTS):
            record = self.wardrobe.read(item_id)
            photo = self._stat(record.item)
            plan = decide(
                record.item,
                photo,
                record.state,
                encoder_id=self.encoder.descriptor.id,
                max_photo_bytes=self.settings.max_photo_bytes,
                by_any_encoder=by_any_encoder,
            )
            try:
                plan = self._carry_out(plan, record, photo, progress)
            except (Conflict, NotFound) as changed:
                log.info("item %s has changed (%s), reading it again", item_id, changed)
                continue
            if deletion and (record.item is None or record.item.uid != deletion.uid):
                self._discard_photos(item_id, deletion)
            log.info("item %s: %s", item_id, type(plan).__name__)
            return plan
        raise Conflict(f"item {item_id} kept changing")

    def _stat(self, item: Item | None) -> PhotoStat | None:
        match item.photo if item else None:
            case ObjectPhoto(path):
                found = self.photos.stat(path)
                return PhotoStat(found.fingerprint, found.size) if found else None
            case UrlPhoto(url):
                return PhotoStat(hashlib.sha256(url.encode()).hexdigest(), None)
        return None

    def _carry_out(self, plan: Plan, record: ItemRecord, photo: PhotoStat | None, progress: Progress) -> Plan:
        """Do what the plan says; return what was done, which may be less."""
        item = record.item
        if isinstance(plan, Forget):
            self.wardrobe.commit(record, None, Remove())
        if item is None or isinstance(plan, Settled):
            return plan
        if self.remove_if_leaving(item.uid):
            return Leave()
        match plan:
            case Wait():
                due = next_sweep(self.now(), 0, self.settings)
                self.wardrobe.commit(record, ItemState(item.uid, Status.WAITING_FOR_PHOTO, sweep_at=due), Remove())
            case Refuse(fault, key):
                self._refuse(item, fault, key, record)
            case Embed(key) if photo:
                return self._embed(item, key, photo, record, progress)
        return plan

    def _embed(self, item: Item, key: str, photo: PhotoStat, record: ItemRecord, progress: Progress) -> Plan:
        beside = only_encoder_differs(item, photo, record.state, self.encoder.descriptor.id)
        if not beside:
            exceeded = exceeded_quota(self.usage, item, key, record.state, self.now(), self.settings)
            if exceeded:
                self._refuse(item, exceeded.fault, None, record, exceeded.until)
                return Refuse(exceeded.fault)
            begun = self._announce(item, key, record, progress)
            if begun is None:
                return GiveUp()
            record = begun
        try:
            found = progress.embedded.get(key) or self._embed_photo(item)
        except InvalidInput as error:
            self._refuse(item, Fault.from_error(error), key, record)
            return Embed(key)
        progress.embedded[key] = found
        if isinstance(found.verdict, Fault):
            self._refuse(item, found.verdict, key, record)
            return Embed(key)
        entry = closet_entry(item, photo, found.encoding, self.encoder.descriptor)
        ready = ready_state(item, found.encoding, found.verdict, key, self.encoder.descriptor)
        self.wardrobe.commit(record, ready, Put(entry, keep_other_encoders=beside))
        return Embed(key)

    def _announce(self, item: Item, key: str, record: ItemRecord, progress: Progress) -> ItemRecord | None:
        """Count an attempt and set the state to processing; None if the item has had its last attempt.

        An earlier vector stays in use until the new one is stored.
        """
        if progress.counted == key and record.state and is_attempted(record.state, item.uid, key):
            return record
        state, allowed = begin_attempt(record.state, item.uid, key, self.now(), self.settings)
        if not allowed:
            self._give_up(record, item, state, internal_fault())
            return None
        moved = record.state is not None and record.state.uid != item.uid
        announced = self.wardrobe.commit(record, state, Remove() if moved else Keep())
        progress.counted = key
        return announced

    def _withdraw_attempt(self, item_id: str, progress: Progress) -> None:
        """Uncount the attempt of this call, because it failed for a cause that passes."""
        if progress.counted is None:
            return
        try:
            record = self.wardrobe.read(item_id)
            state = record.state
            if record.item and state and is_attempted(state, record.item.uid, progress.counted):
                self.wardrobe.commit(record, replace(state, attempts=max(0, state.attempts - 1)), Keep())
        except Transient as error:
            log.warning("an attempt for item %s stays counted: %s", item_id, error)

    def _is_given_up(self, item_id: str, progress: Progress) -> bool:
        """Count an attempt that failed for a cause of ours; return whether it was the last one."""
        record = self.wardrobe.read(item_id)
        item = record.item
        if item is None:
            return False
        state = record.state or ItemState(item.uid, Status.PROCESSING)
        if progress.counted is None:
            due = next_sweep(self.now(), 0, self.settings)
            state = replace(state, uid=item.uid, attempts=state.attempts + 1, sweep_at=state.sweep_at or due)
        if state.attempts >= self.settings.max_attempts:
            self._give_up(record, item, state, internal_fault())
            return True
        if progress.counted is None:
            self.wardrobe.commit(record, replace(state, status=Status.PROCESSING, error=None, hint=None), Keep())
        return False

    def _give_up(self, record: ItemRecord, item: Item, state: ItemState, fault: Fault) -> None:
        # An alert counts these lines (infra/terraform/alerts.tf).
        log.error("item %s is given up after %d attempts: %s", record.item_id, state.attempts, fault.code)
        encoder_id = self.encoder.descriptor.id if state.content_key else None
        failed = ItemState(item.uid, Status.FAILED, state.content_key, encoder_id, error=fault, attempts=state.attempts)
        self.wardrobe.commit(record, failed, Remove())

    def _embed_photo(self, item: Item) -> EmbeddedPhoto:
        embedder = PhotoEmbedder(self.decode, self.encoder, self.settings)
        return embedder.embed(self._load(item), item.name, item.brand)

    def _load(self, item: Item) -> bytes:
        match item.photo:
            case ObjectPhoto(path):
                return self.photos.read(path)
            case UrlPhoto(url):
                return self.fetcher.fetch(url)
        raise NotFound("The photo is gone. Upload it again.")

    def _discard_photos(self, item_id: str, deletion: Deletion) -> None:
        """Delete the photos that the item had."""
        for photo in list(self.photos.list(photo_folder(deletion.uid, item_id))):
            if deletion.includes_photo(photo.created):
                self.photos.delete(photo.name, if_generation=photo.generation)

    def _refuse(
        self, item: Item, fault: Fault, key: str | None, record: ItemRecord, until: datetime | None = None
    ) -> None:
        # A fault that depends on no content is the same for every encoder.
        encoder_id = self.encoder.descriptor.id if key else None
        failed = ItemState(item.uid, Status.FAILED, key, encoder_id, error=fault, sweep_at=until)
        if failed != record.state:
            self.wardrobe.commit(record, failed, Remove())


def ready_state(item: Item, encoding: Encoding, hint: Hint | None, key: str, encoder: EncoderDescriptor) -> ItemState:
    """Return the state of an item whose content, identified by ``key``, is in the closet."""
    return ItemState(
        item.uid,
        Status.READY,
        key,
        encoder.id,
        category=encoding.category,
        colours=encoding.colours,
        hint=hint,
    )


def closet_entry(item: Item, photo: PhotoStat, encoding: Encoding, encoder: EncoderDescriptor) -> ClosetEntry:
    """Return the entry of an item in its owner's closet."""
    return ClosetEntry(
        encoder=encoder.id,
        vector=encoding.vector,
        category=encoding.category,
        photo_hash=photo.fingerprint,
        attributes=pack_attributes(encoding.attributes, encoder.heads),
        title=title(item.brand, item.name),
        product=product_key(item.brand, item.name),
    )
