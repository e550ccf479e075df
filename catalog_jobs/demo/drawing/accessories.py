"""Bags, belts, caps, watches and sunglasses."""

from math import cos, pi, sin

from catalog_jobs.demo.drawing.cloth import GOLD, RGB, SILVER, darker, lighter
from catalog_jobs.demo.drawing.sheet import Sheet, box, ellipse, path, whole

_BUCKLE = path(
    "M38 56 L57 56 Q58.6 56 58.6 58 L58.6 73 Q58.6 75 57 75 L38 75 Q36.4 75 36.4 73 L36.4 58 Q36.4 56 38 56 Z"
)
_BRIM = path("M22 57 Q36 52 54 60 Q64 64.6 74 66.4 Q64 70 54 69 Q34 67 10 77 Q3 76 5 70 Q9 62 22 57 Z")


def handbag(sheet: Sheet) -> None:
    """Draw a leather bag with two handles, a front pocket and metal fittings."""
    look = sheet.look
    dark = darker(look.colour.rgb, 0.35)
    for lift, rgb in ((-4, darker(dark, 0.2)), (0, dark)):
        over, under = 10 + lift, 14.6 + lift
        sheet.part(whole(f"M50 {over} Q68 {over} 69 46 L65 46 Q64 {under} 50 {under}"), rgb, volume=1.2)
    sheet.part(whole("M50 38 L77 38 Q81 38 82 43 L90 82 Q91 90 83 90 Q66 92.4 50 92.4"), volume=1.6)
    sheet.part(whole("M50 38 L77 38 Q81 38 82 43 L82.8 47.4 Q66 50 50 50"), dark, volume=0.7)
    if look.cut > 0.5:
        sheet.part(whole("M50 58 L72 57 L76 84 Q64 86 50 86"), volume=1.1)
        sheet.seams(path("M50.5 60 L70.4 59.2 L74 82.4 Q62 84 50.5 84"), dash=1.1)
    else:
        sheet.seams(path("M62 50 Q64 72 67 91"), width=0.7)
        sheet.part(whole("M50 46 L55 46 L55 58 L50 61"), dark, volume=0.8)
    for x in (33, 67):
        sheet.part(ellipse(x, 44.6, 2.6), GOLD)
        sheet.part(ellipse(x, 44.6, 1.3), dark, volume=0.2)
    sheet.part(ellipse(50, 54, 1.8), GOLD)


def backpack(sheet: Sheet) -> None:
    """Draw a daypack from the front: a loop, shoulder straps at its sides, two pockets with zips."""
    look = sheet.look
    dark = darker(look.colour.rgb, 0.3)
    sheet.part(whole("M50 3 Q60 3 60 14 L56 14 Q56 7 50 7"), dark)
    sheet.pair(path("M68 16 Q92 24 93 56 Q93 78 80 92 L74 90 Q87 74 86 56 Q84 32 70 24 Z"), dark)
    sheet.part(whole("M50 9 Q72 9 77 26 Q81 40 80 62 L81 89 Q80 94.4 72 95 Q60 96 50 96"), volume=1.6)
    _zip(sheet, "M22 50 Q22 17 50 16.6 Q78 17 78 50")
    sheet.part(whole("M50 25 Q66 25 69 36 L70 48 Q60 51 50 51"), volume=1.1)
    _zip(sheet, "M31 37 Q50 32 69 37")
    sheet.part(whole("M50 56 Q71 55 74 62 L76 86 Q75 91 68 91.4 L50 92"), look.accent.rgb, volume=1.3)
    _zip(sheet, "M27 65 Q50 61 73 65")
    for x in (31, 69):
        sheet.part(box(x - 1, 65, x + 1, 72), SILVER, volume=0.4)
    sheet.part(box(44, 40, 56, 45), dark, volume=0.6)


def belt(sheet: Sheet) -> None:
    """Draw a rolled leather belt with the buckle in front."""
    look = sheet.look
    metal = GOLD if look.cut > 0.6 else SILVER
    ring = ellipse(50, 43, 43, 15) + ellipse(50, 39, 40, 11.4)[::-1]
    sheet.part(ring, darker(look.colour.rgb, 0.55), volume=0.5)
    sheet.part(path("M7 41 Q8 54.6 50 55 Q92 54.6 93 41 L93 52 Q92 71.6 50 72 Q8 71.6 7 52 Z"), volume=1.3)
    sheet.seam(path("M8 46 Q14 58.4 50 58.6 Q86 58.4 92 46"), dash=1.2)
    sheet.seam(path("M8 53 Q12 69.2 50 69.6 Q88 69.2 92 53"), dash=1.2)
    for x in (63, 69, 75):
        sheet.part(ellipse(x, 64.6 - (x - 63) * 0.16, 0.9), darker(look.colour.rgb, 0.75), volume=0.1)
    sheet.part(_BUCKLE, metal)
    sheet.part(box(40, 59.4, 55, 71.6))
    sheet.part(box(38, 64.4, 56.4, 66.6), lighter(metal, 0.25), volume=0.8)
    sheet.part(box(30, 57, 33.6, 73.6), darker(look.colour.rgb, 0.15))


