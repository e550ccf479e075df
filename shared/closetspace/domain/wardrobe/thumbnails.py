"""Small pictures of an item's photo, which every browser shows: where they are, and how large."""

import hashlib
from collections.abc import Mapping

from closetspace.domain.wardrobe.photo import PhotoStat, photo_folder

SIDES = (640, 160)
"""Longest sides in pixels: of a page's picture, and of a list's."""

Thumbnails = Mapping[str, str]
"""The names of objects by their longest side, as text because it is a key of a document."""


def thumbnail_names(uid: str, item_id: str, photo: PhotoStat) -> dict[str, str]:
    """Return where an item's thumbnails of a photo are stored; another photo has others."""
    digest = hashlib.sha256(photo.fingerprint.encode()).hexdigest()[:16]
    return {str(side): f"{photo_folder(uid, item_id)}thumbs/{digest}-{side}.webp" for side in SIDES}


def owner_of_thumbnail(path: str) -> tuple[str, str] | None:
    """Return ``(uid, item id)`` of a thumbnail's path; None for any other object."""
    parts = path.split("/")
    is_thumbnail = len(parts) == 6 and (parts[0], parts[2], parts[4]) == ("users", "wardrobe", "thumbs") and all(parts)
    return (parts[1], parts[3]) if is_thumbnail else None
