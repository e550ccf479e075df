"""Wardrobe items as people write them, and the state that the server keeps beside them."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from closetspace.errors import InvalidInput


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
class Fault:
    """A permanent fault: ``code`` for programs, ``message`` for the person who owns the item."""

    code: str
    message: str

    @classmethod
    def of(cls, error: InvalidInput) -> "Fault":
        """The fault that an error tells of."""
        return cls(error.code, error.message)


@dataclass(frozen=True)
class ObjectPhoto:
    """A photo in Cloud Storage."""

    path: str


@dataclass(frozen=True)
class UrlPhoto:
    """A photo on an allowed host, as documents from before Cloud Storage have it."""

    url: str


@dataclass(frozen=True)
class Item:
    """What the owner wrote. ``fault`` says why it can't be used as it is; ``photo`` is None until one is named."""

    id: str
    uid: str
    name: str
    brand: str
    photo: ObjectPhoto | UrlPhoto | None
    fault: Fault | None = None


@dataclass(frozen=True)
class PhotoStat:
    """What is known of a photo before it is read: a fingerprint of its bytes, or of its address on the web."""

    fingerprint: str
    size: int | None


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


@dataclass(frozen=True)
class Deletion:
    """An item's deletion as its event tells it: whose it was, and when it went."""

    uid: str
    at: datetime


def photo_folder(uid: str, item_id: str) -> str:
    """The only place in Cloud Storage where an item's photos may lie."""
    return f"users/{uid}/wardrobe/{item_id}/"


def owner_of_photo(path: str) -> tuple[str, str] | None:
    """``(uid, item id)`` of a photo's path, None for every other object."""
    parts = path.split("/")
    is_photo = len(parts) == 5 and (parts[0], parts[2]) == ("users", "wardrobe") and all(parts)
    return (parts[1], parts[3]) if is_photo else None


def parse_item(item_id: str, document: Mapping[str, Any], allowed_hosts: Collection[str]) -> Item:
    """Read a client's document; what is wrong with it becomes the item's fault, never an exception."""
    uid = document.get("uid")
    name, brand = (document.get(field) or "" for field in ("name", "brand"))
    if not (isinstance(uid, str) and uid):
        fault = Fault("item_without_owner", "This item has no owner. Delete it and add it again while signed in.")
        return Item(item_id, "", "", "", None, fault)
    if not (isinstance(name, str) and isinstance(brand, str)):
        fault = Fault("item_invalid", "An item's name and brand must be text. Edit the item and save it again.")
        return Item(item_id, uid, "", "", None, fault)
    photo, photo_fault = _photo(document, photo_folder(uid, item_id), allowed_hosts)
    return Item(item_id, uid, name.strip(), brand.strip(), photo, photo_fault)


def content_key(encoder_id: str, item: Item, photo: PhotoStat) -> str:
    """What an item's vector depends on, as one hash: equal keys mean equal vectors."""
    content = json.dumps([encoder_id, photo.fingerprint, item.name, item.brand])
    return hashlib.sha256(content.encode()).hexdigest()


def _photo(
    document: Mapping[str, Any], folder: str, allowed_hosts: Collection[str]
) -> tuple[ObjectPhoto | UrlPhoto | None, Fault | None]:
    path, url = document.get("photo_path"), document.get("secure_url")
    if path:
        if isinstance(path, str) and path.startswith(folder) and owner_of_photo(path):
            return ObjectPhoto(path), None
        return None, Fault("photo_path_invalid", "The photo lies outside this item's folder. Upload it again.")
    if url:
        if isinstance(url, str) and is_allowed_url(url, allowed_hosts):
            return UrlPhoto(url), None
        return None, Fault(
            "photo_url_not_allowed", "Photos can't be taken from that address. Upload the photo instead."
        )
    return None, None


def is_allowed_url(url: str, allowed_hosts: Collection[str]) -> bool:
    """Whether a photo may be fetched from there: https, a listed host, its usual port, no credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and port in (None, 443)
    return plain and parts.scheme == "https" and parts.hostname in allowed_hosts


def too_large(max_bytes: int) -> InvalidInput:
    """The error of a photo over the size limit, whichever way it was noticed."""
    return InvalidInput(
        "photo_too_large", f"The photo is larger than {max_bytes // 1_000_000} MB. Upload a smaller one."
    )
