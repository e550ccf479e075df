"""Decoding of uploaded photos with Pillow: from untrusted bytes to one upright sRGB picture or a refusal.

Hostile files make decoders slow, large or dead. `closetspace.adapters.images.sandbox` decodes in a process of its own.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache, partial
from io import BytesIO
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from closetspace.adapters.images.formats import (
    MAX_SCANS,
    Format,
    count_scans,
    format_of,
    is_turned,
    possible_endings,
    webp_size,
    without_metadata,
)
from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import InvalidInput

LONGEST_SIDE = 512
"""Pixels of a decoded picture; twice the side of the encoders' squares, which leaves the resizing to them."""

MIN_SIDE = 16
"""Pixels; no garment is visible in smaller photos."""

MAX_PIXELS_PER_BYTE = 1_000
"""Pixels for each byte of a file. A drawing on one colour has 300, a photo less than 30."""

UNSUSPICIOUS_PIXELS = 4_000_000
"""Pixels that any file may have."""

MAX_LOST = 0.02
"""Share of a picture's values that may depend on the missing end of a file."""

VISIBLE = 32
"""Difference of two values in 0..255 from which on a missing end shows."""

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

UNREADABLE = ("photo_unreadable", "The photo is damaged or incomplete. Please upload it again, or take a new one.")
TOO_MANY_PIXELS = (
    "photo_too_many_pixels",
    "The photo has too many pixels. Please scale it down and upload it again.",
)


def decode_photo(
    data: bytes,
    *,
    max_pixels: int,
    longest_side: int = LONGEST_SIDE,
    on_header: Callable[[tuple[int, int]], None] = lambda _: None,
) -> Picture:
    """Decode a JPEG, PNG, WebP, HEIC or AVIF photo to an upright ``(h, w, 3) uint8`` sRGB picture.

    It is scaled down so that neither side exceeds ``longest_side`` pixels. Transparency becomes white. Only the first
    frame of an animation is decoded. A photo that lacks only its end is accepted, as browsers do. ``on_header`` is
    called with the width and height before any pixel is decoded.

    Raises:
        InvalidInput: ``photo_empty``; ``photo_unsupported_format``, ``photo_too_many_pixels`` or ``photo_too_small``,
            which are detected in the header; or ``photo_unreadable``.
        MemoryError: the memory does not suffice.
    """
    kind, data = _recognised(data)
    if kind is Format.JPEG and count_scans(data) > MAX_SCANS:
        raise InvalidInput(*UNREADABLE)
    if kind is Format.WEBP:
        # Pillow reserves memory for all pixels when it opens a WebP.
        _check_size(webp_size(data), max_pixels, len(data))
        on_header(webp_size(data))
    decode = partial(_decode, kind=kind, max_pixels=max_pixels, longest_side=longest_side, on_header=on_header)
    pixels = math.prod(stored_size(data) or ()) if kind is Format.JPEG else 0
    start, endings = possible_endings(data, kind, pixels)
    if len(endings) == 1:
        return decode(data)
    if _too_many_for(len(data), pixels):
        raise InvalidInput(*UNREADABLE)
    pictures = list(islice(_decodable(decode, (start + ending for ending in endings)), 2))
    if len(pictures) < 2 or _lost(*pictures) > MAX_LOST:
        raise InvalidInput(*UNREADABLE)
    return pictures[0]


def _lost(one: Picture, other: Picture) -> float:
    """Return the share of values that differ visibly."""
    return float((np.abs(one.astype(np.int16) - other) > VISIBLE).mean())


def _decodable(decode: Callable[[bytes], Picture], files: Iterable[bytes]) -> Iterator[Picture]:
    """Yield the pictures of those files that are readable."""
    for file in files:
        try:
            yield decode(file)
        except InvalidInput as error:
            if error.code != UNREADABLE[0]:
                raise


def stored_size(data: bytes) -> tuple[int, int] | None:
    """Return ``(width, height)`` in pixels from a photo's header, before any rotation; None if it is unreadable."""
    try:
        kind, data = _recognised(data)
        with Image.open(BytesIO(data), formats=[kind]) as image:
            return image.size
    except Exception:  # parsers of untrusted bytes raise errors of any type
        return None


