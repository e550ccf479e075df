"""HEIC files whose metadata grows in memory: one item of many extents that are all the same bytes of the file."""

import io
import random
import struct
from dataclasses import dataclass

import pillow_heif
from PIL import Image


@dataclass(frozen=True)
class Location:
    """An item of the box ``iloc`` (ISO/IEC 14496-12): its id, how its offsets count, and its extents."""

    item: int
    method: int
    extents: tuple[tuple[int, int], ...]


def many_extents(count: int, size: int) -> bytes:
    """Return a small HEIC whose Exif item has ``size`` bytes in the file, and ``count`` times that in memory."""
    exif = b"Exif\0\0II*\0\x08\0\0\0" + bytes(6) + random.Random(1).randbytes(size)
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), (200, 20, 20))).save(file, exif=exif, quality=10)
    data = file.getvalue()
    start = data.index(b"iloc") - 4
    end = start + int.from_bytes(data[start : start + 4], "big")
    locations = _read(data[start + 8 : end])
    largest = max(locations, key=lambda location: sum(length for _, length in location.extents))
    grown = [Location(each.item, each.method, each.extents * count) if each is largest else each for each in locations]
    shift = len(_box(grown, 0)) - (end - start)
    meta = data.index(b"meta") - 4
    meta_size = struct.pack(">I", int.from_bytes(data[meta : meta + 4], "big") + shift)
    return data[:meta] + meta_size + data[meta + 4 : start] + _box(grown, shift) + data[end:]


def _read(body: bytes) -> list[Location]:
    version, sizes = body[0], int.from_bytes(body[4:6], "big")
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    stream = io.BytesIO(body[6:])

    def number(size: int) -> int:
        return int.from_bytes(stream.read(size), "big")

    locations = []
    for _ in range(number(2)):
        item, method, _reference, base = number(2), number(2) if version else 0, number(2), number(base_size)
        extents = []
        for _ in range(number(2)):
            number(index_size)
            extents.append((base + number(offset_size), number(length_size)))
        locations.append(Location(item, method, tuple(extents)))
    return locations


def _box(locations: list[Location], shift: int) -> bytes:
    """Return a box of version 1 whose offsets in the file are moved by ``shift``."""
    body = struct.pack(">BxxxHH", 1, 0x4400, len(locations))
    for each in locations:
        body += struct.pack(">HHHH", each.item, each.method, 0, len(each.extents))
        moved = 0 if each.method else shift  # other methods count from another place than the beginning of the file
        body += b"".join(struct.pack(">II", offset + moved, length) for offset, length in each.extents)
    return struct.pack(">I", len(body) + 8) + b"iloc" + body
