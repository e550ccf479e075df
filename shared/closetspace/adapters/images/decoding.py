"""Decoding of uploaded photos with Pillow: from untrusted bytes to one upright RGB picture or a refusal."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import InvalidInput

LONGEST_SIDE = 512
"""Pixels of a decoded picture; twice the side of the encoders' squares, which leaves the resizing to them."""

MIN_SIDE = 16
"""Pixels; no garment is visible in smaller photos."""

_JPEG = JpegImagePlugin.JpegImageFile.format
_PNG = PngImagePlugin.PngImageFile.format
_WEBP = WebPImagePlugin.WebPImageFile.format
_HEIF = "HEIF"

# Major brands of ISO 23008-12 with HEVC pictures; AVIF has the brand "avif" and is not supported.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # EXIF 2.32, tag 0x0112: the transposition that undoes each orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_TOO_MANY_PIXELS = InvalidInput(
    "photo_too_many_pixels", "The photo has too many pixels. Please scale it down and upload it again."
)


def decode_photo(data: bytes, *, max_pixels: int, longest_side: int = LONGEST_SIDE) -> Picture:
    """Decode a JPEG, PNG, WebP or HEIC photo to an upright ``(h, w, 3) uint8`` sRGB picture.

    It is scaled down so that neither side exceeds ``longest_side`` pixels. Transparency becomes white. Only the first
    frame of an animation is decoded. Colour profiles are ignored, because light changes colours more than they do.

    Raises:
        InvalidInput: ``photo_empty``; ``photo_unsupported_format``, ``photo_too_many_pixels`` or ``photo_too_small``,
            which are detected in the header; or ``photo_unreadable``.
    """
    if not data:
        raise InvalidInput("photo_empty", "The photo is empty. Please choose the file again and upload it.")
    format_name = _format_of(data)
    try:
        with Image.open(BytesIO(data), formats=[format_name]) as image:
            _check_size(image.size, max_pixels)
            return np.asarray(_upright(image, longest_side))
    except (InvalidInput, MemoryError):
        raise  # oversized photos are refused by their header, so a lack of memory is temporary and the server's own
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise InvalidInput(_TOO_MANY_PIXELS.code, _TOO_MANY_PIXELS.message) from exc
    # Parsers of untrusted bytes raise all kinds of errors: struct.error, KeyError, zlib.error.
    except Exception as exc:
        raise InvalidInput(
            "photo_unreadable",
            "The photo is damaged or incomplete. Please upload it again, or take a new one.",
        ) from exc


def stored_size(data: bytes) -> tuple[int, int] | None:
    """Return ``(width, height)`` in pixels from a photo's header, before its rotation; None if it can't be read."""
    try:
        with Image.open(BytesIO(data), formats=[_format_of(data)]) as image:
            return image.size
    except Exception:  # parsers of untrusted bytes raise all kinds of errors
        return None


def _format_of(data: bytes) -> str:
    """Return the format of the content, regardless of the file's name."""
    if data.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _WEBP
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        _register_heif()
        return _HEIF
    raise InvalidInput(
        "photo_unsupported_format",
        "This file is not a JPEG, PNG, WebP or HEIC photo. Please upload it in one of these formats.",
    )


@cache
def _register_heif() -> None:
    # Imported with the first HEIC photo: it loads a video codec, which most processes never need.
    import pillow_heif

    pillow_heif.register_heif_opener()


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise InvalidInput(_TOO_MANY_PIXELS.code, _TOO_MANY_PIXELS.message)
    if min(size) < MIN_SIDE:
        raise InvalidInput(
            "photo_too_small",
            f"The photo is smaller than {MIN_SIDE} x {MIN_SIDE} pixels. Please upload a larger one.",
        )


def _upright(image: Image.Image, longest_side: int) -> Image.Image:
    """Decode, scale down and rotate, in this order, so that few steps work on the large photo."""
    image.draft(None, (longest_side, longest_side))  # decodes JPEG at 1/2, 1/4 or 1/8, which is much faster
    image.load()
    transposition = _UPRIGHT.get(_orientation(image))
    image = _eight_bits(image)
    image.thumbnail((longest_side, longest_side), Image.Resampling.BOX)
    image = _on_white(image)
    return image if transposition is None else image.transpose(transposition)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a photo with damaged metadata is still readable
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert 16-bit grey to 8 bits (Pillow would clip it), and modes that can't be averaged to RGB."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
    if image.mode in ("1", "P", "CMYK") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
