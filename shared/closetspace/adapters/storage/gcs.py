"""Objects in Cloud Storage."""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from google.api_core import exceptions as google
from google.cloud.storage import Client
from google.cloud.storage.exceptions import InvalidResponse

from closetspace.adapters.google_errors import is_temporary
from closetspace.domain.index.pictures import IMAGES_FOLDER, THUMBNAILS_FOLDER
from closetspace.domain.wardrobe.thumbnails import owner_of_thumbnail
from closetspace.errors import Conflict, NotFound, Transient
from closetspace.ports import ObjectStat

GOOGLE, FIREBASE = "https://storage.googleapis.com", "https://firebasestorage.googleapis.com"
"""The addresses of Cloud Storage's two APIs."""

PIECE_BYTES = 8 * 2**20
"""Of an object that is written piece by piece: the client keeps two in memory. Smaller ones are read in one piece."""

KEPT = "max-age=31536000, immutable"
"""What may be done with an object whose name never gets other contents."""


class GcsObjects:
    """`closetspace.ports.StreamedObjectStore` over one bucket."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._bucket = client.bucket(bucket)
        # Browsers use the Firebase API of the same object; a local Cloud Storage serves both at one address.
        endpoint = client.api_endpoint
        self._browser_base = FIREBASE if endpoint == GOOGLE else endpoint

    def stat(self, name: str) -> ObjectStat | None:
        with _translated_errors(name):
            blob = self._bucket.get_blob(name)
        return _stat(blob) if blob else None

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        with _translated_errors(name):
            data: bytes = self._bucket.blob(name).download_as_bytes(if_generation_match=if_generation)
            return data

    def download(self, stat: ObjectStat, path: Path) -> None:
        # In one piece it takes a third of the processor time.
        is_small = stat.size <= PIECE_BYTES
        with _translated_errors(stat.name), path.open("wb") as file:
            self._bucket.blob(stat.name).download_to_file(file, single_shot_download=is_small)

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        blob = self._bucket.blob(name)
        if cache_control := _cache_control(name):
            blob.cache_control = cache_control
        with _translated_errors(name):
            if isinstance(data, Path):
                blob.upload_from_filename(str(data), if_generation_match=if_generation)
            else:
                blob.upload_from_string(data, _content_type(name), if_generation_match=if_generation)
        return _stat(blob)

    @contextmanager
    def open_write(self, name: str) -> Iterator[IO[bytes]]:
        # An archive flushes what it writes, which an upload can't; an exception ends the upload without an object.
        options = {"chunk_size": PIECE_BYTES, "ignore_flush": True, "content_type": _content_type(name)}
        try:
            with _translated_errors(name), self._bucket.blob(name).open("wb", **options) as stream:
                yield stream
        except InvalidResponse as exc:
            # The client translates this for whole objects only.
            raise Transient(f"Cloud Storage: {exc}") from exc

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        try:
            with _translated_errors(name):
                self._bucket.blob(name).delete(if_generation_match=if_generation)
        except (NotFound, Conflict):
            return

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        with _translated_errors(prefix):
            for blob in self._bucket.list_blobs(prefix=prefix, start_offset=after or None):
                # The offset itself is listed, too, and the local Cloud Storage knows no offset.
                if blob.name > after:
                    yield _stat(blob)

    def url(self, name: str) -> str:
        return f"{self._browser_base}/v0/b/{self._bucket.name}/o/{quote(name, safe='')}?alt=media"


def _cache_control(name: str) -> str | None:
    """Return how long caches may keep an object, by its name; None leaves it to Cloud Storage."""
    if owner_of_thumbnail(name):
        return f"private, {KEPT}"
    return f"public, {KEPT}" if name.startswith((IMAGES_FOLDER, THUMBNAILS_FOLDER)) else None


def _content_type(name: str) -> str:
    """Return the MIME type of an object by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _stat(blob: Any) -> ObjectStat:
    # Composite objects have no MD5, so their contents are distinguished by CRC32C and size.
    fingerprint = blob.md5_hash or f"{blob.crc32c}-{blob.size}"
    return ObjectStat(blob.name, blob.size, fingerprint, int(blob.generation), blob.time_created)


@contextmanager
def _translated_errors(name: str) -> Iterator[None]:
    try:
        yield
    except google.NotFound as exc:
        raise NotFound(f"There is no object {name}.") from exc
    except google.PreconditionFailed as exc:
        raise Conflict(f"{name} has another generation") from exc
    except Exception as exc:
        if is_temporary(exc):
            raise Transient(f"Cloud Storage: {exc}") from exc
        raise
