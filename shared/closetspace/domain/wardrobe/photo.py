"""Photos of items: where they may lie, and how large they may be."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from closetspace.errors import InvalidInput


@dataclass(frozen=True)
class ObjectPhoto:
    """A photo in Cloud Storage."""

    path: str


@dataclass(frozen=True)
class UrlPhoto:
    """A photo on an allowed host, as documents from before Cloud Storage have it."""

    url: str


@dataclass(frozen=True)
class PhotoStat:
    """What is known of a photo before it is read: a fingerprint of its bytes, or of its address on the web."""

    fingerprint: str
    size: int | None


def photo_folder(uid: str, item_id: str) -> str:
    """The only place in Cloud Storage where an item's photos may lie."""
    return f"users/{uid}/wardrobe/{item_id}/"


def owner_of_photo(path: str) -> tuple[str, str] | None:
    """``(uid, item id)`` of a photo's path, None for every other object."""
    parts = path.split("/")
    is_photo = len(parts) == 5 and (parts[0], parts[2]) == ("users", "wardrobe") and all(parts)
    return (parts[1], parts[3]) if is_photo else None


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
