"""Cursors: what a person has seen of one list, small enough to travel in a request.

A cursor carries the list's seed and a number for every item already shown. Unlike an offset it can't repeat an
item, whatever happened to the closet or the index between two pages; and it knows the index that the list began on,
so that an answer can say when the list goes on from another.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from closetspace.errors import InvalidInput

MOST_SHOWN = 2_000
"""Items after which a list ends: a hundred pages; the cursor is then 11 KB."""

_HEADER = struct.Struct("<BQI")
_FORMAT = 2
_KEY_BYTES = 4
"""Of an item's 64 bits; two items share them once in four thousand million."""


@dataclass(frozen=True)
class Cursor:
    """``seed`` of the list, the mark of the index that it began on, and the shortened keys of what was shown."""

    seed: int
    index: int = 0
    shown: tuple[int, ...] = ()

    def after(self, keys: Iterable[int]) -> "Cursor | None":
        """The cursor of the next page; None where the list ends."""
        shown = (*self.shown, *(short(key) for key in keys))
        return Cursor(self.seed, self.index, shown) if len(shown) < MOST_SHOWN else None

    def encode(self) -> str:
        """As text for a client, who need not understand it."""
        keys = b"".join(key.to_bytes(_KEY_BYTES, "little") for key in self.shown)
        return base64.urlsafe_b64encode(_HEADER.pack(_FORMAT, self.seed, self.index) + keys).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises `InvalidInput` for anything that `encode` did not make."""
        try:
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            form, seed, index = _HEADER.unpack_from(data)
        except (binascii.Error, ValueError, struct.error) as exc:
            raise _malformed() from exc
        keys = data[_HEADER.size :]
        if form != _FORMAT or len(keys) % _KEY_BYTES or len(keys) > MOST_SHOWN * _KEY_BYTES:
            raise _malformed()
        return cls(seed, index, tuple(key for (key,) in struct.iter_unpack("<I", keys)))


def short(key: int) -> int:
    """An item's key as a cursor keeps it."""
    return key & 0xFFFFFFFF


def index_mark(version: str) -> int:
    """An index's version as a cursor keeps it."""
    return zlib.crc32(version.encode())


def _malformed() -> InvalidInput:
    return InvalidInput("cursor", "cursor: pass the cursor of the page before as it was, or none for the first page.")
