"""Reconcile one item: bring its state and its closet entry in line with its document and photo."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.descriptor import GENDER, USAGE, EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoder, Encoding, Picture, clear_label
from closetspace.domain.index.products import product_key, title
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.item import Fault, Item
from closetspace.domain.wardrobe.photo import PhotoStat
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
from closetspace.domain.wardrobe.schedule import is_attempted, next_sweep
from closetspace.domain.wardrobe.state import Hint, ItemState, Status
from closetspace.domain.wardrobe.suggested_name import suggest_name
from closetspace.domain.wardrobe.thumbnails import SIDES, Thumbnails, thumbnail_names
from closetspace.errors import Conflict, InvalidInput, NotFound, Transient
from closetspace.log_labels import add_log_labels, event
from closetspace.ports import ItemRecord, Put, Remove, Usage, Wardrobe
from closetspace.services.attempts import Attempts
from closetspace.services.embed_photo import EmbeddedPhoto, PhotoEmbedder
from closetspace.services.item_photos import ItemPhotos
from closetspace.services.quotas import exceeded_quota
from closetspace.settings import Settings
from closetspace.spans import span

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""Attempts against other writers of the same item; then the platform retries the event, with back-off."""


@dataclass
class Progress:
    """What one call has done: the photos that it has embedded, by content key, and the key whose attempt it counts.

    ``stored`` are the thumbnails that were found or written, ``named`` those that the item's state names now, and
    ``present`` those that are there since the item was read last: another call may have deleted earlier ones. ``photo``
    is the one that was read last.
    """

    embedded: dict[str, EmbeddedPhoto] = field(default_factory=dict)
    counted: str | None = None
    stored: set[str] = field(default_factory=set)
    named: Thumbnails = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    photo: tuple[PhotoStat, bytes] | None = None

    def load(self, photo: PhotoStat, photos: ItemPhotos) -> bytes:
        """Return a photo's bytes, which are read once."""
        if self.photo is None or self.photo[0] != photo:
            with span("load photo"):
                self.photo = photo, photos.load(photo)
        return self.photo[1]


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
    photos: ItemPhotos
    decode: Callable[[bytes], Picture]
    make_thumbnails: Callable[[bytes, Sequence[int]], Sequence[bytes]]
    encoder: Encoder
    settings: Settings
    usage: Usage
    remove_if_leaving: Callable[[str], bool]
    now: Callable[[], datetime] = utc_now

    @property
    def attempts(self) -> Attempts:
        """The attempts of this encoder."""
        return Attempts(self.wardrobe, self.settings, self.encoder.descriptor.id, self.now)

    def reconcile(self, item_id: str, deletion: Deletion | None = None, changed_at: datetime | None = None) -> Plan:
        """Settle the item and return the last plan.

        ``deletion`` comes from the event of a deletion and says which photos to delete with the item. ``changed_at`` is
        since when the owner waits, for the log. Raises `Transient` if the platform should deliver the event again. An
        error that is not temporary is raised, too, until the item has failed so often that it is given up.
        """
        progress = Progress()
        try:
            plan = self._settle(item_id, deletion, progress, by_any_encoder=True)
            if isinstance(plan, Embed) and changed_at:
                seconds = max(0.0, (self.now() - changed_at).total_seconds())
                log.info("item %s settled in %.1f s", item_id, seconds, extra=event("item_settled", seconds=seconds))
            return plan
        except Transient:
            if progress.counted:
                self.attempts.withdraw(item_id, progress.counted)
            raise
        except Exception:
            if not self.attempts.fail(item_id, counted=progress.counted is not None):
                raise
            log.exception("item %s failed for the last time", item_id)
            return GiveUp()

    def reembed(self, item_id: str) -> Plan:
        """Settle the item by this encoder, even if another encoder has settled it.

        The item stays ready, and the other encoder's vector stays in the closet beside the new one.
        """
        return self._settle(item_id, None, Progress(), by_any_encoder=False)

    def _settle(self, item_id: str, deletion: Deletion | None, progress: Progress, *, by_any_encoder: bool) -> Plan:
        for _ in range(ATTEMPTS):
            with span("read item"):
                record = self.wardrobe.read(item_id)
            if record.item:
                add_log_labels(uid=record.item.uid, encoder=self.encoder.descriptor.id)
            progress.named = (record.state.thumbnails if record.state else None) or {}
            progress.present = set(progress.named.values())
            progress.stored |= progress.present
            with span("find photo"):
                photo = self.photos.find(record.item)
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
                log.debug("item %s has changed (%s), reading it again", item_id, changed)
                continue
            if deletion and (record.item is None or record.item.uid != deletion.uid):
                self.photos.discard(item_id, deletion)
            self.photos.delete(progress.stored - set(progress.named.values()))
            log.info("item %s: %s", item_id, type(plan).__name__)
            return plan
        raise Conflict(f"item {item_id} kept changing")

    def _carry_out(self, plan: Plan, record: ItemRecord, photo: PhotoStat | None, progress: Progress) -> Plan:
        """Do what the plan says; return what was done, which may be less."""
        item = record.item
        if isinstance(plan, Settled):
            return plan
        progress.named = {}
        if isinstance(plan, Forget):
            self.wardrobe.commit(record, None, Remove())
        if item is None:
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
            if progress.counted != key or record.state is None or not is_attempted(record.state, item.uid, key):
                begun = self.attempts.begin(item, key, record)
                if begun is None:
                    return GiveUp()
                record, progress.counted = begun, key
        try:
            found = progress.embedded.get(key) or self._embed_photo(item, photo, progress)
        except InvalidInput as error:
            self._refuse(item, Fault.from_error(error), key, record)
            return Embed(key)
        progress.embedded[key] = found
        if isinstance(found.verdict, Fault):
            self._refuse(item, found.verdict, key, record)
            return Embed(key)
        encoding, corrected = item.corrections.apply(found.encoding, self.encoder.descriptor.heads)
        entry = closet_entry(item, photo.fingerprint, encoding, self.encoder.descriptor)
        ready = ready_state(item, encoding, found.verdict, key, self.encoder.descriptor.id, corrected)
        names = thumbnail_names(item.uid, item.id, photo)
        if not progress.present.issuperset(names.values()):
            progress.present.update(self._store_thumbnails(photo, names, progress))
            progress.stored |= progress.present
        thumbnails = {side: name for side, name in names.items() if name in progress.present}
        with span("commit"):
            self.wardrobe.commit(record, replace(ready, thumbnails=thumbnails), Put(entry, keep_other_encoders=beside))
        progress.named = thumbnails
        log.info(
            "item %s is ready",
            item.id,
            extra=event("item_ready", attempts=record.state.attempts if record.state else 0),
        )
        return Embed(key)

    def _embed_photo(self, item: Item, photo: PhotoStat, progress: Progress) -> EmbeddedPhoto:
        data = progress.load(photo, self.photos)
        found = PhotoEmbedder(self.decode, self.encoder, self.settings).embed(data, item.name, item.brand)
        log.info("item %s is embedded", item.id, extra=event("item_embedded", photo_bytes=len(data)))
        return found

    def _store_thumbnails(self, photo: PhotoStat, names: Thumbnails, progress: Progress) -> Iterable[str]:
        """Make and store thumbnails; return the names of those that are there, none if the photo has none."""
        data = progress.load(photo, self.photos)
        try:
            with span("make thumbnails"):
                thumbnails = self.make_thumbnails(data, SIDES)
        except InvalidInput as error:
            log.warning("a photo that was decoded has no thumbnails: %s", error)
            return ()
        with span("store thumbnails"):
            self.photos.write_thumbnails(names, thumbnails)
        return names.values()

    def _refuse(
        self, item: Item, fault: Fault, key: str | None, record: ItemRecord, until: datetime | None = None
    ) -> None:
        # A fault that depends on no content is the same for every encoder.
        encoder_id = self.encoder.descriptor.id if key else None
        failed = ItemState(item.uid, Status.FAILED, key, encoder_id, error=fault, sweep_at=until)
        if failed != record.state:
            self.wardrobe.commit(record, failed, Remove())
            log.info("item %s failed: %s", item.id, fault.code, extra=event("item_failed", code=fault.code))


