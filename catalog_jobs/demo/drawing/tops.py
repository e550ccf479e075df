"""Garments for the upper body, laid flat and seen from the front."""

from catalog_jobs.demo.drawing.geometry import ellipse, path, whole
from catalog_jobs.demo.drawing.palette import RGB, darker, lighter, mix
from catalog_jobs.demo.drawing.sheet import Sheet

_BODY = whole("M50 21 Q58 20.5 60.5 11 L73 15.5 Q75 26 71.5 37 Q70 62 71 89 Q60 92 50 92")
NAPE = whole("M50 11.5 Q56 11.5 60.5 10.5 L60 16 L50 24")
_SHORT_SLEEVE = path("M71 14.5 Q80 16.5 84.5 24 L94 42 Q88 47 79.5 48.5 L70 35 Z")
LONG_SLEEVE = path("M70 13 Q80 15 83 27 Q90 52 94 83 Q89 86 83.5 85.5 Q79 62 70 38 Z")
CUFF = path("M93.2 78.5 L94.3 85 Q89 88 83.6 87 L82.8 80.5 Q88 81 93.2 78.5 Z")


def t_shirt(sheet: Sheet) -> None:
    """Short sleeves and a round or a polo collar."""
    dark = darker(sheet.look.colour.rgb, 0.35)
    sheet.part(NAPE, dark)
    sheet.pair(_SHORT_SLEEVE)
    sheet.part(_BODY)
    sheet.seams(path("M92.6 39.5 Q87 44.5 78.5 46.2"), dash=0.8)
    sheet.seam(path("M29.5 87 Q50 90.5 70.5 87"), dash=0.8)
    body_folds(sheet)
    if sheet.look.cut > 0.65:
        _polo_collar(sheet)
    else:
        sheet.part(whole("M50 21 Q58 20.5 60.5 11 L57.6 10.4 Q55.8 17.5 50 18"), _trim(sheet), volume=0.4)


def shirt(sheet: Sheet) -> None:
    """Long sleeves with cuffs, buttons down the front, a pointed collar and a pocket."""
    sheet.part(NAPE, darker(sheet.look.colour.rgb, 0.35))
    sheet.pair(LONG_SLEEVE)
    sheet.pair(CUFF, volume=0.6)
    sheet.part(whole("M50 20 Q57 17 59.5 10 L72 14 Q74 26 71.5 38 Q70 62 71.5 84 Q64 92.5 50 92"))
    body_folds(sheet)
    _buttons(sheet, tops=range(26, 90, 10))
    if sheet.look.cut > 0.35:
        sheet.part(path("M58 38 L68 37.5 L68 48 L63 50.5 L58 48.5 Z"), volume=0.5, cast=0.5)
        sheet.seam(path("M58.4 40.4 L67.8 40"), dash=0.8)
    _shirt_collar(sheet)


def top(sheet: Sheet) -> None:
    """A light summer top: a wide neckline, a waist, and straps or short fluttering sleeves."""
    sheet.part(whole("M50 16 Q57 16 62 12 L62 20 L50 30"), darker(sheet.look.colour.rgb, 0.35))
    if sheet.look.cut > 0.4:
        sheet.pair(path("M66 13 Q80 20 84 39 Q76 43 69 39 L66 24 Z"))
        sheet.folds(path("M70 20 Q76 28 78 39"))
    sheet.part(whole("M50 29 Q60 27 62.5 11 L69 13 Q69 27 71.5 36 Q67 52 68 62 Q71 78 75 88 Q62 92.5 50 92"))
    sheet.seam(path("M32.5 60 Q50 64 67.5 60"), width=0.7)
    for x in (38, 46, 54, 62):
        sheet.fold(path(f"M{x} 63 Q{x + (x - 50) * 0.1} 76 {x + (x - 50) * 0.4} 91"))
    sheet.seam(path("M37.6 12 Q40 27 50 29.6 Q60 27 62.4 12"), width=0.9)


def _trim(sheet: Sheet) -> RGB:
    look = sheet.look
    return mix(look.colour.rgb, look.accent.rgb, 0.8 if look.pattern == "block" else 0.12)


def body_folds(sheet: Sheet) -> None:
    """How cloth falls from the shoulders and under the arms."""
    sheet.folds(path("M70.5 40 Q66 46 60 48"), strength=0.4)
    sheet.folds(path("M69 66 Q64 72 63 86"), strength=0.35)
    sheet.fold(path("M40 74 Q46 80 44 91"), strength=0.3)
    sheet.folds(path("M76 24 Q80 33 83 43"), strength=0.3)


def _buttons(sheet: Sheet, *, tops: range) -> None:
    for x in (47.6, 52.4):
        sheet.seam(path(f"M{x} 21 L{x} 91.5"), width=0.45)
    sheet.fold(path("M53.4 24 L53.4 91"), width=0.8, strength=0.35)
    for y in tops:
        sheet.part(ellipse(50, y, 0.95), lighter(sheet.look.accent.rgb, 0.55), volume=0.2, cast=0.6)


def _shirt_collar(sheet: Sheet) -> None:
    sheet.part(whole("M50 14.5 Q55.5 14 58 9 L59.5 12.5 L50 19.5"), darker(sheet.look.colour.rgb, 0.16))
    sheet.pair(path("M50.2 19 L57.4 8 Q60 8.6 61.8 12 L60.2 25 Z"), volume=0.7)
    sheet.seams(path("M51.6 19 L59.6 23.4 L60.9 12.6"), width=0.4, dash=0.7)


def _polo_collar(sheet: Sheet) -> None:
    sheet.part(whole("M50 12 Q56 12 59 10 L60 14 L50 22"), darker(sheet.look.colour.rgb, 0.3))
    sheet.part(path("M47.6 20 L52.4 20 L52.4 40 L47.6 40 Z"), volume=0.3, cast=0.4)
    for y in (25, 31, 37):
        sheet.part(ellipse(50, y, 0.8), lighter(sheet.look.colour.rgb, 0.75), volume=0.2, cast=0.5)
    sheet.pair(path("M50 21 L57.6 8.6 Q60.6 9 62.6 12.5 L58.6 24 Z"), _trim(sheet), volume=0.7)
