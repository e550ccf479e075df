"""Photos that people upload, decoded with Pillow: hostile bytes in, one upright RGB picture or a refusal out."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import InvalidInput

LONGEST_SIDE = 512
"""Pixels; twice what the encoders see, so that they can still choose how to resize."""

MIN_SIDE = 16
"""Pixels; below it there is no garment to see."""

_JPEG = JpegImagePlugin.JpegImageFile.format
_PNG = PngImagePlugin.PngImageFile.format
_WEBP = WebPImagePlugin.WebPImageFile.format
_HEIF = "HEIF"

# Major brands of ISO 23008-12 whose pictures are HEVC; AVIF says "avif" and is not supported.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # EXIF 2.32, tag 0x0112: what undoes each orientation
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

    It is scaled down so that neither side exceeds ``longest_side``; transparency is laid on white; of an
    animation the first frame counts. Colour profiles are ignored: they move a colour less than the light does.

    Raises:
        InvalidInput: ``photo_empty``, ``photo_unsupported_format``, ``photo_too_many_pixels`` and
            ``photo_too_small`` (all three decided on the header), or ``photo_unreadable``.
    """
    if not data:
        raise InvalidInput("photo_empty", "The photo is empty. Please choose the file again and upload it.")
    format_name = _format_of(data)
    try:
        with Image.open(BytesIO(data), formats=[format_name]) as image:
            _check_size(image.size, max_pixels)
            return np.asarray(_upright(image, longest_side))
    except (InvalidInput, MemoryError):
        raise  # what is too large for us was refused on its header: a lack of memory is ours, and passes
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise InvalidInput(_TOO_MANY_PIXELS.code, _TOO_MANY_PIXELS.message) from exc
    # Parsers of hostile bytes raise whatever they stumble over: struct.error, KeyError, zlib.error.
    except Exception as exc:
        raise InvalidInput(
            "photo_unreadable",
            "The photo is damaged or incomplete. Please upload it again, or take a new one.",
        ) from exc


def stored_size(data: bytes) -> tuple[int, int] | None:
    """Return ``(width, height)`` in pixels from a photo's header, before any turn; None if it can't be read."""
    try:
        with Image.open(BytesIO(data), formats=[_format_of(data)]) as image:
            return image.size
    except Exception:  # as for decoding: a parser of hostile bytes raises anything
        return None


def _format_of(data: bytes) -> str:
    """Name the format that the content shows, whatever the file is called."""
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
    # Imported on the first HEIC photo only: it loads a video codec, which most processes never need.
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
    """Decode, scale down and turn; in this order, so that a large photo is touched as little as possible."""
    image.draft(None, (longest_side, longest_side))  # JPEG decodes at 1/2, 1/4 or 1/8 almost for free
    image.load()
    turn = _UPRIGHT.get(_orientation(image))
    image = _eight_bits(image)
    image.thumbnail((longest_side, longest_side), Image.Resampling.BOX)
    image = _on_white(image)
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # damaged metadata does not make a good picture unreadable
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Bring 16-bit grey down to 8 bits (Pillow would clip it) and what cannot be averaged to RGB."""
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
