"""Photos as large as those of phones, drawn quickly."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageChops, ImageOps

from catalog_jobs.demo.drawing import draw_wardrobe

SIZE = (3024, 4032)
"""Twelve megapixels."""

_MIDDLE = 128
_ORIENTATION = 0x0112
_TURNED_BACK = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
"""How a phone stores an upright photo whose EXIF orientation tells viewers to turn it."""


def write_phone_photos(folder: Path, count: int = 8) -> list[Path]:
    """Draw so many photos of clothes with 12 megapixels, of about 2 MB each; return their paths.

    They are JPEG files in the orientations of phones, and the last one is HEIC.
    """
    draw_wardrobe(folder / "small", photos=count)
    small = sorted(path for path in (folder / "small").iterdir() if path.stem[0].isdigit())
    stores = [*(_jpeg_stored(orientation) for orientation in (1, 6, 3, 1, 8, 1, 6)[: count - 1]), _store_as_heic]
    return [store(_enlarged(path), folder / path.stem) for path, store in zip(small, stores, strict=True)]


def write_broken_photo(whole: Path, path: Path) -> Path:
    """Write the beginning of a photo, as an interrupted copy leaves it; return its path."""
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 5])
    return path


def _enlarged(path: Path) -> Image.Image:
    """Return a picture in the size of a phone's photo, with the grain that makes such files large."""
    upright = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    ground = Image.new("RGBA", upright.size, "white")
    large = Image.alpha_composite(ground, upright).convert("RGB").resize(SIZE, Image.Resampling.BICUBIC)
    return ImageChops.add(large, _grain(), offset=-_MIDDLE)


@cache
def _grain() -> Image.Image:
    """Return noise around the middle of the range; one square of it is repeated, because random numbers take long."""
    square = np.random.default_rng(1).normal(_MIDDLE, 4, (1008, 1008, 1)).astype(np.uint8)
    return Image.fromarray(np.tile(square, (SIZE[1] // 1008, SIZE[0] // 1008, 3)))


def _jpeg_stored(orientation: int) -> Callable[[Image.Image, Path], Path]:
    def store(upright: Image.Image, path: Path) -> Path:
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        turned = _TURNED_BACK.get(orientation)
        stored = upright if turned is None else upright.transpose(turned)
        stored.save(path := path.with_suffix(".jpg"), quality=90, exif=exif)
        return path

    return store


def _store_as_heic(upright: Image.Image, path: Path) -> Path:
    fast = {"preset": "ultrafast"}  # a tenth of the time that the default takes
    pillow_heif.from_pillow(upright).save(path := path.with_suffix(".heic"), quality=50, enc_params=fast)
    return path
