"""Inspect photos the way the functions process them."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from closetspace.adapters.images.sandbox import DecodingPool
from closetspace.domain.encoder.descriptor import GENDER, PATTERN, USAGE
from closetspace.domain.encoder.encoding import Encoder, Encoding, Picture
from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.photo import photo_too_large
from closetspace.domain.wardrobe.photo_quality import category_share
from closetspace.domain.wardrobe.state import Hint
from closetspace.errors import InvalidInput
from closetspace.services.embed_photo import PhotoEmbedder
from closetspace.settings import Settings


@dataclass(frozen=True)
class Inspection:
    """The result for one file. Values are None if processing failed before they were known.

    ``width`` and ``height`` are pixels of the upright photo before it is scaled down, ``category_share`` and
    ``garment`` are probabilities, ``milliseconds`` is the time for decoding and encoding, ``peak_megabytes`` the memory
    of the process that decoded the photo.
    """

    file: str
    accepted: bool
    error: Fault | None = None
    hint: Hint | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    category: str | None = None
    category_share: float | None = None
    colours: tuple[str, ...] = ()
    pattern: str | None = None
    gender: str | None = None
    usage: str | None = None
    garment: float | None = None
    milliseconds: float | None = None
    peak_megabytes: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return asdict(self) | {"colours": list(self.colours)}


def inspect_photos(
    files: Sequence[Path], pool: DecodingPool, encoder: Encoder, settings: Settings
) -> Iterator[Inspection]:
    """Inspect files one at a time, in order. The networks are loaded before the first file is timed.

    Raises `Incompatible` if the encoder's files do not match its manifest.
    """
    PhotoEmbedder(pool, encoder, settings).embed(_blank_photo())
    for file in files:
        yield _inspect(file, pool, encoder, settings)


def _blank_photo() -> bytes:
    data = BytesIO()
    Image.new("RGB", (256, 256), "white").save(data, "JPEG")
    return data.getvalue()


def _inspect(path: Path, pool: DecodingPool, encoder: Encoder, settings: Settings) -> Inspection:
    name = os.fsencode(path).decode(errors="replace")
    size: int | None = None
    try:
        size = _size_of(path)
        data = _read(path, size, settings.max_photo_bytes)
    except InvalidInput as error:
        return Inspection(name, False, Fault.from_error(error), bytes=size)
    return _embed(name, data, pool, encoder, settings)


def _size_of(path: Path) -> int:
    """Return the size of a regular file. Raise `InvalidInput` for devices and pipes, which may have no end."""
    try:
        status = path.stat()
    except FileNotFoundError as exc:
        raise InvalidInput("file_not_found", "The file does not exist. Check the path.") from exc
    except (OSError, ValueError) as exc:
        raise InvalidInput("file_unreadable", f"The file can't be opened: {exc}. Check the path.") from exc
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput("not_a_file", "This is a folder or a device. Give photo files.")
    return status.st_size


def _read(path: Path, size: int, max_bytes: int) -> bytes:
    if size > max_bytes:
        raise photo_too_large(max_bytes)
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)  # one byte more than allowed, to detect a file that has grown
    except OSError as exc:
        raise InvalidInput("file_unreadable", f"The file can't be read: {exc}. Check its permissions.") from exc


def _embed(name: str, data: bytes, pool: DecodingPool, encoder: Encoder, settings: Settings) -> Inspection:
    started = time.perf_counter()
    decoding = pool.measure(data)
    costs: dict[str, Any] = {"bytes": len(data), "peak_megabytes": decoding.megabytes}
    try:
        photo = PhotoEmbedder(lambda _: decoding.unwrap(), encoder, settings).embed(data)
    except InvalidInput as error:
        width, height = decoding.size or (None, None)
        return Inspection(name, False, Fault.from_error(error), None, width, height, **costs)
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    width, height = _upright(decoding.size, photo.picture)
    fault = photo.verdict if isinstance(photo.verdict, Fault) else None
    hint = photo.verdict if isinstance(photo.verdict, Hint) else None
    labels = _labels(photo.encoding)
    return Inspection(name, not fault, fault, hint, width, height, milliseconds=milliseconds, **costs, **labels)


def _upright(size: tuple[int, int] | None, picture: Picture) -> tuple[int | None, int | None]:
    """Return the stored size in the orientation of the decoded picture."""
    if size is None:
        return None, None
    width, height = size
    rotated = (width - height) * (picture.shape[1] - picture.shape[0]) < 0
    return (height, width) if rotated else (width, height)


def _labels(encoding: Encoding) -> dict[str, Any]:
    return {
        "category": encoding.category,
        "category_share": category_share(encoding),
        "colours": encoding.colours,
        "pattern": _likeliest(encoding, PATTERN),
        "gender": _likeliest(encoding, GENDER),
        "usage": _likeliest(encoding, USAGE),
        "garment": None if encoding.garment_probability is None else round(encoding.garment_probability, 4),
    }


def _likeliest(encoding: Encoding, head: str) -> str | None:
    return next(iter(encoding.attributes.get(head, {})), None)
