"""Trousers, shorts, skirts and dresses, laid flat and seen from the front."""

from catalog_jobs.demo.drawing.geometry import box, ellipse, path, whole
from catalog_jobs.demo.drawing.palette import GOLD, SILVER, THREAD, darker, lighter
from catalog_jobs.demo.drawing.sheet import Sheet

_LEG = path("M49.6 9 L66 8 Q71.5 24 72 40 L72.6 94 Q66 96.4 59 95.4 L50.6 34 Z")
_WAIST = whole("M50 8 Q60 8 66.4 6.4 L67 11.6 Q60 13 50 13")


def jeans(sheet: Sheet) -> None:
    """Denim with five pockets, a fly, yellow thread, and thighs faded by wear."""
    _legs(sheet)
    sheet.folds(path("M60 24 Q61.5 40 60.6 56"), width=5, strength=0.12)
    sheet.seams(path("M67.4 13 Q66 21 57.6 20.4 Q56.6 16 56.8 12.6"), THREAD, width=0.5, dash=0.8)
    sheet.seams(path("M71 38 L71.8 92"), THREAD, width=0.4, dash=0.9)
    sheet.seams(path("M59 92.8 L72.4 91.8"), THREAD, width=0.5, dash=0.9)
    sheet.seam(path("M54.4 13 Q55.4 26 50.6 30"), THREAD, width=0.5, dash=0.8)
    sheet.part(_WAIST, volume=0.6)
    sheet.seam(path("M34 11.8 Q50 14 66 11.8"), THREAD, width=0.4, dash=0.8)
    for x in (39, 61):
        sheet.part(box(x - 0.8, 6.8, x + 0.8, 13.6), volume=0.5)
    sheet.part(ellipse(50, 10.4, 1.3), GOLD, volume=0.4)


def trousers(sheet: Sheet) -> None:
    """Pressed creases, slanted pockets, a hidden button."""
    _legs(sheet)
    sheet.seams(path("M66.6 14 L61.4 24"), darker(sheet.look.colour.rgb, 0.4), width=0.7)
    sheet.folds(path("M59.6 16 Q63 50 65.6 94"), width=0.8, strength=0.55)
    sheet.part(_WAIST, volume=0.6)
    for x in (38, 62):
        sheet.part(box(x - 0.6, 6.6, x + 0.6, 13.6), volume=0.5)
    sheet.seam(path("M51.4 13 Q52.4 24 50.4 30"), width=0.4)
    sheet.part(ellipse(52, 10.4, 0.9), darker(sheet.look.colour.rgb, 0.4), volume=0.4)


def shorts(sheet: Sheet) -> None:
    """Two short wide legs; a drawstring or a buttoned waistband."""
    leg = path("M49.4 22 L74 21 Q81 44 83 72 Q70 77 55 76 L50.8 52 Z")
    sheet.part(path("M48.6 22 L51.4 22 L51.8 54 L48.2 54 Z"), darker(sheet.look.colour.rgb, 0.4))
    sheet.pair(leg)
    sheet.seams(path("M55.4 72.6 Q70 73.4 82.6 68.8"), dash=0.9)
    sheet.seams(path("M74.6 26 Q74 36 66.6 38.6"), darker(sheet.look.colour.rgb, 0.4), width=0.7)
    sheet.folds(path("M54 48 Q60 52 66 50"), strength=0.45)
    sheet.folds(path("M62 54 Q66 64 66 75"), strength=0.35)
    sheet.seam(path("M52 28 Q53 42 50.5 48"), width=0.4)
    sheet.part(whole("M50 19.4 Q64 19.4 74 17.4 L75.4 25 Q62 27.6 50 27.6"), volume=0.7)
    if sheet.look.cut > 0.5:
        _drawstring(sheet)
    else:
        sheet.part(ellipse(50, 23.4, 1.3), SILVER, volume=0.4)


def skirt(sheet: Sheet) -> None:
    """From a waistband to a wide hem, pleated or buttoned."""
    sheet.part(whole("M50 22 L66 21 Q76 46 83 77 Q66 84.4 50 84"), volume=1.2)
    for x in (-20, -12, -4, 4, 12, 20):
        top, hem = 50 + x * 0.62, 50 + x * 1.42
        sheet.fold(path(f"M{top} 30 Q{(top + hem) / 2} 54 {hem} 83"), width=1.4, strength=0.6)
    sheet.seam(path("M18.6 74.6 Q50 85.6 81.4 74.6"), dash=0.9)
    sheet.part(whole("M50 18.4 Q60 18.4 65.6 17 L67 24 Q60 25.6 50 25.6"), volume=0.7)
    if sheet.look.cut > 0.6:
        for y in range(31, 80, 9):
            sheet.part(ellipse(50, y, 1.2), lighter(sheet.look.accent.rgb, 0.4), volume=0.4)


def dress(sheet: Sheet) -> None:
    """A fitted bodice and a swinging skirt; straps, or short sleeves."""
    dark = darker(sheet.look.colour.rgb, 0.35)
    sheet.part(whole("M50 9 L58 6 L60 12 L50 18"), dark)
    if sheet.look.cut > 0.45:
        sheet.pair(path("M62 7 Q71 8.6 74.6 20 Q70 24 65 23.6 L61 14 Z"))
        edge = "M50 17 Q57 16 58.6 5 L66 8"
    else:
        edge = "M50 16.4 Q57.6 16.6 59.4 4 L62.8 4.4"
    sheet.part(whole("M50 40 L59.6 40 Q74 66 78 91 Q64 97 50 96.6"), volume=1.2)
    for x in (-22, -13, -4.5, 4.5, 13, 22):
        top, hem = 50 + x * 0.4, 50 + x * 1.2
        sheet.fold(path(f"M{top} 44 Q{(top + hem) / 2 - x * 0.1} 68 {hem} 95"), width=1.6, strength=0.6)
    sheet.part(whole(f"{edge} Q64 16 65.4 23 Q61.4 33 60.4 42.4 Q55 43.6 50 43.6"))
    sheet.part(whole("M50 39.6 Q56 39.6 60.4 38.6 L60.8 42.8 Q55 44 50 44"), _sash(sheet), volume=0.6)
    sheet.folds(path("M63 25 Q58 29 56 38"), strength=0.4)


def _legs(sheet: Sheet) -> None:
    dark = darker(sheet.look.colour.rgb, 0.45)
    sheet.part(path("M47 8 L53 8 L53 40 L47 40 Z"), dark)
    sheet.pair(_LEG)
    for y, reach in ((34, 8), (58, 7), (64, 9)):
        sheet.folds(path(f"M52.4 {y} Q57 {y + 3} {52.4 + reach} {y + 1}"), strength=0.35)
    sheet.folds(path("M71 84 Q66 88 60 87"), strength=0.35)


def _drawstring(sheet: Sheet) -> None:
    for x in range(27, 75, 2):
        sheet.seam(path(f"M{x} 20 L{x} 26"), width=0.35)
    cord = lighter(sheet.look.accent.rgb, 0.5)
    sheet.seam(path("M49 24 Q45.6 32 47 39"), cord, width=1.0)
    sheet.seam(path("M51 24 Q55 31 53 38"), cord, width=1.0)


def _sash(sheet: Sheet) -> tuple[int, int, int]:
    look = sheet.look
    return darker(look.colour.rgb, 0.25) if look.pattern == "plain" else darker(look.accent.rgb, 0.15)
