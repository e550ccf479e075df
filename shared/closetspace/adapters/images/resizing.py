"""Pictures scaled to the squares that image networks read."""

import numpy as np
from PIL import Image

from closetspace.domain.encoder.descriptor import Framing
from closetspace.domain.encoder.encoding import Picture


def square(picture: Picture, side: int, framing: Framing) -> Picture:
    """Scale ``(h, w, 3) uint8``, or its middle square, to ``(side, side, 3) uint8``."""
    height, width, _ = picture.shape
    if height == width == side:
        return picture
    box = (0.0, 0.0, float(width), float(height))
    if framing is Framing.CENTRE:
        edge = min(height, width)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
    # Pillow's fixed-point resampling gives the same result on every CPU, three times as fast as numpy.
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR, box=box))
