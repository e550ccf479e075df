"""Reconcile one item: bring its state and its closet entry in line with its document and photo."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding import Encoder, Encoding, Picture
from closetspace.domain.index.products import product_key, title
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.item import Fault, Item
from closetspace.domain.wardrobe.photo import ObjectPhoto, PhotoStat, UrlPhoto, photo_folder
from closetspace.domain.wardrobe.plan import Embed, Forget, Plan, Refuse, Settled, Wait, decide, only_encoder_differs
from closetspace.domain.wardrobe.state import Hint, ItemState, Status
from closetspace.errors import Conflict, InvalidInput, NotFound
from closetspace.ports import ItemRecord, Keep, ObjectStore, PhotoFetcher, Put, Remove, Wardrobe
from closetspace.services.embed_photo import EmbeddedPhoto, PhotoEmbedder
from closetspace.settings import Settings

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""Attempts against other writers of the same item; then the platform retries the event, with back-off."""


@dataclass(frozen=True)
class Reconciler:
    """Reads an item and its photo, plans, carries the plan out, and commits state and closet together.

    It is safe to call for any item at any time, also concurrently: a commit fails if the item or its state has changed
    since the plan was made, and everything is read again.
    """

    wardrobe: Wardrobe
    photos: ObjectStore
    fetcher: PhotoFetcher
    decode: Callable[[bytes], Picture]
    encoder: Encoder
    settings: Settings

    def reconcile(self, item_id: str, deletion: Deletion | None = None) -> Plan:
        """Settle the item and return the last plan.

        ``deletion`` comes from the event of a deletion and says which photos to delete with the item. Raises
        `Transient` if the platform should deliver the event again.
        """
        return self._settle(item_id, deletion, by_any_encoder=True)

    def reembed(self, item_id: str) -> Plan:
        """Settle the item by this encoder, even if another encoder has settled it.

        The item stays ready, and the other encoder's vector stays in the closet beside the new one.
        """
        return self._settle(item_id, None, by_any_encoder=False)

    def _settle(self, item_id: str, deletion: Deletion | None, *, by_any_encoder: bool) -> Plan:
        embedded: dict[str, EmbeddedPhoto] = {}
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
                self._carry_out(plan, record, photo, embedded)
            except (Conflict, NotFound) as changed:
                log.info("item %s has changed (%s), reading it again", item_id, changed)
                continue
            if record.item is None and deletion:
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

    def _carry_out(
        self, plan: Plan, record: ItemRecord, photo: PhotoStat | None, embedded: dict[str, EmbeddedPhoto]
    ) -> None:
        item = record.item
        if isinstance(plan, Forget):
            self.wardrobe.commit(record, None, Remove())
        if item is None or isinstance(plan, Settled):
            return
        match plan:
            case Wait():
                self.wardrobe.commit(record, ItemState(item.uid, Status.WAITING_FOR_PHOTO), Remove())
            case Refuse(fault, key):
                self._refuse(item, fault, key, record)
            case Embed(key) if photo:
                self._embed(item, key, photo, record, embedded)

    def _embed(
        self, item: Item, key: str, photo: PhotoStat, record: ItemRecord, embedded: dict[str, EmbeddedPhoto]
    ) -> None:
        beside = only_encoder_differs(item, photo, record.state, self.encoder.descriptor.id)
        if not beside:
            record = self._announce(item, key, record)
        try:
            found = embedded.get(key) or self._embed_photo(item)
        except InvalidInput as error:
            self._refuse(item, Fault.from_error(error), key, record)
            return
        embedded[key] = found
        if isinstance(found.verdict, Fault):
            self._refuse(item, found.verdict, key, record)
            return
        entry = closet_entry(item, photo, found.encoding, self.encoder.descriptor)
        ready = ready_state(item, found.encoding, found.verdict, key, self.encoder.descriptor)
        self.wardrobe.commit(record, ready, Put(entry, keep_other_encoders=beside))

    def _announce(self, item: Item, key: str, record: ItemRecord) -> ItemRecord:
        """Set the state to processing. An earlier vector stays in use until the new one is stored."""
        state = record.state or ItemState(item.uid, Status.PROCESSING)
        if (state.status, state.content_key, state.uid) == (Status.PROCESSING, key, item.uid):
            return record
        state = replace(state, uid=item.uid, status=Status.PROCESSING, content_key=key, error=None, hint=None)
        moved = record.state is not None and record.state.uid != item.uid
        return self.wardrobe.commit(record, state, Remove() if moved else Keep())

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

    def _refuse(self, item: Item, fault: Fault, key: str | None, record: ItemRecord) -> None:
        # A fault that depends on no content is the same for every encoder.
        encoder_id = self.encoder.descriptor.id if key else None
        self.wardrobe.commit(record, ItemState(item.uid, Status.FAILED, key, encoder_id, error=fault), Remove())


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
