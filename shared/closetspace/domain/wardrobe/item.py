"""Wardrobe items as their owners write them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from closetspace.domain.wardrobe.corrections import FIELDS as CORRECTED_FIELDS
from closetspace.domain.wardrobe.corrections import Corrections
from closetspace.domain.wardrobe.photo import (
    ObjectPhoto,
    PhotoSources,
    PhotoStat,
    UrlPhoto,
    is_allowed_url,
    is_object_name,
    object_in_bucket,
    owner_of_photo,
    photo_folder,
    photo_url_not_allowed,
)
from closetspace.errors import InvalidInput

ITEM_FIELDS = ("uid", "name", "brand", "photo_path", "secure_url", *CORRECTED_FIELDS)
"""The fields of a client's document that we read."""


@dataclass(frozen=True)
class Fault:
    """A permanent fault of an item: ``code`` for programs, ``message`` for its owner."""

    code: str
    message: str

    @classmethod
    def from_error(cls, error: InvalidInput) -> "Fault":
        """Return the fault that an error describes."""
        return cls(error.code, error.message)


@dataclass(frozen=True)
class Item:
    """What the owner wrote. ``fault`` is why the item is unusable; ``photo`` is None until the owner adds one."""

    id: str
    uid: str
    name: str
    brand: str
    photo: ObjectPhoto | UrlPhoto | None
    fault: Fault | None = None
    corrections: Corrections = field(default_factory=Corrections)


def parse_item(item_id: str, document: Mapping[str, Any], sources: PhotoSources) -> Item:
    """Parse a client's document; an error in it becomes the item's fault and never an exception."""
    uid = document.get("uid")
    name, brand = (document.get(field) or "" for field in ("name", "brand"))
    if not (isinstance(uid, str) and uid):
        fault = Fault("item_without_owner", "This item has no owner. Delete it and add it again while signed in.")
        return Item(item_id, "", "", "", None, fault)
    if not (isinstance(name, str) and isinstance(brand, str)):
        fault = Fault("item_invalid", "An item's name and brand must be text. Edit the item and save it again.")
        return Item(item_id, uid, "", "", None, fault)
    photo, photo_fault = _parse_photo(document, photo_folder(uid, item_id), sources)
    corrections = Corrections.parse(document)
    return Item(item_id, uid, name.strip(), brand.strip(), photo, photo_fault, corrections)


def content_key(encoder_id: str, item: Item, photo: PhotoStat) -> str:
    """Return a hash of everything that an item's entry depends on: equal keys mean equal entries."""
    parts: list[Any] = [encoder_id, photo.fingerprint, item.name, item.brand]
    # Items without corrections keep the keys that they had before there were any.
    content = json.dumps([*parts, item.corrections.labels] if item.corrections.labels else parts)
    return hashlib.sha256(content.encode()).hexdigest()


def _parse_photo(
    document: Mapping[str, Any], folder: str, sources: PhotoSources
) -> tuple[ObjectPhoto | UrlPhoto | None, Fault | None]:
    path, url = document.get("photo_path"), document.get("secure_url")
    if not path and isinstance(url, str):
        # A client may pass on what `getDownloadURL` gave it.
        path = object_in_bucket(url.strip(), sources.bucket)
    if path:
        if isinstance(path, str) and path.startswith(folder) and owner_of_photo(path) and is_object_name(path):
            return ObjectPhoto(path), None
        return None, Fault("photo_path_invalid", "The photo is outside this item's folder. Upload it again.")
    if url:
        if isinstance(url, str) and is_allowed_url(url.strip(), sources.hosts):
            return UrlPhoto(url.strip()), None
        return None, Fault.from_error(photo_url_not_allowed())
    return None, None
