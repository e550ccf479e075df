"""What networks read: a square picture of fixed size, its pixels normalised, and one line of text."""

import numpy as np

from closetspace.domain.encoding import FloatArray, Picture

SIDE = 224
"""Pixels of the square that EfficientNet-Lite0 was trained on."""

_MAX_CHARACTERS = 1000


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
