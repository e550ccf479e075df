"""A picture made ready for an image network: a square of fixed size, its pixels normalised."""

import numpy as np
from PIL import Image

from closetspace.domain.encoding import FloatArray, Picture

SIDE = 224
"""Pixels of the square that EfficientNet-Lite0 was trained on."""


def square(picture: Picture, side: int = SIDE) -> Picture:
    """Squash ``(h, w, 3) uint8`` to ``(side, side, 3) uint8``, every pixel of it counted."""
    if picture.shape[:2] == (side, side):
        return picture
    # Pillow, because its fixed-point resampling is the same on every CPU and three times faster than numpy's.
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def normalised(pixels: Picture) -> FloatArray:
    """Turn ``(side, side, 3) uint8`` into the network's ``(3, side, side) float32``: ``(x - 127) / 128``.

    Source: the preprocessing that the EfficientNet-Lite checkpoints were trained with.
    """
    return np.ascontiguousarray((pixels.transpose(2, 0, 1) - np.float32(127)) / np.float32(128))
