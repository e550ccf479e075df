"""The plan for an item: what has to happen to it, decided from its documents and its photo.

The payload of an event is not considered. A duplicate, late or reordered event reads the same documents and leads to
the same plan, and an item that is settled needs nothing.
"""

from dataclasses import dataclass

from closetspace.domain.wardrobe.item import Fault, Item, content_key
from closetspace.domain.wardrobe.photo import PhotoStat, photo_too_large
from closetspace.domain.wardrobe.state import ItemState, Status


@dataclass(frozen=True)
class Settled:
    """Nothing has to happen."""


@dataclass(frozen=True)
class Forget:
    """The item is deleted: delete its state and its vectors."""


@dataclass(frozen=True)
class Wait:
    """There is no photo: wait for it."""


@dataclass(frozen=True)
class Refuse:
    """The item is unusable until its owner changes it."""

    fault: Fault
    content_key: str | None = None


@dataclass(frozen=True)
class Embed:
    """Embed the photo, name and brand that the key names."""

    content_key: str


@dataclass(frozen=True)
class Leave:
    """The owner's account is being deleted, and the item was removed with it."""


@dataclass(frozen=True)
class GiveUp:
    """The item fails again and again for a cause of ours."""


Plan = Settled | Forget | Wait | Refuse | Embed | Leave | GiveUp


def decide(
    item: Item | None,
    photo: PhotoStat | None,
    state: ItemState | None,
    *,
    encoder_id: str,
    max_photo_bytes: int,
    by_any_encoder: bool = True,
) -> Plan:
    """Return what has to happen to an item.

    An item that another encoder has settled is left alone, so that instances with the old and the new encoder never
    undo each other's work. ``by_any_encoder=False`` moves such items to this encoder.
    """
    if item is None:
        return Forget() if state else Settled()
    plan = _plan(item, photo, encoder_id, max_photo_bytes)
    settling = (state.encoder if state and by_any_encoder else None) or encoder_id
    settled_plan = plan if settling == encoder_id else _plan(item, photo, settling, max_photo_bytes)
    if state is None or state.uid != item.uid or not _is_done(settled_plan, state):
        return plan
    return plan if _lacks_thumbnails(state, encoder_id) else Settled()


def _plan(item: Item, photo: PhotoStat | None, encoder_id: str, max_photo_bytes: int) -> Plan:
    if item.fault:
        return Refuse(item.fault)
    if photo is None:
        return Wait()
    key = content_key(encoder_id, item, photo)
    if photo.size is not None and photo.size > max_photo_bytes:
        return Refuse(Fault.from_error(photo_too_large(max_photo_bytes)), key)
    return Embed(key)


def only_encoder_differs(item: Item, photo: PhotoStat, state: ItemState | None, encoder_id: str) -> bool:
    """Return whether the closet has another encoder's vector of exactly this photo, name and brand."""
    if state is None or state.status is not Status.READY or state.encoder in (None, encoder_id):
        return False
    return state.uid == item.uid and state.content_key == content_key(str(state.encoder), item, photo)


def _lacks_thumbnails(state: ItemState, encoder_id: str) -> bool:
    """Return whether an earlier release has settled the item, by this encoder and without thumbnails."""
    return (state.status, state.encoder, state.thumbnails) == (Status.READY, encoder_id, None)


def _is_done(plan: Plan, state: ItemState) -> bool:
    match plan:
        case Wait():
            return state.status is Status.WAITING_FOR_PHOTO
        case Refuse(fault, key):
            return state.status is Status.FAILED and (state.error, state.content_key) == (fault, key)
        case Embed(key):
            return state.status in (Status.READY, Status.FAILED) and state.content_key == key
    return False