def ready_state(
    item: Item, encoding: Encoding, hint: Hint | None, key: str, encoder_id: str, corrected: tuple[str, ...]
) -> ItemState:
    """Return the state of an item whose content, identified by ``key``, is in the closet.

    ``corrected`` are the fields of the encoding that are as the owner says.
    """
    return ItemState(
        item.uid,
        Status.READY,
        key,
        encoder_id,
        category=encoding.category,
        colours=encoding.colours,
        gender=clear_label(encoding.attributes.get(GENDER, {})),
        usage=clear_label(encoding.attributes.get(USAGE, {})),
        corrected=corrected,
        hint=None if hint is Hint.UNCLEAR_PHOTO and "category" in corrected else hint,
        suggested_name=suggest_name(encoding.category, encoding.attributes),
    )


def closet_entry(item: Item, photo_hash: str, encoding: Encoding, encoder: EncoderDescriptor) -> ClosetEntry:
    """Return the entry of an item in its owner's closet."""
    return ClosetEntry(
        encoder=encoder.id,
        vector=encoding.vector,
        category=encoding.category,
        photo_hash=photo_hash,
        attributes=pack_attributes(encoding.attributes, encoder.heads),
        title=title(item.brand, item.name),
        product=product_key(item.brand, item.name),
    )
