"""Image formats by content: which one a file has, and repairs of what every browser repairs."""

import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum


class Format(StrEnum):
    """Formats of photos, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"
    AVIF = "AVIF"


MAX_SCANS = 40
"""Scans of a JPEG. Encoders write up to 12; each of thousands of empty ones costs a pass over the whole picture."""

_JPEG_END = b"\xff\xd9"
_FILLER = bytes(range(1, 252, 5))
"""Arbitrary bytes without 0xFF, which would be a marker."""

_LOSSLESS_ENDINGS, _MAX_LOSSLESS_END = bytes(range(0, 256, 36)), 4
"""Bytes to end a lossless WebP with, and how many may be missing. Its codes have any length, so a decoder may take some
endings for mistakes: of photos without their last byte, 97 % can be read with two of these."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"eXIf"}
"""Chunks that decide how a picture looks. All others are metadata, and may be broken or huge."""

_PNG_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_MAX_METADATA = 1_000_000
"""Bytes of a colour profile or of EXIF data; larger ones are ignored."""

# Brands of ISO 23008-12 (HEVC) and of AVIF. Files of the general brands mif1 and msf1 name one of these as well.
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}
_GENERAL_BRANDS = {b"mif1", b"msf1"}


def format_of(data: bytes) -> Format | None:
    """Return the format of a file's content, whatever its name says; None for anything but a photo."""
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if data.startswith(_PNG_SIGNATURE):
        return Format.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Format.WEBP
    brands = set(_brands(data))
    if brands & _AVIF_BRANDS:
        return Format.AVIF
    return Format.HEIF if brands & (_HEVC_BRANDS | _GENERAL_BRANDS) else None


def _brands(data: bytes) -> Iterator[bytes]:
    if data[4:8] == b"ftyp":
        length = min(struct.unpack_from(">I", data)[0], len(data), 1024)
        yield data[8:12]
        for start in range(16, length - 3, 4):
            yield data[start : start + 4]


def possible_endings(data: bytes, kind: Format, pixels: int) -> tuple[bytes, tuple[bytes, ...]]:
    """Return a file that lacks its end, and ends for it; one empty end if it is complete.

    ``pixels`` is the number of the picture's pixels. A decoder finishes the file with any, or a lossless WebP with
    some. If two pictures are equal, no part is missing.
    """
    if kind is Format.JPEG and not data.rstrip(b"\0").endswith(_JPEG_END):
        start = data.rstrip(b"\xff")
        # Missing blocks are drawn from it: enough for a third of the picture, however little of the file is there.
        filler = _FILLER * (max(len(start), pixels // 4) // len(_FILLER))
        return start, (_JPEG_END, filler + _JPEG_END)
    if kind is Format.WEBP and len(data) >= 12:
        missing = struct.unpack_from("<I", data, 4)[0] + 8 - len(data)
        if 0 < missing < len(data):
            endings = _LOSSLESS_ENDINGS if b"VP8L" in data and missing <= _MAX_LOSSLESS_END else b"\0\xff"
            return data, tuple(bytes([ending]) * missing for ending in endings)
    return data, (b"",)


def count_scans(data: bytes) -> int:
    """Return the number of scans of a JPEG."""
    return data.count(b"\xff\xda")


def webp_size(data: bytes) -> tuple[int, int]:
    """Return the width and height of a WebP from its header (RFC 9649), ``(0, 0)`` if it has none."""
    kind, header = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1
    if kind == b"VP8L":
        packed = int.from_bytes(header[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", header, 6)
    return width & 0x3FFF, height & 0x3FFF


def without_metadata(png: bytes) -> bytes:
    """Return a PNG without the chunks that do not change the picture, and without broken ones that may be left out."""
    kept = [_PNG_SIGNATURE]
    place = len(_PNG_SIGNATURE)
    while place + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        end = place + 12 + length
        chunk = png[place:end]
        if kind in _PNG_CRITICAL or (kind in _PNG_KEPT and _is_usable(kind, chunk)):
            kept.append(chunk)
        if kind == b"IEND":
            return b"".join(kept)
        place = end
    return b"".join([*kept, struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))])


def _is_usable(kind: bytes, chunk: bytes) -> bool:
    if not 12 < len(chunk) <= _MAX_METADATA or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
        return False
    return kind != b"iCCP" or _is_profile(chunk[8:-4])


def _is_profile(content: bytes) -> bool:
    """Return whether a colour profile unpacks to a size that profiles have (PNG 1.2, 4.2.2.4)."""
    _, _, packed = content.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], _MAX_METADATA)
    except zlib.error:
        return False
    return len(profile) >= 128 and unpacking.eof


def is_turned(heif: bytes) -> bool:
    """Return whether a HEIF file has a transformation of its own (``irot`` or ``imir``), beside EXIF's orientation."""
    properties = _box(_box(_box(heif, b"meta")[4:], b"iprp"), b"ipco")
    return any(kind in (b"irot", b"imir") for kind, _ in _boxes(properties))


def _box(data: bytes, wanted: bytes) -> bytes:
    return next((content for kind, content in _boxes(data) if kind == wanted), b"")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and content of each box (ISO 14496-12, 4.2)."""
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        header = 8
        if length == 1 and place + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, place + 8)
            header = 16
        end = len(data) if length == 0 else place + length
        if end < place + header:
            return
        yield kind, data[place + header : end]
        place = end
