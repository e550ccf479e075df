"""Garments worn over others: sweaters, hooded sweatshirts and jackets."""

from catalog_jobs.demo.drawing.geometry import ellipse, path, whole
from catalog_jobs.demo.drawing.palette import RGB, SILVER, darker, lighter
from catalog_jobs.demo.drawing.sheet import Sheet
from catalog_jobs.demo.drawing.tops import CUFF, LONG_SLEEVE, NAPE, body_folds

_LONG_BODY = whole("M50 20 Q57 19 60 10 L72 14 Q74 26 71.5 38 Q70.5 62 71 88 Q60 91 50 91")
_HEM = whole("M50 86 Q60 86 71 84 L71 91 Q60 93.5 50 93.5")


def sweater(sheet: Sheet) -> None:
    """A pullover with ribbed cuffs and hem, and a round or a V neck."""
    rib = darker(sheet.look.colour.rgb, 0.14)
    sheet.part(NAPE, darker(sheet.look.colour.rgb, 0.4))
    sheet.pair(LONG_SLEEVE, volume=1.3)
    sheet.pair(CUFF, rib)
    deep = sheet.look.cut > 0.5
    neck = "M50 38 L60 11" if deep else "M50 20 Q57 19 60 10"
    sheet.part(whole(f"{neck} L72 14 Q74 26 71.5 38 Q70.5 62 71 88 Q60 91 50 91"), volume=1.3)
    if deep:
        sheet.part(whole("M50 34 L58 11 L50 11"), lighter(sheet.look.accent.rgb, 0.6), volume=0.3)
    inner = "L57.2 10 L50 31" if deep else "L57 9.5 Q55.5 16 50 16.6"
    sheet.part(whole(f"{neck} {inner}"), rib, volume=0.6)
    _ribbed_hem(sheet, rib)
    body_folds(sheet)


def sweatshirt(sheet: Sheet) -> None:
    """A hooded sweatshirt with a pouch pocket and strings."""
    rib = darker(sheet.look.colour.rgb, 0.12)
    sheet.part(whole("M50 5 Q63 4 66 13 Q64 22 50 26"), darker(sheet.look.colour.rgb, 0.1))
    sheet.part(whole("M50 9 Q59 9 60 15 Q57 22 50 25"), darker(sheet.look.colour.rgb, 0.5), volume=0.5)
    sheet.pair(LONG_SLEEVE, volume=1.2)
    sheet.pair(CUFF, rib)
    sheet.part(whole("M50 25 Q58 22 61.5 13 L72 15 Q74 26 71.5 38 Q70.5 62 71 88 Q60 91 50 91"), volume=1.2)
    sheet.part(whole("M50 61 L61 61 L67.5 77 L67.5 84 L50 84.5"), volume=0.6)
    sheet.seams(path("M61.6 62.5 L67.6 77"), dash=0.9)
    _ribbed_hem(sheet, rib)
    sheet.pair(path("M50 28.5 Q61 25 65 12 L61 10.5 Q58 20 50 23 Z"), volume=0.8)
    for x in (46.5, 53.5):
        sheet.seam(path(f"M{x} 26 Q{x - 0.6} 34 {x + 0.3} 42"), lighter(sheet.look.colour.rgb, 0.7), width=0.9)
    body_folds(sheet)


def jacket(sheet: Sheet) -> None:
    """A zipped jacket with a standing collar, quilted or with chest pockets."""
    dark = darker(sheet.look.colour.rgb, 0.25)
    sheet.part(whole("M50 7 L58 7 L60 16 L50 22"), darker(sheet.look.colour.rgb, 0.5))
    sheet.pair(LONG_SLEEVE, volume=1.5)
    sheet.pair(CUFF, dark)
    sheet.part(_LONG_BODY, volume=1.5)
    if sheet.look.cut > 0.5:
        _quilting(sheet)
    else:
        _flap_pockets(sheet)
    _ribbed_hem(sheet, dark)
    sheet.pair(path("M50.4 25 L50.4 17 L57.5 5.5 Q61.5 6 63 12.5 Q58 22 50.4 25 Z"), volume=1.2)
    sheet.seam(path("M50 17 L50 92"), darker(sheet.look.colour.rgb, 0.6), width=1.9)
    sheet.seam(path("M50 17 L50 92"), SILVER, width=0.9, dash=0.7)
    sheet.part(path("M49.2 26 L50.8 26 L51.2 30.5 L48.8 30.5 Z"), SILVER)


def _ribbed_hem(sheet: Sheet, rib: RGB) -> None:
    sheet.part(_HEM, rib, volume=0.7)
    for x in range(31, 71, 2):
        sheet.seam(path(f"M{x} 86.5 L{x} 92.6"), darker(rib, 0.14), width=0.35)
    for cuff in (85.0, 87.5, 90.0, 92.0):
        sheet.seams(path(f"M{cuff - 0.3} 81 L{cuff} 86"), darker(rib, 0.14), width=0.35)


def _quilting(sheet: Sheet) -> None:
    for y in range(28, 84, 9):
        sheet.fold(path(f"M29 {y} Q40 {y + 2} 50 {y} Q60 {y + 2} 71 {y}"), width=1.5, strength=0.75)
        sheet.folds(path(f"M{73 + (y - 28) * 0.17} {y + 7} L{83 + (y - 28) * 0.17} {y + 4}"), strength=0.6)


def _flap_pockets(sheet: Sheet) -> None:
    sheet.pair(path("M56 38 L67 37 L67 42 L61.5 44 L56 42.5 Z"), volume=0.7)
    sheet.seams(path("M57 66 L64 80"), darker(sheet.look.colour.rgb, 0.5), width=1.1)
    sheet.seams(path("M58.4 65.4 L65.4 79.4"), dash=0.9)
    for x in (38.5, 61.5):
        sheet.part(ellipse(x, 41.6, 0.9), SILVER, volume=0.3)
    for seam in (path("M54.5 20 L54.5 88"), path("M72 20 Q68 30 70.5 38")):
        sheet.seams(seam, dash=0.9)
