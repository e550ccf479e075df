"""Photo files that are good, broken or hostile, made in code."""

import io
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pillow_heif
from PIL import Image

from tests.support.heif_files import many_extents
from tests.support.journey import photo, picture

PNG_HEADER_END = 33
"""Bytes of a PNG up to the end of its first chunk."""


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return an image as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def heic(image: Image.Image, **options: object) -> bytes:
    """Return an image as HEIC."""
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, **options)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(kind: bytes, data: bytes) -> bytes:
    """Return a PNG with one more chunk behind its header."""
    png = photo(50, "PNG")
    return png[:PNG_HEADER_END] + png_chunk(kind, data) + png[PNG_HEADER_END:]


def huge_png() -> bytes:
    """Return a PNG whose header declares 400 million pixels, which would take 1.2 GB to decode."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    image_data = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + image_data + png_chunk(b"IEND", b"")


def rotated() -> bytes:
    """Return a portrait as phones store it: in landscape, with EXIF rotation."""
    image = picture(50).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(image, "JPEG", exif=exif, quality=95)


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def many_scans(side: int, scans: int) -> bytes:
    """Return a grey progressive JPEG whose coefficients are refined by so many scans, each time by nothing.

    A scan is a few bytes, and to decode it takes as long as the picture is large.
    """
    blocks = ((side + 7) // 8) ** 2
    runs = -(-blocks // 32_767)
    bits = ("0" + format(0x3FFF, "014b")) * runs  # each an end-of-band run of 32,767 blocks
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    table = bytes([1] + [0] * 15)
    return (
        b"\xff\xd8"
        + jpeg_segment(0xDB, b"\0" + b"\1" * 64)
        + jpeg_segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
        + jpeg_segment(0xC4, b"\0" + table + b"\0")
        + jpeg_segment(0xC4, b"\x10" + table + b"\xe0")
        + jpeg_segment(0xDA, b"\1\1\0\0\0\0")
        + bytes((blocks + 7) // 8)
        + (jpeg_segment(0xDA, b"\1\1\0\1\1\0") + scan) * scans
        + b"\xff\xd9"
    )


def noise(side: int) -> Image.Image:
    """Return a picture that no format can make small."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))


def odd_photos() -> Iterator[tuple[str, bytes]]:
    """Yield small files that are odd and right: other formats, orders of bytes, damaged metadata, a missing end."""
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        yield kind.lower(), photo(50, kind)
    yield "heic", heic(picture(50))
    yield "avif of another brand", photo(50, "AVIF").replace(b"ftypavif", b"ftypmif1", 1)
    yield "cmyk", saved(picture(50).convert("CMYK"), "JPEG")
    yield "grey", saved(picture(50).convert("L"), "JPEG")
    yield "16 bit", saved(Image.fromarray(np.full((64, 64), 40_000, np.uint16)), "PNG")
    yield "palette", saved(picture(50).convert("P"), "PNG")
    yield "transparent", saved(Image.new("RGBA", (64, 64), (10, 20, 200, 0)), "PNG")
    yield "rotated", rotated()
    yield "progressive", photo(50, progressive=True)
    yield "jpeg without its end", photo(50)[:-2]
    yield "webp without its end", photo(50, "WEBP")[:-1]
    yield "animated webp", saved(picture(50), "WEBP", save_all=True, append_images=[picture(51)])
    for chunk, data in (
        (b"gAMA", b"\0"),
        (b"iCCP", b"x\0\0" + zlib.compress(bytes(2_000_000))),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2_000_000))),
        (b"eXIf", b"II*\0\xff\xff\xff\xff"),
    ):
        yield f"png with {chunk.decode()}", png_with(chunk, data)


def bad_photos() -> Iterator[tuple[str, bytes]]:
    """Yield files that are no photos, or only a part of one."""
    yield "empty", b""
    yield "one byte", b"\xff"
    yield "text", b"text in a file with the name of a photo"
    yield "html", b"<html><script>alert(1)</script></html>"
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    yield "gif", saved(picture(50), "GIF", save_all=True, append_images=[picture(51)])
    yield "tiff", saved(picture(50), "TIFF")
    yield "one pixel", saved(Image.new("RGB", (1, 1)), "PNG")
    yield "half a jpeg", photo(50)[:1500]
    yield "half a heic", heic(picture(50))[:1500]
    yield "random bytes", random.Random(0).randbytes(5_000)


def hostile_photos() -> Iterator[tuple[str, bytes]]:
    """Yield files that are made to cost much."""
    yield "400 million pixels", huge_png()
    yield "400 scans of 55 megapixels", many_scans(7_400, 400)
    yield "8,000 scans of 55 megapixels", many_scans(7_400, 8_000)
    yield "8,000 scans of a small jpeg", many_scans(640, 8_000)
    yield "webp of 55 megapixels in a few bytes", _flat_webp()
    yield "png of 54 megapixels", saved(Image.new("RGB", (7_340, 7_340), (9, 9, 9)), "PNG", compress_level=1)
    yield "png of noise", saved(noise(2_000), "PNG", compress_level=1)
    yield "heic with a huge exif", heic(picture(50), exif=b"Exif\0\0II*\0" + bytes(6_000_000))
    yield "heic whose exif is 32 times the same 6 MB", many_extents(32, 6_000_000)


def _flat_webp() -> bytes:
    image = Image.new("RGBA", (7_400, 7_400), (10, 20, 30, 100))
    return saved(image, "WEBP", lossless=True, method=0, quality=0)
