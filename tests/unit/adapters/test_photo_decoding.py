"""Uploaded bytes become an upright RGB picture, or a refusal that names the next step."""

import struct
import subprocess
import sys
import zlib
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from closetspace.adapters.images.decoding import LONGEST_SIDE, decode_photo, stored_size
from closetspace.errors import InvalidInput

decode = partial(decode_photo, max_pixels=50_000_000)

RED, WHITE = (200, 20, 20), (255, 255, 255)


def photo(size: tuple[int, int] = (96, 64), colour: tuple[int, int, int] = RED) -> Image.Image:
    """A photo with a coloured left half and a white right half."""
    image = Image.new("RGB", size, WHITE)
    image.paste(colour, (0, 0, size[0] // 2, size[1]))
    return image


def noisy(image: Image.Image) -> Image.Image:
    """Return an image with a little noise, as photos have it."""
    noise = np.random.default_rng(0).integers(-9, 10, (image.height, image.width, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def heic(image: Image.Image) -> bytes:
    file = BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90)
    return file.getvalue()


def refusal_code(data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        decode(data)
    assert "lease" in caught.value.message, "a refusal names the next step"
    return caught.value.code


def assert_red_left_of_white(data: bytes) -> None:
    picture = decode(data).astype(int)
    height, width, _ = picture.shape
    assert np.abs(picture[height // 2, width // 8] - RED).max() <= 25
    assert np.abs(picture[height // 2, -width // 8] - WHITE).max() <= 25


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_supported_format_is_detected_by_content(file_format: str) -> None:
    picture = decode(saved(photo(), file_format))
    assert picture.shape == (64, 96, 3)
    assert picture.dtype == np.uint8
    assert_red_left_of_white(saved(photo(), file_format))


def test_heic_photo_is_decoded() -> None:
    assert_red_left_of_white(heic(photo()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the camera's transposition, by Pillow's numbers
    stored = photo() if orientation == 1 else photo().transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_red_left_of_white(saved(stored, "JPEG", exif=exif))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_photo_with_damaged_exif_is_decoded() -> None:
    assert_red_left_of_white(saved(photo(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"))


def test_cmyk_palette_and_grey_photos_become_rgb() -> None:
    assert_red_left_of_white(saved(photo().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"))
    assert np.abs(decode(saved(photo().convert("CMYK"), "JPEG"))[32, 10].astype(int) - RED).max() <= 25
    grey = decode(saved(photo().convert("L"), "JPEG"))
    assert grey.shape == (64, 96, 3)
    assert (grey[..., 0] == grey[..., 1]).all()


def test_16_bit_grey_is_scaled_without_clipping() -> None:
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(64, axis=0)
    picture = decode(saved(Image.fromarray(ramp), "PNG"))
    assert np.abs(picture[0, :, 0].astype(float) - np.linspace(0, 255, 64)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(mode: str) -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 20, 40))
    picture = decode(saved(clear.convert(mode), "PNG"))
    assert picture[20, 35].tolist() == [255, 255, 255]
    assert picture[20, 5].tolist() == [0, 0, 0]


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_first_frame_of_an_animation_is_decoded(file_format: str) -> None:
    still = Image.new("RGB", (96, 64), (0, 0, 255))
    assert_red_left_of_white(saved(photo(), file_format, save_all=True, append_images=[still]))


def test_large_photo_is_scaled_down_in_proportion() -> None:
    picture = decode(saved(photo((2000, 1000)), "JPEG"))
    assert picture.shape == (LONGEST_SIDE // 2, LONGEST_SIDE, 3)
    assert decode(saved(photo((2000, 1000)), "PNG"), longest_side=100).shape == (50, 100, 3)


def test_oversized_photo_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    assert refusal_code(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 8) + b"IDAT") == "photo_too_many_pixels"
    with pytest.raises(InvalidInput, match="too many pixels"):
        decode(saved(photo(), "JPEG"), max_pixels=96 * 64 - 1)


def test_stored_size_is_read_from_the_header_of_any_supported_photo() -> None:
    for data in (*(saved(photo(), file_format) for file_format in ("JPEG", "PNG", "WEBP")), heic(photo())):
        assert stored_size(data) == (96, 64)
    assert stored_size(saved(photo((15, 200)), "PNG")) == (15, 200)
    assert stored_size(saved(photo((2000, 1000)), "JPEG")[:3000]) == (2000, 1000)
    for data in (b"", b"just text", saved(photo(), "TIFF"), saved(photo(), "PNG")[:20]):
        assert stored_size(data) is None


def test_bytes_that_are_no_usable_photo_are_refused() -> None:
    assert refusal_code(b"") == "photo_empty"
    assert refusal_code(b"just text in a file called photo.jpg") == "photo_unsupported_format"
    assert refusal_code(saved(photo(), "TIFF")) == "photo_unsupported_format"
    still = Image.new("RGB", (96, 64))
    assert refusal_code(saved(photo(), "GIF", save_all=True, append_images=[still])) == "photo_unsupported_format"
    assert refusal_code(saved(photo((15, 200)), "PNG")) == "photo_too_small"


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated_photo_is_unreadable(share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8))
    for data in (saved(noise, "JPEG"), saved(noise, "PNG"), saved(noise, "WEBP"), heic(noise)):
        assert refusal_code(data[: max(16, int(len(data) * share))]) == "photo_unreadable"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([saved(photo(), "JPEG"), saved(photo(), "PNG"), saved(photo(), "WEBP"), heic(photo())]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=8),
    st.floats(0, 1),
)
def test_corrupted_photo_is_decoded_or_refused(data: bytes, changes: list[tuple[float, bytes]], kept: float) -> None:
    corrupted = bytearray(data)
    for position, replacement in changes:
        start = int(position * len(corrupted))
        corrupted[start : start + len(replacement)] = replacement
    try:
        picture = decode(bytes(corrupted[: int(len(corrupted) * kept)]))
    except InvalidInput:
        return
    assert picture.ndim == 3
    assert max(picture.shape[:2]) <= LONGEST_SIDE


def test_heic_codec_is_loaded_with_the_first_heic_photo(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(photo(), "JPEG"))
    (tmp_path / "b.heic").write_bytes(heic(photo()))
    program = """
import sys, pathlib
from closetspace.adapters.images.decoding import decode_photo
for path, loaded in zip(sys.argv[1:], (False, True)):
    decode_photo(pathlib.Path(path).read_bytes(), max_pixels=1_000_000)
    assert ("pillow_heif" in sys.modules) == loaded, path
"""
    paths = [str(tmp_path / "a.jpg"), str(tmp_path / "b.heic")]
    subprocess.run([sys.executable, "-c", program, *paths], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def png_chunk(kind: bytes, content: bytes, crc: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"a"), crc=1),
        png_chunk(b"iCCP", b"x\0\0"),
        png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(2_000_000))),
        png_chunk(b"pHYs", bytes(9), crc=1),
        png_chunk(b"gAMA", b"\0"),
        png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2_000_000))),
        png_chunk(b"zTXt", b"x\0\7"),
        png_chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
        png_chunk(b"abCd", bytes(1_000)),
    ],
    ids=["profile crc", "no profile", "huge profile", "crc", "short gamma", "huge XMP", "method", "EXIF", "unknown"],
)
def test_png_with_broken_metadata_is_decoded(chunk: bytes) -> None:
    png = saved(photo(), "PNG")
    assert_red_left_of_white(png[:33] + chunk + png[33:])


def test_png_without_its_last_chunk_is_decoded() -> None:
    assert_red_left_of_white(saved(photo(), "PNG")[:-12])


@pytest.mark.parametrize("missing", [1, 2, 3])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_that_lacks_only_its_end_is_decoded(missing: int, progressive: bool) -> None:
    assert_red_left_of_white(saved(photo(), "JPEG", progressive=progressive)[:-missing])


@pytest.mark.parametrize("lossless", [False, True])
def test_webp_that_lacks_only_its_last_byte_is_decoded(lossless: bool) -> None:
    # Each of these sizes ends in other bits.
    for width in range(93, 106):
        assert_red_left_of_white(saved(noisy(photo((width, 64))), "WEBP", lossless=lossless)[:-1])


@pytest.mark.parametrize("share", [0.3, 0.5, 0.75])
def test_part_of_a_lossless_webp_is_unreadable(share: float) -> None:
    data = saved(noisy(photo()), "WEBP", lossless=True)
    assert refusal_code(data[: int(len(data) * share)]) == "photo_unreadable"


@pytest.mark.parametrize(
    ("share", "progressive"), [(0.3, False), (0.5, False), (0.95, False), (0.3, True), (0.5, True)]
)
def test_part_of_a_jpeg_is_unreadable(share: float, progressive: bool) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (640, 960, 3), np.uint8))
    data = saved(noise, "JPEG", quality=95, progressive=progressive)
    assert refusal_code(data[: int(len(data) * share)]) == "photo_unreadable"


@pytest.mark.parametrize(("side", "present"), [(960, 700), (960, 1_000), (960, 5_000), (2_400, 1_000)])
def test_jpeg_of_which_little_is_there_is_unreadable(side: int, present: int) -> None:
    data = saved(noisy(photo((side, side))), "JPEG", quality=90)
    assert refusal_code(data[:present]) == "photo_unreadable"


def test_progressive_jpeg_that_lacks_its_last_refinements_is_decoded() -> None:
    data = saved(photo((960, 640)), "JPEG", quality=95, progressive=True)
    assert_red_left_of_white(data[: int(len(data) * 0.97)])


def test_transparent_16_bit_grey_becomes_white() -> None:
    grey = Image.fromarray(np.full((32, 32), 500, np.uint16))
    data = saved(grey, "PNG")
    with_transparency = data[:33] + png_chunk(b"tRNS", struct.pack(">H", 500)) + data[33:]
    assert decode(with_transparency)[0, 0].tolist() == [255, 255, 255]
    assert decode(data)[0, 0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("brand", [b"avif", b"mif1"])
def test_avif_photo_is_decoded(brand: bytes) -> None:
    data = saved(photo(), "AVIF")
    assert_red_left_of_white(data[:8] + brand + data[12:])


def test_heic_photo_is_turned_once_by_its_own_property_or_by_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    pillow_heif.from_pillow(photo()).save(file, exif=exif.tobytes())
    turned = file.getvalue()  # libheif writes the orientation as a property
    assert decode(turned).shape == (96, 64, 3)
    assert decode(turned.replace(b"irot", b"free")).shape == (96, 64, 3)


def test_orientation_in_xmp_alone_is_ignored_as_browsers_do() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>'
    assert_red_left_of_white(saved(photo(), "JPEG", xmp=xmp))


def test_colours_of_a_wide_gamut_become_srgb() -> None:
    # A profile whose red lies far outside of sRGB: the same numbers mean a stronger red.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = bytearray(srgb)
    red = struct.unpack(">I", wide[wide.index(b"rXYZ") + 4 : wide.index(b"rXYZ") + 8])[0]
    wide[red + 8 : red + 20] = struct.pack(">iii", int(0.7976 * 65536), int(0.2880 * 65536), 0)  # ProPhoto's red
    wide[wide.index(b"desc") : wide.index(b"desc") + 4] = b"dead"
    plain, converted = (decode(saved(photo(colour=(150, 60, 60)), "JPEG", icc_profile=p)) for p in (srgb, bytes(wide)))
    assert abs(int(plain[32, 10, 0]) - 150) <= 3
    assert converted[32, 10, 0] > plain[32, 10, 0] + 20


def test_broken_colour_profile_is_ignored() -> None:
    assert_red_left_of_white(saved(photo(), "JPEG", icc_profile=b"no profile"))


def test_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    data = saved(photo(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert refusal_code(data[:last] + data[last:-2] * 3_000 + data[-2:]) == "photo_unreadable"


def test_few_bytes_that_claim_to_be_millions_of_pixels_are_refused() -> None:
    webp = saved(Image.new("RGBA", (4_000, 3_000)), "WEBP", lossless=True)
    assert len(webp) < 12_000
    assert refusal_code(webp) == "photo_too_many_pixels"