def cap(sheet: Sheet) -> None:
    """Draw a baseball cap, turned a little to the left."""
    look = sheet.look
    dark = darker(look.colour.rgb, 0.3)
    sheet.part(path("M22 60 Q18 34 40 25 Q60 17.4 78 30 Q92 40 92 64 Q70 70 54 63 Q36 56 22 60 Z"), volume=1.9)
    sheet.seam(path("M52 22 Q42 34 42 58"), width=0.6)
    sheet.seam(path("M54 22 Q72 34 76 66"), width=0.6)
    sheet.fold(path("M55 22 Q73 34 77 66"), strength=0.35)
    sheet.part(ellipse(53, 22, 2.8, 1.7), dark)
    sheet.part(_BRIM, look.accent.rgb if look.cut > 0.6 else darker(look.colour.rgb, 0.12), volume=1.6)
    for shift in (0, 2.6):
        sheet.seam(path(f"M{11 + shift} {72 - shift} Q34 {61.6 - shift} 56 {66 - shift * 0.6}"), dash=1.0)
    sheet.part(ellipse(32, 44, 5.6, 6), look.accent.rgb, volume=0.5, cast=0.4)
    sheet.part(ellipse(32, 44, 3, 3.3), lighter(look.accent.rgb, 0.6), volume=0.3, cast=0.2)
    for x, y in ((60, 32), (80, 40)):
        sheet.part(ellipse(x, y, 0.9), dark, volume=0.1)


def watch(sheet: Sheet) -> None:
    """Draw a wristwatch with a strap of leather or links, a round face, hands and a crown."""
    look = sheet.look
    metal = GOLD if 0.3 < look.cut < 0.6 else SILVER
    strap = darker(look.colour.rgb, 0.05) if look.cut > 0.3 else metal
    for part in (path("M39 32 L61 32 L58.4 2 L41.6 2 Z"), path("M39 68 L61 68 L58.4 98 L41.6 98 Z")):
        sheet.part(part, strap, volume=1.6)
    links = (*range(5, 30, 4), *range(73, 98, 4)) if strap == metal else ()
    for y in links:
        sheet.seam(path(f"M41 {y} L59 {y}"), darker(strap, 0.35))
    sheet.part(box(71, 47, 77, 53), darker(metal, 0.15))
    sheet.part(ellipse(50, 50, 24), metal, volume=1.8)
    sheet.part(ellipse(50, 50, 19.6), darker(metal, 0.25), volume=1.0)
    _face(sheet, lighter(look.accent.rgb, 0.86) if look.cut > 0.5 else darker(look.colour.rgb, 0.2))


def sunglasses(sheet: Sheet) -> None:
    """Draw two dark lenses in a frame, with folded temples."""
    look = sheet.look
    sheet.pair(path("M88 38 Q95 36 96 42 L90 62 L86 60 Z"), darker(look.colour.rgb, 0.2))
    frame = path("M53 41 Q70 33 92 38 Q95 44 90 57 Q84 68 70 67 Q56 65 53.6 51 Z")
    sheet.part(whole("M50 42 Q54 42 56 45 L56 50 Q53 46.6 50 46.6"))
    sheet.pair(frame, volume=1.4)
    lens = path("M56 43.4 Q70 37 89.6 41 Q91 46 87.4 55.4 Q82 64.4 70.6 63.8 Q59 62 56.6 51 Z")
    sheet.pair(lens, darker(look.accent.rgb, 0.7), volume=1.0, cast=0.2)
    for left in (0, -44):
        glint = path(f"M{62 + left} 44 L{70 + left} 42 L{63 + left} 57 L{60 + left} 52 Z")
        sheet.part(glint, (120, 126, 134), volume=0.1, cast=0)


def _face(sheet: Sheet, rgb: RGB) -> None:
    ink = (40, 42, 48) if sum(rgb) > 380 else (232, 232, 228)
    sheet.part(ellipse(50, 50, 17.6), rgb, volume=0.4, cast=0.3)
    for hour in range(12):
        angle = hour * pi / 6
        x, y = sin(angle), -cos(angle)
        sheet.seam(path(f"M{50 + 14 * x} {50 + 14 * y} L{50 + 16.4 * x} {50 + 16.4 * y}"), ink, width=1.1)
    for x, y, width in ((41.5, 43.5, 1.4), (61.5, 42.5, 1.0)):
        sheet.seam(path(f"M50 50 L{x} {y}"), ink, width=width)
    sheet.seam(path("M50 54 L50 36"), (196, 52, 48), width=0.4)
    sheet.part(ellipse(50, 50, 1.3), ink, volume=0.2)


def _zip(sheet: Sheet, along: str) -> None:
    sheet.seam(path(along), darker(sheet.look.colour.rgb, 0.6), width=1.5)
    sheet.seam(path(along), SILVER, width=0.5, dash=0.7)
