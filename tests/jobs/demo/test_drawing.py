"""Drawn catalogs and wardrobes: complete, reproducible, and plausible as pictures."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from catalog_jobs.demo.drawing import draw_catalog, draw_wardrobe
from catalog_jobs.demo.drawing.articles import ARTICLES
from catalog_jobs.demo.drawing.catalog import assortment
from catalog_jobs.demo.drawing.cloth import COLOURS, Look, weave
from catalog_jobs.demo.drawing.sheet import Sheet, ellipse, mirrored, path
from closetspace.errors import InvalidInput

COLUMNS = [
    "id",
    "gender",
    "masterCategory",
    "subCategory",
    "articleType",
    "baseColour",
    "season",
    "year",
    "usage",
    "productDisplayName",
    "brand",
    "price",
    "list_price",
    "currency",
    "url",
]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def drawn(type_name: str, colour: str = "Navy Blue", cut: float = 0.2, pixels: int = 112) -> Image.Image:
    article = next(article for article in ARTICLES if article.type == type_name)
    look = Look(COLOURS[colour], COLOURS["White"], article.patterns[0], cut)
    sheet = Sheet(look, pixels, np.random.default_rng(1))
    article.draw(sheet)
    return sheet.finish()


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalog")
    draw_catalog(folder, items=24)
    return folder


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wardrobe")
    draw_wardrobe(folder, photos=6)
    return folder


def test_catalog_has_one_picture_per_product(catalog: Path) -> None:
    rows = read_rows(catalog / "products.csv")
    assert list(rows[0]) == COLUMNS
    assert len(rows) == 24
    assert {f"{row['id']}.jpg" for row in rows} == {file.name for file in (catalog / "images").iterdir()}


def test_some_products_are_reduced(catalog: Path) -> None:
    rows = read_rows(catalog / "products.csv")
    reduced = [row for row in rows if row["list_price"]]
    assert 0 < len(reduced) < len(rows) / 2
    assert all(float(row["list_price"]) > float(row["price"]) for row in reduced)


def test_catalog_pictures_are_small_jpegs_on_white(catalog: Path) -> None:
    for file in (catalog / "images").iterdir():
        picture = Image.open(file)
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (224, 224))
        pixels = np.asarray(picture)
        assert pixels[0, 0].min() > 245
        assert pixels.min() < 200


def test_same_seed_draws_the_same_and_another_seed_does_not(catalog: Path, tmp_path: Path) -> None:
    draw_catalog(tmp_path / "same", items=24)
    draw_catalog(tmp_path / "other", items=24, seed=8)
    assert digests(tmp_path / "same") == digests(catalog)
    assert digests(tmp_path / "other")["products.csv"] != digests(catalog)["products.csv"]


def test_progress_counts_every_product(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    draw_catalog(tmp_path, items=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_complete_catalog_is_not_drawn_again(tmp_path: Path) -> None:
    draw_catalog(tmp_path, items=2)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    draw_catalog(tmp_path, items=2)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_interrupted_catalog_is_completed(tmp_path: Path) -> None:
    def stop(*_progress: int) -> None:
        raise KeyboardInterrupt

    draw_catalog(tmp_path / "whole", items=3)
    with pytest.raises(KeyboardInterrupt):
        draw_catalog(tmp_path / "cut", items=3, progress=stop)
    assert not (tmp_path / "cut" / "products.csv").exists()
    draw_catalog(tmp_path / "cut", items=3)
    assert digests(tmp_path / "cut") == digests(tmp_path / "whole")


def test_other_parameters_draw_the_folder_anew(tmp_path: Path) -> None:
    draw_catalog(tmp_path, items=2)
    draw_catalog(tmp_path, items=4)
    assert len(read_rows(tmp_path / "products.csv")) == 4


def test_catalog_that_was_not_drawn_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id\n1\n")
    with pytest.raises(InvalidInput, match="not drawn"):
        draw_catalog(tmp_path, items=2)
    assert (tmp_path / "products.csv").read_text() == "id\n1\n"


def test_demo_catalog_has_every_kind_colour_gender_and_usage() -> None:
    products = assortment(360, seed=7)
    assert len(products) == 360 == len({product.id for product in products})
    assert {product.article.type for product in products} == {article.type for article in ARTICLES}
    assert {product.look.colour.name for product in products} == set(COLOURS)
    assert {product.gender for product in products} == {"Men", "Women", "Unisex"}
    assert {product.usage for product in products} == {"Casual", "Formal", "Sports"}
    assert all(product.look.colour != product.look.accent for product in products)


@pytest.mark.parametrize("items", [1, 7, 100])
def test_catalog_has_the_requested_number_of_products(items: int) -> None:
    assert len(assortment(items, seed=1)) == items


def test_product_name_has_brand_gender_colour_and_kind() -> None:
    for product in assortment(60, seed=3):
        row = product.row()
        assert row["productDisplayName"].startswith(f"{row['brand']} {row['gender']} ")
        assert row["productDisplayName"].endswith(f"{row['baseColour']} {product.article.noun}")
        low, high = product.article.prices
        assert low <= float(row["price"]) < high
        assert row["url"].startswith("https://shop.example/")


@pytest.mark.parametrize("cut", [0.1, 0.9])
@pytest.mark.parametrize("type_name", [article.type for article in ARTICLES])
def test_each_kind_is_drawn_in_its_colour_inside_the_sheet(type_name: str, cut: float) -> None:
    picture = drawn(type_name, "Green", cut)
    pixels = np.asarray(picture).astype(int)
    inside = pixels[..., 3] > 128
    assert 0.08 < inside.mean() < 0.7
    assert pixels[[0, -1], :, 3].max() == 0 or type_name == "Watches"
    green = inside & (pixels[..., 1] > pixels[..., 0] + 10) & (pixels[..., 1] > pixels[..., 2] + 10)
    assert green.sum() > 0.05 * inside.sum()


def test_garments_are_lit_and_their_edges_are_smooth() -> None:
    picture = np.asarray(drawn("Tshirts"))
    inside = picture[picture[..., 3] == 255][:, :3].mean(axis=1)
    assert inside.std() > 5
    assert ((picture[..., 3] > 20) & (picture[..., 3] < 235)).sum() > 100


def test_kinds_have_different_outlines() -> None:
    outlines = {article.type: np.asarray(drawn(article.type).getchannel("A")).tobytes() for article in ARTICLES}
    assert len(set(outlines.values())) == len(ARTICLES)


def test_each_pattern_but_plain_has_a_second_colour() -> None:
    for pattern in ("stripes", "checks", "dots", "block", "print", "denim", "knit"):
        cloth = weave(Look(COLOURS["Red"], COLOURS["White"], pattern), 200, np.random.default_rng(2))
        assert len(cloth.getcolors(40_000) or []) > 1, pattern


def test_wardrobe_has_photos_in_the_formats_of_phones_and_apps(wardrobe: Path) -> None:
    rows = read_rows(wardrobe / "wardrobe.csv")
    photos = [Image.open(wardrobe / row["file"]) for row in rows]
    assert len(rows) == 6
    assert {photo.format for photo in photos} == {"JPEG", "PNG", "WEBP"}
    assert any(photo.mode == "RGBA" for photo in photos)
    assert any(photo.getexif().get(0x0112) == 6 for photo in photos)
    upright = [ImageOps.exif_transpose(photo) for photo in photos if photo.format != "PNG"]
    assert {photo.size for photo in upright} == {(960, 1280)}


def test_some_photos_have_no_name_or_brand(tmp_path: Path) -> None:
    draw_wardrobe(tmp_path)
    rows = read_rows(tmp_path / "wardrobe.csv")
    assert len(rows) == 10
    assert any(not row["name"] for row in rows)
    assert any(not row["brand"] for row in rows)


def test_same_seed_takes_the_same_photos(wardrobe: Path, tmp_path: Path) -> None:
    draw_wardrobe(tmp_path, photos=6)
    assert digests(tmp_path) == digests(wardrobe)


def test_path_has_the_points_of_lines_and_curves() -> None:
    outline = path("M0 0 L10 0 Q20 0 20 10 Z")
    assert outline[:2] == ((0, 0), (10, 0))
    assert outline[-1] == (20, 10)
    assert (17.5, 2.5) in outline


def test_mirroring_twice_changes_nothing() -> None:
    circle = ellipse(30, 50, 10)
    assert mirrored(mirrored(circle)) == pytest.approx(np.asarray(circle))
    assert np.asarray(mirrored(circle))[:, 0].min() == pytest.approx(60)
