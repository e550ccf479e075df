"""Outlines of garments, in a square of 100 x 100 units with y pointing down."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

Point = tuple[float, float]
Outline = tuple[Point, ...]

_COMMAND = re.compile(r"([MLQC])([^MLQCZ]*)")
_CURVE_STEPS = 14


@cache
def path(text: str) -> Outline:
    """The points of an SVG path made of absolute M, L, Q, C and Z commands, curves cut into short lines."""
    points: list[Point] = []
    for command, arguments in _COMMAND.findall(text):
        given = _pairs(arguments)
        if command in "ML":
            points += given
            continue
        degree = {"Q": 2, "C": 3}[command]
        for start in range(0, len(given), degree):
            points += _bezier([points[-1], *given[start : start + degree]])
    return tuple(points)


def mirrored(outline: Outline) -> Outline:
    """The same outline on the other side of the vertical line through the middle."""
    return tuple((100 - x, y) for x, y in outline)


def whole(right_half: str) -> Outline:
    """A symmetric outline from its right half, which starts and ends on the middle line."""
    half = path(right_half)
    return half + tuple(reversed(mirrored(half)))


def ellipse(x: float, y: float, rx: float, ry: float | None = None) -> Outline:
    """An ellipse around ``(x, y)``; a circle where ``ry`` is not given."""
    k, ry = 0.5523, rx if ry is None else ry  # k: how far a cubic's handles reach for a quarter circle
    return path(
        f"M{x + rx} {y} C{x + rx} {y + k * ry} {x + k * rx} {y + ry} {x} {y + ry}"
        f" {x - k * rx} {y + ry} {x - rx} {y + k * ry} {x - rx} {y}"
        f" {x - rx} {y - k * ry} {x - k * rx} {y - ry} {x} {y - ry}"
        f" {x + k * rx} {y - ry} {x + rx} {y - k * ry} {x + rx} {y}"
    )


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """A rectangle."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def bounds(points: Iterable[Point]) -> tuple[int, int, int, int]:
    """The smallest box of whole pixels around some points in pixels."""
    xs, ys = zip(*points, strict=True)
    return int(min(xs)), int(min(ys)), int(max(xs)) + 2, int(max(ys)) + 2


def _pairs(arguments: str) -> list[Point]:
    numbers = [float(number) for number in arguments.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _bezier(control: list[Point]) -> list[Point]:
    return [_point_at(control, step / _CURVE_STEPS) for step in range(1, _CURVE_STEPS + 1)]


def _point_at(control: list[Point], t: float) -> Point:
    """De Casteljau's construction."""
    while len(control) > 1:
        control = [((1 - t) * ax + t * bx, (1 - t) * ay + t * by) for (ax, ay), (bx, by) in pairwise(control)]
    return control[0]
