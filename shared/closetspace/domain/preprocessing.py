"""What networks read: a square picture of fixed size, its pixels normalised, and one line of text."""

import numpy as np
from PIL import Image

from closetspace.domain.encoding import FloatArray, Picture

SIDE = 224
"""Pixels of the square that EfficientNet-Lite0 was trained on."""

_MAX_CHARACTERS = 1000


def square(picture: Picture, side: int = SIDE) -> Picture:
    """Cut the middle square out of ``(h, w, 3) uint8`` and scale it to ``(side, side, 3) uint8``.

    People put the garment in the middle: of photos matched with products, .57 fit by the middle square,
    .53 by the whole squashed to a square or laid on one.
    """
    height, width, _ = picture.shape
    if height == width == side:
        return picture
    edge = min(height, width)
    left, top = (width - edge) / 2, (height - edge) / 2
    # Pillow, because its fixed-point resampling is the same on every CPU and three times faster than numpy's.
    scaled = Image.fromarray(picture).resize(
        (side, side), Image.Resampling.BILINEAR, box=(left, top, left + edge, top + edge)
    )
    return np.asarray(scaled)


def normalised(pixels: Picture) -> FloatArray:
    """Turn ``(side, side, 3) uint8`` into the network's ``(3, side, side) float32``: ``(x - 127) / 128``.

    Source: the preprocessing that the EfficientNet-Lite checkpoints were trained with.
    """
    return np.ascontiguousarray((pixels.transpose(2, 0, 1) - np.float32(127)) / np.float32(128))


def garment_text(name: str, brand: str) -> str:
    """Join brand and name to what the text network reads; most product names begin with the brand already."""
    name, brand = _clean(name), _clean(brand)
    return name if name.casefold().startswith(brand.casefold()) else f"{brand} {name}".strip()


def _clean(text: str) -> str:
    # Cut first: what a person may paste is unbounded, and 128 tokens are what is read of it.
    printable = "".join(c if c.isprintable() else " " for c in text[:_MAX_CHARACTERS])
    return " ".join(printable.split())
