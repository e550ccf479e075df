"""Photos of items: their allowed locations and size limit."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from closetspace.errors import InvalidInput

MAX_NAME_BYTES = 1_024
"""Bytes of an object's name in Cloud Storage."""


@dataclass(frozen=True)
class ObjectPhoto:
    """A photo in Cloud Storage."""

    path: str


@dataclass(frozen=True)
class UrlPhoto:
    """A photo on an allowed host, in documents from before the use of Cloud Storage."""

    url: str


@dataclass(frozen=True)
class PhotoSources:
    """Where photos may be: the hosts that a ``secure_url`` may name, and the bucket of the people's photos."""

    hosts: Collection[str] = ()
    bucket: str = ""


@dataclass(frozen=True)
class PhotoStat:
    """What is known of a photo before it is read: the fingerprint of its bytes or of its URL, its size in bytes, where
    it is, and its generation, which is another one as soon as its bytes are replaced."""

    fingerprint: str
    size: int | None
    source: ObjectPhoto | UrlPhoto
    generation: int | None = None


def photo_folder(uid: str, item_id: str) -> str:
    """Return the folder in Cloud Storage that an item's photos must be in."""
    return f"users/{uid}/wardrobe/{item_id}/"


def owner_of_photo(path: str) -> tuple[str, str] | None:
    """Return ``(uid, item id)`` of a photo's path; None for any other object."""
    parts = path.split("/")
    is_photo = len(parts) == 5 and (parts[0], parts[2]) == ("users", "wardrobe") and all(parts)
    return (parts[1], parts[3]) if is_photo else None


def is_object_name(path: str) -> bool:
    """Return whether Cloud Storage accepts a name: at most 1,024 bytes, and no control characters."""
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded) <= MAX_NAME_BYTES and not any(unicodedata.category(letter) == "Cc" for letter in path)


def object_in_bucket(url: str, bucket: str) -> str | None:
    """Return the name of the bucket's object that a URL names; None for every other URL.

    Download URLs of Firebase count on any host, because the local Cloud Storage has the same: nothing is fetched from
    the URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    places = {
        f"{parts.scheme}://{parts.netloc}/v0/b/{bucket}/o/",
        f"https://storage.googleapis.com/{bucket}/",
        f"https://{bucket}.storage.googleapis.com/",
        f"gs://{bucket}/",
    }
    location = f"{parts.scheme}://{parts.netloc}{parts.path}"
    place = next((place for place in places if bucket and location.startswith(place)), None)
    return unquote(location.removeprefix(place)) if place else None


def is_allowed_url(url: str, allowed_hosts: Collection[str]) -> bool:
    """Return whether a photo may be fetched from a URL: https, a listed host, the default port, no credentials.

    A URL has neither blanks nor control characters: `urllib` would drop them, and other libraries would not.
    """
    if any(letter.isspace() or unicodedata.category(letter) == "Cc" for letter in url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and port in (None, 443)
    return plain and parts.scheme == "https" and parts.hostname in allowed_hosts


def photo_url_not_allowed() -> InvalidInput:
    """Return the error for a URL from which no photo may be fetched."""
    return InvalidInput("photo_url_not_allowed", "Photos can't be fetched from that address. Upload the photo instead.")


def photo_too_large(max_bytes: int) -> InvalidInput:
    """Return the error for a photo over the size limit."""
    return InvalidInput(
        "photo_too_large", f"The photo is larger than {max_bytes // 1_000_000} MB. Upload a smaller one."
    )
