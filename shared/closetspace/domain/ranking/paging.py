"""Cursors: the state of one list, small enough to travel in a request.

A cursor holds the list's seed and a short key for every item already shown. Unlike an offset it never repeats an item,
even if the closet or the index changes between two pages. It also holds a checksum of the index version that the list
began on, so that an answer can say when a list continues on another version.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from closetspace.errors import InvalidInput

MAX_SHOWN = 2_000
"""Items after which a list ends: a hundred pages, with a cursor of 11 KB."""

_HEADER = struct.Struct("<BQI")
_FORMAT = 2
_KEY_BYTES = 4
"""Bytes kept of an item's 64-bit key; two items share them once in four thousand million."""


@dataclass(frozen=True)
class Cursor:
    """The list's ``seed``, the mark of the index that it began on, and the short keys of the items shown."""

    seed: int
    index: int = 0
    shown: tuple[int, ...] = ()

    def after(self, keys: Iterable[int]) -> "Cursor | None":
        """Return the cursor of the next page, None at the end of the list."""
        shown = (*self.shown, *(short(key) for key in keys))
        return Cursor(self.seed, self.index, shown) if len(shown) < MAX_SHOWN else None

    def encode(self) -> str:
        """Return the cursor as text that is opaque to clients."""
        keys = b"".join(key.to_bytes(_KEY_BYTES, "little") for key in self.shown)
        return base64.urlsafe_b64encode(_HEADER.pack(_FORMAT, self.seed, self.index) + keys).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read a cursor. Raises `InvalidInput` for any text that `encode` did not write."""
        try:
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            form, seed, index = _HEADER.unpack_from(data)
        except (binascii.Error, ValueError, struct.error) as exc:
            raise _malformed() from exc
        keys = data[_HEADER.size :]
        if form != _FORMAT or len(keys) % _KEY_BYTES or len(keys) > MAX_SHOWN * _KEY_BYTES:
            raise _malformed()
        return cls(seed, index, tuple(key for (key,) in struct.iter_unpack("<I", keys)))


def short(key: int) -> int:
    """Return the short key of an item."""
    return key & 0xFFFFFFFF


def index_mark(version: str) -> int:
    """Return the checksum of an index version that a cursor holds."""
    return zlib.crc32(version.encode())


def _malformed() -> InvalidInput:
    message = "cursor: pass the cursor of the previous page unchanged, or none for the first page."
    return InvalidInput("invalid_field", message, field="cursor")
