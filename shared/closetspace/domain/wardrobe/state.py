"""The state of an item, which the server writes and the frontend shows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.thumbnails import Thumbnails


class Status(StrEnum):
    """How far an item has come on its way into the closet."""

    WAITING_FOR_PHOTO = "waiting_for_photo"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Hint(StrEnum):
    """What the owner of a ready item could improve; the frontend shows a sentence for it."""

    UNSURE_GARMENT = "unsure_garment"
    """The photo may not show a garment."""

    UNCLEAR_PHOTO = "unclear_photo"
    """The photo is too small, too dark or too unclear to be sure of the category."""


@dataclass(frozen=True)
class ItemState:
    """What the server knows of an item.

    ``content_key`` names the content that is, or is being, embedded. ``encoder`` is the one that settled the item last:
    that of its newest vector, or the one that failed. ``shard`` is the closet document that holds the item's vectors;
    None if no closet has the item. Only ready items have a ``hint`` and a ``suggested_name``.

    ``gender`` and ``usage`` are the likeliest labels, None if no one is clear. ``corrected`` names the fields that are
    as the owner says.

    ``thumbnails`` is empty if the photo has none, and None for an item of a release that made none.

    ``attempts`` counts the attempts to embed this content that have begun and not ended. The sweeper looks at the item
    at ``sweep_at``, if it has one, and has done so ``sweeps`` times.
    """

    uid: str
    status: Status
    content_key: str | None = None
    encoder: str | None = None
    category: str | None = None
    colours: tuple[str, ...] = ()
    gender: str | None = None
    usage: str | None = None
    corrected: tuple[str, ...] = ()
    error: Fault | None = None
    shard: int | None = None
    hint: Hint | None = None
    suggested_name: str | None = None
    thumbnails: Thumbnails | None = None
    attempts: int = 0
    sweeps: int = 0
    sweep_at: datetime | None = None
