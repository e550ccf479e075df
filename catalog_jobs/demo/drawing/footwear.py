"""Shoes and sandals from the side, and flip-flops from above."""

from catalog_jobs.demo.drawing.cloth import GOLD, RGB, RUBBER, darker, lighter, mix
from catalog_jobs.demo.drawing.sheet import Outline, Sheet, box, ellipse, path

_OPENING = path("M61 27 Q76 31.4 91 23.6 L92.6 38 L64 40 Z")
_INSOLE: RGB = (182, 160, 144)

_RUNNER = path(
    "M5 60 Q5 50 17 47.4 Q34 44.6 47 33 Q54 26 62 26.6 Q66 34 75 33.6 Q85 33 91 23 Q96 25 95 36 Q95.4 50 96 63 L6 66 Z"
)
_RUNNER_TOE = path("M5 60 Q5 50 17 47.4 L24 46 Q21 56 27 64 L6 65 Z")
_RUNNER_HEEL = path("M78 34 Q86 32.6 91 23 Q96 25 95 36 L96 63 L80 63 Q84 48 78 34 Z")
_RUNNER_STRIPE = path("M44 62 Q58 52 60 36 L64.4 36.4 Q63.6 54 51 62 Z")
_WEDGE = path("M3.6 63 Q28 60 46 63 Q70 61 97 57.6 Q99.6 66 97.6 73 Q72 77 46 75 Q20 77 6 74 Q2 69 3.6 63 Z")
_TREAD = path("M6 73.4 Q30 76 46 74.4 Q72 76.6 97.4 72.6 L96 76.4 Q60 80 46 77.6 Q20 79.6 8.6 76.6 Z")

_SNEAKER = path("M7 62 Q8 52 20 49 Q36 46 48 34 Q54 28 62 27 Q66 35 76 34 Q86 33 90 25.6 Q94.4 26 94 36 L95 64 L8 67 Z")
_SNEAKER_CAP = path("M6 66 Q5 52.6 19 49.6 Q27 53 28.6 66 Z")
_SNEAKER_SOLE = path("M4.6 63 Q50 66 96.4 61 L96.4 73.6 Q50 76.6 6 74.6 Q3 69 4.6 63 Z")

_OXFORD = path(
    "M4 66 Q5 57 18 54.6 Q36 51 48 36 Q55 29.6 62 28.6 Q67 36 77 34 Q86 32 90.6 25.6 Q95.6 27.6 95 40 L95 68 L5 68 Z"
)
_OXFORD_QUARTER = path("M46 47 Q52 37 60 31 Q66 37 74 35.4 Q76 52 72 68 L52 68 Q56 56 46 47 Z")
_OXFORD_SOLE = path("M3 66.4 Q40 70 66 67.4 L96 66.4 L96.4 70.4 L68 71 Q40 74 5 71.6 Q2 69 3 66.4 Z")

_PUMP = path(
    "M3 80 Q8 70 26 64 Q33 61.6 37 60 Q46 68 60 58 Q76 46 85 26 Q90 23 93 28"
    " Q95 42 91 52 Q84 52 76 58 Q62 74 44 80 Q22 84 6 83 Z"
)
_TONGUE = path("M42 41 Q50 30 58 22.6 Q64 21 67 25 L66 29 Q56 34 46.6 43.6 Z")


def sports_shoe(sheet: Sheet) -> None:
    """Draw a running shoe: mesh, overlays, laces, a thick wedge sole."""
    look = sheet.look
    sheet.part(_OPENING, darker(look.colour.rgb, 0.55))
    sheet.part(_RUNNER, volume=1.3)
    for overlay in (_RUNNER_TOE, _RUNNER_HEEL):
        sheet.part(overlay, look.accent.rgb, cast=0.5)
    for shift in (0, 7.5):
        stripe = tuple((x + shift, y) for x, y in _RUNNER_STRIPE)
        sheet.part(stripe, lighter(look.accent.rgb, 0.15), cast=0.4)
    _laces(sheet, count=5)
    sheet.part(_WEDGE, RUBBER)
    sheet.seam(path("M5 68.6 Q28 66.6 46 69 Q70 68.6 98 65"), look.accent.rgb, width=1.3)
    sheet.part(_TREAD, darker(look.colour.rgb, 0.5))


