"""Photos are decoded in processes that a hostile file may kill, and nothing else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from closetspace.adapters.images.decoding import decode_photo
from closetspace.adapters.images.sandbox import DecodingPool, Limits
from closetspace.errors import InvalidInput

MAX_PIXELS = 50_000_000


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


PHOTO = saved(Image.new("RGB", (96, 64), (200, 20, 20)), "JPEG")
LARGE = saved(Image.new("RGB", (3000, 2000), (200, 20, 20)), "WEBP")


@cache
def noise() -> bytes:
    """Return a photo of 12 megapixels that takes at least a tenth of a second to decode."""
    values = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    return saved(Image.fromarray(values), "PNG", compress_level=1)


class NoTimeForMillions(Limits):
    """A millisecond for photos of more than a megapixel, and a minute for all others."""

    def cpu_seconds(self, pixels: int) -> float:
        return 0.001 if pixels > 1_000_000 else 60.0


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodingPool]:
    pool = DecodingPool(max_pixels=MAX_PIXELS, workers=2)
    yield pool
    pool.close()


def refusal(pool: DecodingPool, data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        pool(data)
    return caught.value.code


@pytest.mark.parametrize("data", [PHOTO, LARGE], ids=["small", "large"])
def test_picture_is_the_same_as_without_a_process(pool: DecodingPool, data: bytes) -> None:
    assert np.array_equal(pool(data), decode_photo(data, max_pixels=MAX_PIXELS))


def test_refusal_keeps_its_code_and_message(pool: DecodingPool) -> None:
    assert refusal(pool, b"") == "photo_empty"
    assert refusal(pool, b"no photo") == "photo_unsupported_format"


def test_pool_that_starts_with_the_first_photos_decodes_all_of_them() -> None:
    pool = DecodingPool(max_pixels=MAX_PIXELS, workers=2, start=False)
    with ThreadPoolExecutor(4) as threads:
        assert {picture.shape for picture in threads.map(pool, [PHOTO] * 8)} == {(64, 96, 3)}
    pool.close()


def test_pool_that_decoded_nothing_is_closed() -> None:
    DecodingPool(max_pixels=MAX_PIXELS, workers=2, start=False).close()


def test_photo_beyond_its_cpu_time_is_refused_and_the_next_one_decoded() -> None:
    pool = DecodingPool(max_pixels=MAX_PIXELS, workers=1, limits=NoTimeForMillions())
    assert refusal(pool, noise()) == "photo_too_costly"
    assert pool(PHOTO).shape == (64, 96, 3)
    pool.close()


def test_photo_beyond_its_memory_is_refused_and_the_next_one_decoded() -> None:
    limits = Limits(base_megabytes=20, megabytes_per_megapixel=0)
    pool = DecodingPool(max_pixels=MAX_PIXELS, workers=1, limits=limits)
    assert refusal(pool, LARGE) in ("photo_too_costly", "photo_unreadable")
    assert pool(PHOTO).shape == (64, 96, 3)
    pool.close()


def test_photo_that_kills_its_process_takes_no_other_along() -> None:
    pool = DecodingPool(max_pixels=MAX_PIXELS, workers=2, limits=NoTimeForMillions())

    def outcome(data: bytes) -> str:
        try:
            return str(pool(data).shape)
        except InvalidInput as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(outcome, [PHOTO, noise()] * 4))
    pool.close()
    assert outcomes == ["(64, 96, 3)", "photo_too_costly"] * 4


def test_thumbnails_are_upright_small_and_without_metadata(pool: DecodingPool) -> None:
    picture = Image.new("RGB", (3000, 2000), (200, 20, 20))
    picture.paste((20, 20, 200), (0, 0, 1500, 2000))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where I live"
    thumbnails = pool.thumbnails(saved(picture, "JPEG", exif=exif.tobytes()), (640, 160))
    for data, side in zip(thumbnails, (640, 160), strict=True):
        with Image.open(BytesIO(data)) as image:
            assert (image.format, max(image.size)) == ("WEBP", side)
            assert image.height > image.width
            top, bottom = (image.convert("RGB").getpixel((image.width // 2, y)) for y in (2, image.height - 3))
        assert (top[2] > 150, bottom[0] > 150) == (True, True)  # type: ignore[index]
        assert b"where I live" not in data
        assert len(data) < 50_000


@pytest.mark.parametrize("data", [PHOTO, LARGE], ids=["small", "large"])
def test_picture_with_thumbnails_is_the_same_as_without_in_one_visit(pool: DecodingPool, data: bytes) -> None:
    picture, thumbnails = pool.with_thumbnails(data, (640, 160))
    assert np.array_equal(picture, pool(data))
    assert thumbnails == pool.thumbnails(data, (640, 160))


def test_small_photo_is_not_enlarged_and_a_broken_one_has_no_thumbnails(pool: DecodingPool) -> None:
    (thumbnail,) = pool.thumbnails(PHOTO, (640,))
    with Image.open(BytesIO(thumbnail)) as image:
        assert image.size == (96, 64)
    with pytest.raises(InvalidInput):
        pool.thumbnails(b"no photo", (640, 160))
