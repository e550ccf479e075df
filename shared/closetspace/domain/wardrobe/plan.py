"""What has to happen to an item, decided from what is there now.

No event's payload takes part: a duplicate, late or reordered delivery reads the same documents and comes to
the same plan, and an item that is where it should be needs nothing.
"""

from dataclasses import dataclass

from closetspace.domain.wardrobe.item import Fault, Item, content_key
from closetspace.domain.wardrobe.photo import PhotoStat, too_large
from closetspace.domain.wardrobe.state import ItemState, Status


@dataclass(frozen=True)
class Settled:
    """Nothing has to happen."""


@dataclass(frozen=True)
class Forget:
    """The item is gone: so go its state and its vector."""


@dataclass(frozen=True)
class Wait:
    """The photo is not there, yet or any more."""


@dataclass(frozen=True)
class Refuse:
    """The item can't be used until its owner changes it."""

    fault: Fault
    content_key: str | None = None


@dataclass(frozen=True)
class Embed:
    """The photo, name and brand named by the key need a vector."""

    content_key: str


Plan = Settled | Forget | Wait | Refuse | Embed


def decide(
    item: Item | None,
    photo: PhotoStat | None,
    state: ItemState | None,
    *,
    encoder_id: str,
    max_photo_bytes: int,
    by_any_encoder: bool = True,
) -> Plan:
    """What takes an item from where it is to where it should be.

    What another encoder has settled stays as it is, so that instances with the old and with the new encoder
    never undo each other's work; ``by_any_encoder=False`` is for moving items to this one.
    """
    if item is None:
        return Forget() if state else Settled()
    plan = _wanted(item, photo, encoder_id, max_photo_bytes)
    settling = (state.encoder if state and by_any_encoder else None) or encoder_id
    done = plan if settling == encoder_id else _wanted(item, photo, settling, max_photo_bytes)
    return Settled() if state and state.uid == item.uid and _is_done(done, state) else plan


def _wanted(item: Item, photo: PhotoStat | None, encoder_id: str, max_photo_bytes: int) -> Plan:
    if item.fault:
        return Refuse(item.fault)
    if photo is None:
        return Wait()
    key = content_key(encoder_id, item, photo)
    if photo.size is not None and photo.size > max_photo_bytes:
        return Refuse(Fault.of(too_large(max_photo_bytes)), key)
    return Embed(key)


def only_encoder_differs(item: Item, photo: PhotoStat, state: ItemState | None, encoder_id: str) -> bool:
    """Whether the closet holds a vector of just this photo, name and brand, by another encoder."""
    if state is None or state.status is not Status.READY or state.encoder in (None, encoder_id):
        return False
    return state.uid == item.uid and state.content_key == content_key(str(state.encoder), item, photo)


def _is_done(plan: Plan, state: ItemState) -> bool:
    match plan:
        case Wait():
            return state.status is Status.WAITING_FOR_PHOTO
        case Refuse(fault, key):
            return state.status is Status.FAILED and (state.error, state.content_key) == (fault, key)
        case Embed(key):
            return state.status in (Status.READY, Status.FAILED) and state.content_key == key
    return False
