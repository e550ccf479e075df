"""The state of an item, which the server keeps and the frontend shows."""

from dataclasses import dataclass
from enum import StrEnum

from closetspace.domain.wardrobe.item import Fault


class Status(StrEnum):
    """Where an item is on its way into the closet; the frontend shows it."""

    WAITING_FOR_PHOTO = "waiting_for_photo"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Hint(StrEnum):
    """What the owner of a usable item could do better; the frontend shows a sentence for it."""

    UNSURE_GARMENT = "unsure_garment"
    """The photo may not show a garment."""

    UNCLEAR_PHOTO = "unclear_photo"
    """The photo is too small, too dark or too unclear to be sure what it shows."""


@dataclass(frozen=True)
class ItemState:
    """What the server knows of an item.

    ``content_key`` names what was, or is being, embedded. ``encoder`` is the one that settled the item last: that
    of its newest vector, or the one that could not make one. ``shard`` is the closet document that holds the
    item's vectors, None when no closet does. ``hint`` is set on ready items alone.
    """

    uid: str
    status: Status
    content_key: str | None = None
    encoder: str | None = None
    category: str | None = None
    colours: tuple[str, ...] = ()
    error: Fault | None = None
    shard: int | None = None
    hint: Hint | None = None