def casual_shoe(sheet: Sheet) -> None:
    """Draw a canvas sneaker: rubber toe cap, white sole, laces."""
    look = sheet.look
    second = mix(look.colour.rgb, look.accent.rgb, 0.6)
    sheet.part(_OPENING, darker(look.colour.rgb, 0.5))
    sheet.part(_SNEAKER, volume=1.2)
    sheet.part(path("M42 65 Q46 48 52 41 Q62 40 70 36 Q74 48 76 65 Z"), volume=0.8, cast=0.5)
    sheet.seam(path("M44 64 Q48 50 53.4 42.6 Q62 41.6 69 38.4 Q72.4 50 74 64"), dash=1.0)
    sheet.part(path("M87.4 30 Q90.6 27.6 94 27 L95 62 L88 62 Z"), second, cast=0.4)
    _laces(sheet, count=5)
    sheet.part(_SNEAKER_CAP, RUBBER, volume=1.2, cast=0.6)
    sheet.part(_SNEAKER_SOLE, RUBBER)
    sheet.seam(path("M5 66.2 Q50 69.2 96.4 64.4"), second, width=0.9)


def formal_shoe(sheet: Sheet) -> None:
    """Draw an oxford of polished leather: cap, quarter, thin sole and heel."""
    look = sheet.look
    dark = darker(look.colour.rgb, 0.55)
    sheet.part(_OPENING, darker(look.colour.rgb, 0.65))
    sheet.part(_OXFORD, volume=1.6)
    sheet.seam(path("M24 53.4 Q29 60 28 67.4"), dark, width=0.8)
    sheet.seam(path("M25.6 53 Q30.6 60 29.6 67.4"), dash=0.8)
    sheet.part(_OXFORD_QUARTER, volume=1.2, cast=0.6)
    _laces(sheet, count=4)
    sheet.fold(path("M34 50 Q40 56 42 64"), strength=0.4)
    sheet.part(_OXFORD_SOLE, dark, volume=0.5)
    sheet.part(path("M72 70.4 L96.4 69.6 L96 77 L73 77 Z"), dark, volume=0.6)


def heels(sheet: Sheet) -> None:
    """Draw a court shoe with a pointed toe and a high heel."""
    look = sheet.look
    sheet.part(path("M82 44 Q90 50 92 44 L86 84 L82.6 84 Q82 62 76 54 Z"), darker(look.colour.rgb, 0.2))
    sheet.part(path("M36 60 Q62 56 88 28 L91 30 Q76 56 44 68 Z"), _INSOLE, volume=0.5)
    sheet.part(_PUMP, volume=1.7)
    sheet.seam(path("M4 82.4 Q24 84 44 80.4 Q63 74 76.6 58.6"), darker(look.colour.rgb, 0.5), width=1.4)
    if look.cut > 0.6:
        sheet.part(ellipse(30, 66, 4, 2.6), look.accent.rgb, volume=1.2)


def _laces(sheet: Sheet, *, count: int) -> None:
    """Draw laces over a tongue along the instep, darker on a white shoe to be visible."""
    white = RUBBER if sum(sheet.look.colour.rgb) < 600 else darker(RUBBER, 0.25)
    sheet.part(_TONGUE, darker(sheet.look.colour.rgb, 0.22))
    for step in range(count):
        x, y = 44.6 + step * 3.7, 40.4 - step * 3.3
        sheet.seam(path(f"M{x - 1.6} {y - 0.8} L{x + 5.4} {y + 5.2}"), darker(white, 0.5), width=1.5)
        sheet.seam(path(f"M{x - 2} {y - 1.4} L{x + 5} {y + 4.6}"), white, width=1.3)


_CORK: RGB = (176, 136, 92)
_FOOTBED = path("M4 66 Q16 59 40 61 Q62 62 78 54 Q90 49 97 53 L97 62 L8 72 Z")
_SIDE = path("M3.4 66.4 Q24 68.6 44 67.6 Q70 66 98 57 Q99.4 66 97.4 72.6 Q50 77 6 75 Q2 71 3.4 66.4 Z")
_SANDAL_TREAD = path("M5 74 Q50 77 97.6 71.6 L96.6 77 Q50 81 7.4 78.4 Z")
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
    """Draw a thick footbed, two straps across the foot and one around the ankle, with buckles."""
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
    sheet.part(_SANDAL_TREAD, darker(cork, 0.7), volume=0.6)


def flip_flops(sheet: Sheet) -> None:
    """Draw a pair from above, with straps that part at the toe."""
    accent = sheet.look.accent.rgb
    for shift in (-2, 48):
        sheet.part(_moved(_LEFT_SOLE, shift + 0.8, 1.6), darker(accent, 0.5))
        sheet.part(_moved(_LEFT_SOLE, shift), lighter(accent, 0.12), volume=0.7)
        for strap in _LEFT_THONG:
            sheet.part(_moved(strap, shift), volume=1.4)
        sheet.part(ellipse(27.4 + shift, 27.4, 2.2), volume=1.2)


def _moved(outline: Outline, right: float, down: float = 0) -> Outline:
    return tuple((x + right, y + down) for x, y in outline)
