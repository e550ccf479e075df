"""The colours of a garment in a photo: a histogram of its foreground, and their names."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoding import FloatArray, Picture

BINS = 53
"""16 hues x (pale, dark, vivid), then 5 greys from black to white."""

_HUES, _KINDS, _GREYS = 16, 3, 5
_PALE, _DARK, _VIVID = range(_KINDS)
_FIRST_GREY = _HUES * _KINDS

_CELL = 4  # pixels a side that are averaged first: finer cells measured no better and cost four times as much
_GREY_SATURATION, _GREY_VALUE = 0.18, 0.20  # below either, a hue is noise
_PALE_SATURATION, _DARK_VALUE = 0.45, 0.55
_BACKGROUND_DISTANCE = 0.12  # in RGB of 0..1: further from every border colour is garment
_BORDER_SHARE = 0.04  # of the border, below which a colour there is rather the garment's edge
_LEAST_FOREGROUND = 0.03  # of the weight; less means that the garment has the background's colour
_BUSY_TRUST = 0.25
_MOST_NAMES, _LEAST_NAMED = 3, 0.15

# One row a hue from 0 degrees on in steps of 22.5: pale, dark, vivid.
_HUE_NAMES = (
    ("pink", "maroon", "red"),
    ("beige", "brown", "orange"),
    ("beige", "brown", "yellow"),
    ("yellow", "olive", "yellow"),
    ("green", "green", "green"),
    ("green", "green", "green"),
    ("green", "green", "green"),
    ("green", "green", "green"),
    ("turquoise", "teal", "turquoise"),
    ("blue", "blue", "blue"),
    ("blue", "navy blue", "blue"),
    ("purple", "navy blue", "blue"),
    ("purple", "purple", "purple"),
    ("purple", "purple", "purple"),
    ("pink", "purple", "pink"),
    ("pink", "maroon", "pink"),
)
_GREY_NAMES = ("black", "black", "grey", "white", "white")  # a white garment is mostly in its own shade
_BIN_NAMES = tuple(name for row in _HUE_NAMES for name in row) + _GREY_NAMES


@dataclass(frozen=True)
class ForegroundColours:
    """``histogram`` is ``(53,) float32`` that sums to 1; ``trust`` in 0..1 says how well it saw the garment."""

    histogram: FloatArray
    trust: float


def foreground_colours(pixels: Picture) -> ForegroundColours:
    """Describe the colours of what stands out from the border of a ``(side, side, 3)`` square.

    Over a plain background the border tells exactly what is not garment; a busy one hides in part, so its
    colours are trusted less: trusted in full, they make photos match products of another kind (.43 fit, not .52).
    """
    cells = _cells(pixels)
    border = np.concatenate(
        [cells[:2].reshape(-1, 3), cells[-2:].reshape(-1, 3), cells[:, :2].reshape(-1, 3), cells[:, -2:].reshape(-1, 3)]
    )
    background, plain_share = _common_colours(border)
    weights = _foreground_weights(cells, background)
    trust = _BUSY_TRUST + (1.0 - _BUSY_TRUST) * plain_share
    return ForegroundColours(_histogram(cells.reshape(-1, 3), weights.reshape(-1)), trust)


def dominant_colours(histogram: FloatArray) -> tuple[str, ...]:
    """Name up to three colours of a histogram, the largest share first, leaving out those below 15 %."""
    shares: dict[str, float] = {}
    for name, share in zip(_BIN_NAMES, histogram.tolist(), strict=True):
        shares[name] = shares.get(name, 0.0) + share
    ranked = sorted(shares, key=lambda name: -shares[name])[:_MOST_NAMES]
    return tuple(name for i, name in enumerate(ranked) if i == 0 or shares[name] >= _LEAST_NAMED)


def _cells(pixels: Picture) -> FloatArray:
    """Average ``(side, side, 3) uint8`` in cells to ``(n, n, 3) float32`` in 0..1."""
    n = pixels.shape[0] // _CELL
    # Rows first, then columns: summed at once, numpy takes four times as long.
    sums = pixels.reshape(n, _CELL, n * _CELL * 3).sum(1, dtype=np.uint16)
    sums = sums.reshape(n, n, _CELL, 3).sum(2, dtype=np.uint16)
    cells: FloatArray = sums.astype(np.float32) / np.float32(255 * _CELL**2)
    return cells


def _common_colours(border: FloatArray) -> tuple[FloatArray, float]:
    """Group ``(n, 3)`` border cells into their common colours ``(k, 3)``; and the share of the largest."""
    keys = (border * 7.99).astype(np.intp) @ np.array([64, 8, 1])
    _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(group, border[:, channel]) for channel in range(3)], axis=1)
    common = counts >= _BORDER_SHARE * len(border)
    means = (sums / counts[:, None])[common].astype(np.float32)
    return means, float(counts.max() / len(border))


def _foreground_weights(cells: FloatArray, background: FloatArray) -> FloatArray:
    """Weigh ``(n, n)`` cells: none for background, and the more the closer to the middle."""
    axis = np.linspace(-1.0, 1.0, cells.shape[0], dtype=np.float32)
    middle: FloatArray = np.exp(-2.0 * (axis[:, None] ** 2 + axis**2))
    if not len(background):
        return middle
    flat = cells.reshape(-1, 3)
    squared = (flat**2).sum(1)[:, None] - 2.0 * flat @ background.T + (background**2).sum(1)
    stands_out = squared.min(axis=1).reshape(middle.shape) > _BACKGROUND_DISTANCE**2
    weights: FloatArray = middle * stands_out
    return weights if weights.sum() >= _LEAST_FOREGROUND * middle.sum() else middle


def _histogram(colours: FloatArray, weights: FloatArray) -> FloatArray:
    """Count ``(n, 3)`` colours, each shared out between the two nearest hues or greys, so bins have no edges."""
    hue, saturation, value = _hsv(colours)
    grey = (saturation < _GREY_SATURATION) | (value < _GREY_VALUE)
    kind = np.where(value < _DARK_VALUE, _DARK, np.where(saturation < _PALE_SATURATION, _PALE, _VIVID))
    place = np.where(grey, value * (_GREYS - 1), hue * _HUES)
    low = np.where(grey, np.minimum(place.astype(np.intp), _GREYS - 2), place.astype(np.intp))
    upper_share = place - low
    bins = [np.where(grey, _FIRST_GREY + n, n % _HUES * _KINDS + kind) for n in (low, low + 1)]
    shares = np.concatenate([weights * (1.0 - upper_share), weights * upper_share])
    counts = np.bincount(np.concatenate(bins), shares, minlength=BINS)
    histogram: FloatArray = (counts / counts.sum()).astype(np.float32)
    return histogram


def _hsv(colours: FloatArray) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Turn ``(n, 3)`` RGB into hue, saturation and value, each ``(n,)`` in 0..1 (hue below 1)."""
    red, green, blue = colours.T
    value = colours.max(axis=1)
    chroma = value - colours.min(axis=1)
    safe = np.maximum(chroma, 1e-6)
    sector = np.where(
        value == red,
        (green - blue) / safe % 6.0,
        np.where(value == green, (blue - red) / safe + 2.0, (red - green) / safe + 4.0),
    )
    return sector / 6.0 % 1.0, chroma / np.maximum(value, 1e-6), value
