"""Tops, garments worn over them, and trousers, shorts, skirts and dresses, laid flat and seen from the front."""

from catalog_jobs.demo.drawing.cloth import GOLD, RGB, SILVER, THREAD, darker, lighter, mix
from catalog_jobs.demo.drawing.sheet import Sheet, box, ellipse, path, whole

_BODY = whole("M50 21 Q58 20.5 60.5 11 L73 15.5 Q75 26 71.5 37 Q70 62 71 89 Q60 92 50 92")
NAPE = whole("M50 11.5 Q56 11.5 60.5 10.5 L60 16 L50 24")
_SHORT_SLEEVE = path("M71 14.5 Q80 16.5 84.5 24 L94 42 Q88 47 79.5 48.5 L70 35 Z")
LONG_SLEEVE = path("M70 13 Q80 15 83 27 Q90 52 94 83 Q89 86 83.5 85.5 Q79 62 70 38 Z")
CUFF = path("M93.2 78.5 L94.3 85 Q89 88 83.6 87 L82.8 80.5 Q88 81 93.2 78.5 Z")


def t_shirt(sheet: Sheet) -> None:
    """Draw short sleeves and a round or a polo collar."""
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
    """Draw long sleeves with cuffs, buttons down the front, a pointed collar and a pocket."""
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
    """Draw a light summer top: a wide neckline, a waist, and straps or short fluttering sleeves."""
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
    """Draw the folds from the shoulders and under the arms."""
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


_LONG_BODY = whole("M50 20 Q57 19 60 10 L72 14 Q74 26 71.5 38 Q70.5 62 71 88 Q60 91 50 91")
_HEM = whole("M50 86 Q60 86 71 84 L71 91 Q60 93.5 50 93.5")


def sweater(sheet: Sheet) -> None:
    """Draw a pullover with ribbed cuffs and hem, and a round or a V neck."""
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
    """Draw a hooded sweatshirt with a pouch pocket and strings."""
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
    """Draw a zipped jacket with a standing collar, quilted or with chest pockets."""
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


_LEG = path("M49.6 9 L66 8 Q71.5 24 72 40 L72.6 94 Q66 96.4 59 95.4 L50.6 34 Z")
_WAIST = whole("M50 8 Q60 8 66.4 6.4 L67 11.6 Q60 13 50 13")


def jeans(sheet: Sheet) -> None:
    """Draw jeans with five pockets, a fly, yellow thread and faded thighs."""
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
    """Draw trousers with creases, slanted pockets and a button."""
    _legs(sheet)
    sheet.seams(path("M66.6 14 L61.4 24"), darker(sheet.look.colour.rgb, 0.4), width=0.7)
    sheet.folds(path("M59.6 16 Q63 50 65.6 94"), width=0.8, strength=0.55)
    sheet.part(_WAIST, volume=0.6)
    for x in (38, 62):
        sheet.part(box(x - 0.6, 6.6, x + 0.6, 13.6), volume=0.5)
    sheet.seam(path("M51.4 13 Q52.4 24 50.4 30"), width=0.4)
    sheet.part(ellipse(52, 10.4, 0.9), darker(sheet.look.colour.rgb, 0.4), volume=0.4)


def shorts(sheet: Sheet) -> None:
    """Draw shorts with a drawstring or a buttoned waistband."""
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
    """Draw a skirt with a waistband and a wide hem, pleated or buttoned."""
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
    """Draw a dress with a fitted bodice and a wide skirt, with straps or short sleeves."""
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
