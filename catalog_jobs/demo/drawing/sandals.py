"""Sandals from the side, and flip-flops from above."""

from catalog_jobs.demo.drawing.geometry import Outline, box, ellipse, path
from catalog_jobs.demo.drawing.palette import GOLD, RGB, darker, lighter, mix
from catalog_jobs.demo.drawing.sheet import Sheet

_CORK: RGB = (176, 136, 92)
_FOOTBED = path("M4 66 Q16 59 40 61 Q62 62 78 54 Q90 49 97 53 L97 62 L8 72 Z")
_SIDE = path("M3.4 66.4 Q24 68.6 44 67.6 Q70 66 98 57 Q99.4 66 97.4 72.6 Q50 77 6 75 Q2 71 3.4 66.4 Z")
_TREAD = path("M5 74 Q50 77 97.6 71.6 L96.6 77 Q50 81 7.4 78.4 Z")
_FAR_STRAP = path("M30 62 Q34 46 42 46 Q52 46 58 60 L52 62 Q46 52 42 52 Q37 53 36 63 Z")
_STRAPS = (
    path("M12 69 Q16 52 25 48.6 Q33 49 36 56 L39 69 Q26 72 12 69 Z"),
    path("M40 68.6 Q40 52 47 42.6 Q55 42.6 58 49 L63 67 Q52 69 40 68.6 Z"),
    path("M86 60 Q87 46 92 38 L97 40 Q95 50 97 60 Z"),
    path("M66 38 Q80 40 94 28 Q98 30 98 38 Q84 47 68 44.6 Q64 42 66 38 Z"),
)
_LEFT_SOLE = path(
    "M27 8 Q40 8 43 26 Q42 50 38 74 Q38 92 28 92 Q17 92 17 74 Q12 50 11 28 Q11 10 27 8 Z",
)
_LEFT_THONG = (
    path("M27 26 Q17 34 12.6 58 L18.4 58 Q20 41 28 31 Z"),
    path("M27 26 Q38 34 43 58 L37.6 58 Q35 41 27 31 Z"),
)


def sandal(sheet: Sheet) -> None:
    """A thick footbed, two straps across the foot and one around the ankle, with buckles."""
    look = sheet.look
    cork = mix(_CORK, look.accent.rgb, 0.15)
    sheet.part(_FAR_STRAP, darker(look.colour.rgb, 0.45), volume=0.6)
    sheet.part(_FOOTBED, lighter(cork, 0.15), volume=0.7)
    for strap in _STRAPS:
        sheet.part(strap, volume=1.4)
    for x, y in ((25, 58), (48, 53), (84, 37)):
        sheet.part(box(x - 3.2, y - 3, x + 3.2, y + 3), GOLD)
        sheet.part(box(x - 1.6, y - 1.6, x + 1.6, y + 1.6), volume=0.3)
    sheet.part(_SIDE, darker(cork, 0.3))
    sheet.part(_TREAD, darker(cork, 0.7), volume=0.6)


def flip_flops(sheet: Sheet) -> None:
    """A pair from above, with straps that part at the toe."""
    accent = sheet.look.accent.rgb
    for shift in (-2, 48):
        sheet.part(_moved(_LEFT_SOLE, shift + 0.8, 1.6), darker(accent, 0.5))
        sheet.part(_moved(_LEFT_SOLE, shift), lighter(accent, 0.12), volume=0.7)
        for strap in _LEFT_THONG:
            sheet.part(_moved(strap, shift), volume=1.4)
        sheet.part(ellipse(27.4 + shift, 27.4, 2.2), volume=1.2)


def _moved(outline: Outline, right: float, down: float = 0) -> Outline:
    return tuple((x + right, y + down) for x, y in outline)
