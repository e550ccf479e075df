"""What answers show of each row: JSON arrays, each compressed by itself with one dictionary for all.

An answer's text is much like that of other answers, so the dictionary is made of some of them. It is the beginning of
the file; ``ends`` are the places where it ends, and after it each row's record.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from itertools import accumulate
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.index.index import Rows
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import Incompatible

FIELDS = (
    "id",
    "name",
    "brand",
    "category",
    "gender",
    "price",
    "currency",
    "src",
    "url",
    "in_stock",
    "list_price",
    "thumbnail",
)
"""The fields of an item that a record has, in order."""

DICTIONARY_BYTES = 16_384
"""Half and twice as much make records 16 and 5 percent longer; the time to read one grows with it."""

DICTIONARY_RECORDS = 60

COMPRESSION = 6
"""Zlib's level: 9 makes no difference in size."""

RAW_DEFLATE = -zlib.MAX_WBITS


def pack_answers(items: Sequence[IndexedItem]) -> tuple[bytes, Rows]:
    """Return the file's content and its ``ends (1 + n,)``."""
    sample = items[:: max(1, len(items) // DICTIONARY_RECORDS)]
    dictionary = b"".join(map(_record, sample))[-DICTIONARY_BYTES:]
    pieces = [dictionary, *_compress(map(_record, items), dictionary)]
    return b"".join(pieces), np.fromiter(accumulate(map(len, pieces)), np.int64, len(pieces))


class Answers:
    """The records of an index, read by any number of threads."""

    def __init__(self, data: bytes | mmap, ends: Rows) -> None:
        """Raises `Incompatible` if the ends are not those of the data."""
        if ends[0] < 0 or np.any(np.diff(ends) <= 0) or ends[-1] != len(data):
            raise Incompatible("its answers do not end where its columns say")
        self._data, self._ends, self._dictionary = data, ends, data[: ends[0]]

    def __len__(self) -> int:
        return len(self._ends) - 1

    def fields(self, rows: NDArray[np.int64]) -> list[list[Any]]:
        """Return the values of `FIELDS` of each row. Raises `Incompatible` if one is damaged."""
        places = zip(self._ends[rows].tolist(), self._ends[rows + 1].tolist(), strict=True)
        try:
            # One call of the parser for all, which takes a third of the time.
            records: list[list[Any]] = json.loads(b"[%b]" % b",".join([self._record(*place) for place in places]))
        except (zlib.error, ValueError) as exc:
            raise Incompatible(f"an answer of the index is damaged: {exc}") from exc
        return records

    def _record(self, start: int, end: int) -> bytes:
        return zlib.decompressobj(RAW_DEFLATE, self._dictionary).decompress(self._data[start:end])


def _record(item: IndexedItem) -> bytes:
    values = [getattr(item, field) for field in FIELDS]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _compress(records: Iterable[bytes], dictionary: bytes) -> Iterable[bytes]:
    prepared = zlib.compressobj(COMPRESSION, zlib.DEFLATED, RAW_DEFLATE, zlib.DEF_MEM_LEVEL, zdict=dictionary)
    for record in records:
        compressor = prepared.copy()
        yield compressor.compress(record) + compressor.flush()