def _recognised(data: bytes) -> tuple[Format, bytes]:
    """Return a photo's format, and its data without metadata that could make it unreadable."""
    if not data:
        raise InvalidInput("photo_empty", "The photo is empty. Please choose the file again and upload it.")
    kind = format_of(data)
    if kind is None:
        raise InvalidInput(
            "photo_unsupported_format",
            "This file is not a JPEG, PNG, WebP, HEIC or AVIF photo. Please upload it in one of these formats.",
        )
    if kind is Format.HEIF:
        _register_heif()
    return kind, without_metadata(data) if kind is Format.PNG else data


@cache
def _register_heif() -> None:
    # Imported on the first HEIC photo, because it loads a video codec that most processes never need.
    import pillow_heif

    pillow_heif.register_heif_opener()


def _decode(
    data: bytes, kind: Format, max_pixels: int, longest_side: int, on_header: Callable[[tuple[int, int]], None]
) -> Picture:
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            _check_size(image.size, max_pixels, len(data))
            on_header(image.size)
            return np.asarray(_upright(image, longest_side, _orientation(image, data, kind)))
    except (InvalidInput, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise InvalidInput(*TOO_MANY_PIXELS) from exc
    # Parsers of untrusted bytes raise errors of any type: struct.error, KeyError, zlib.error.
    except Exception as exc:
        raise InvalidInput(*UNREADABLE) from exc


def _check_size(size: tuple[int, int], max_pixels: int, file_bytes: int) -> None:
    pixels = math.prod(size)
    if pixels > max_pixels or _too_many_for(file_bytes, pixels):
        raise InvalidInput(*TOO_MANY_PIXELS)
    if min(size) < MIN_SIDE:
        raise InvalidInput(
            "photo_too_small",
            f"The photo is smaller than {MIN_SIDE} x {MIN_SIDE} pixels. Please upload a larger one.",
        )


def _too_many_for(file_bytes: int, pixels: int) -> bool:
    """Return whether a file is too small for a photo of so many pixels."""
    return pixels > max(UNSUSPICIOUS_PIXELS, MAX_PIXELS_PER_BYTE * file_bytes)


def _orientation(image: Image.Image, data: bytes, kind: Format) -> int:
    """Return EXIF's orientation, 1 if there is none. Orientation in XMP is ignored, as browsers do."""
    if kind is Format.HEIF:
        # The decoder has applied the file's own transformation and moved EXIF's orientation out of the way.
        return 1 if is_turned(data) else int(image.info.get("original_orientation") or 1)
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        return int(exif.get(_ORIENTATION_TAG, 1))
    except Exception:  # broken metadata does not make a photo unreadable
        return 1


def _upright(image: Image.Image, longest_side: int, orientation: int) -> Image.Image:
    """Decode, scale down and rotate, in this order, so that the full size is processed as little as possible."""
    image.draft(None, (longest_side, longest_side))  # JPEG decodes at 1/2, 1/4 or 1/8 almost for free
    image.load()
    profile, mode = image.info.get("icc_profile"), image.mode
    image = _eight_bits(image)
    image.thumbnail((longest_side, longest_side), Image.Resampling.BOX)
    image = _on_white(image)
    if profile and mode in ("RGB", "RGBA", "P"):
        image = _to_srgb(image, profile)
    transposition = _UPRIGHT.get(orientation)
    return image if transposition is None else image.transpose(transposition)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Reduce 16-bit grey to 8 bits, which Pillow would clip, and convert modes that can't be averaged to RGB."""
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.uint32)
        grey = (values // 257).astype(np.uint8)
        grey[values == image.info.get("transparency", -1)] = 255
        return Image.fromarray(grey)
    if image.mode in ("1", "P", "CMYK") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert colours to sRGB; a broken profile is ignored."""
    try:
        transform = _srgb_transform(profile)
        return image if transform is None else ImageCms.applyTransform(image, transform) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


@lru_cache(maxsize=8)
def _srgb_transform(profile: bytes) -> Any:
    """Return the transform of RGB colours from a profile to sRGB, None if it is sRGB already."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    if (source.profile.profile_description or "").startswith("sRGB"):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
