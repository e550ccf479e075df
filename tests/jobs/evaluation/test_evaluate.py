"""Recommendations for a scorer, and encoders measured side by side, on data nobody has seen before."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from catalog_jobs.encoders.registry import FoundEncoder
from catalog_jobs.evaluation.datasets.products import LabelledProduct, Split, read_labelled_products
from catalog_jobs.evaluation.encoders.dataset import Material, Photo, evenly_over_classes, fits, read_material
from catalog_jobs.evaluation.encoders.measurement import BOTH, PHOTO, Measured, fit_path, fit_probe, measure
from catalog_jobs.evaluation.encoders.report import MeasuredEncoder, as_numbers, comparison, report
from catalog_jobs.evaluation.metrics.encoders import (
    confusion,
    group_mean_estimate,
    head_quality,
    mean_estimate,
    nearest,
    nearest_others,
    neighbour_agreement,
    reliability,
)
from closetspace.adapters.encoder.files import encoder_directory
from closetspace.bootstrap import photo_decoder
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.support.fakes import HashEncoder
from tests.support.journey import photo

HOSTILE = "\"><script>alert('1')</script><img src=https://evil.example/x.png onerror=alert(1)>"
decode = photo_decoder(Settings())


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "products.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(folder: Path, rows: list[dict[str, str]]) -> Path:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def write_dataset(folder: Path, rows: list[dict[str, str]]) -> Path:
    """Products with a picture of noise each."""
    for number, row in enumerate(rows):
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "images" / f"{row['id'].strip()}.jpg").write_bytes(photo(number))
    return write_rows(folder, rows)


def write_photos(folder: Path, classes: dict[str, int]) -> Path:
    for number, (kind, count) in enumerate(classes.items()):
        (folder / kind).mkdir(parents=True)
        for one in range(count):
            (folder / kind / f"{one}.jpg").write_bytes(photo(100 * number + one))
    return folder


@contextmanager
def silent(_step: str) -> Iterator[Progress]:
    yield ignore_progress


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def usage_error(*arguments: object) -> str:
    """What the command says of options that it refuses, without the frame around it."""
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", result.stderr).split())


def invoke_json(*arguments: object) -> dict[str, Any]:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return answer


# Metrics.


def test_nearest_is_by_cosine_and_of_equals_the_earlier_comes_first() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
    assert nearest(np.array([[1, 0]], np.float32), vectors, 3).tolist() == [[0, 2, 3]]
    assert nearest(np.array([[0, 1]], np.float32), vectors, 9).tolist() == [[1, 3, 0, 2]]
    assert nearest(np.empty((0, 2), np.float32), vectors, 2).shape == (0, 2)


def test_nearest_others_never_hold_the_row_itself() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
    assert nearest_others(vectors, 2).tolist() == [[2, 3], [3, 0], [0, 3], [1, 0]]
    assert nearest_others(vectors, 10).shape == (4, 3)
    same = np.ones((30, 1), np.float32)
    found = nearest_others(same, 4)
    assert found.shape == (30, 4)
    assert not (found == np.arange(30)[:, None]).any()
    assert nearest_others(np.ones((1, 2), np.float32), 10).shape == (1, 0)


def test_neighbour_agreement_is_the_share_of_the_same_label_over_labelled_rows() -> None:
    neighbours = np.array([[1, 2], [0, 3], [0, 1], [0, 1]])
    assert neighbour_agreement(neighbours, ["a", "a", "b", ""]) == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert neighbour_agreement(neighbours, ["", "", "", ""]) is None
    assert neighbour_agreement(np.empty((1, 0), np.int64), ["a"]) is None


def test_head_quality_is_what_is_counted_by_hand() -> None:
    truth = ["a", "a", "b", "b", ""]
    told = ["a", "b", "b", "a", "a"]
    quality = head_quality(truth, told, [0.9, 0.9, 0.6, 0.3, 0.99])
    assert quality is not None
    assert (quality.n, quality.accuracy, quality.answered) == (4, 0.5, 0.75)
    assert quality.accuracy_answered == pytest.approx(2 / 3)
    # Bins: .9 twice, half right; .6, right; .3, wrong.
    assert quality.calibration_error == pytest.approx((2 * 0.4 + 0.4 + 0.3) / 4)
    assert head_quality(["", ""], ["a", "b"], [1, 1]) is None


def test_a_head_that_never_answers_has_no_accuracy_of_its_answers() -> None:
    quality = head_quality(["a"], [""], [0.0])
    assert quality is not None
    assert (quality.answered, quality.accuracy_answered) == (0, None)


def test_reliability_takes_certain_answers_into_the_last_bin() -> None:
    last, first = sorted(reliability(np.array([1.0, 0.99, 0.0]), np.array([True, True, False])), key=lambda b: -b.count)
    assert (last.count, last.accuracy, first.count, first.confidence) == (2, 1, 1, 0)


def test_confusion_counts_what_was_taken_for_what() -> None:
    found = confusion(["a", "b", "b", "", "b"], ["b", "b", "c", "a", "b"])
    assert found.labels == ("b", "a", "c")
    assert found.counts == ((2, 0, 1), (1, 0, 0), (0, 0, 0))


def test_intervals_hold_the_mean_and_are_the_same_every_time() -> None:
    values = np.array([0.0, 1.0] * 50)
    estimate = mean_estimate(values)
    assert estimate == mean_estimate(values)
    assert (estimate.value, estimate.n) == (0.5, 100)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.05, rel=0.1)
    groups = {"large": np.ones(99), "small": np.zeros(1)}
    assert (group_mean_estimate(groups).value, group_mean_estimate(groups).n) == (0.5, 100)


def test_the_probe_finds_the_log_odds() -> None:
    vectors = np.array([[-1.0]] * 4 + [[1.0]] * 4, np.float32)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    [probe] = fit_path(vectors, labels, 2, (1e-6,), steps=500)
    assert probe.weights[0, 1] - probe.weights[0, 0] == pytest.approx(np.log(3), abs=0.01)
    assert probe.predict(np.array([[-0.2], [0.3]], np.float32)).tolist() == [0, 1]


def test_the_probe_minimises_the_penalised_cross_entropy() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(60, 5)).astype(np.float32)
    vectors = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    labels = random.integers(0, 3, 60)
    [probe] = fit_path(vectors, labels, 3, (0.1,), steps=500)
    logits = (vectors - probe.mean) @ probe.weights + probe.bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gradient = vectors.T @ (shares - np.eye(3)[labels]) / 60 + 0.1 * probe.weights
    assert np.abs(gradient).max() < 1e-4


def test_the_probe_tells_classes_that_lie_apart_and_survives_a_constant_feature() -> None:
    random = np.random.default_rng(2)
    labels = np.arange(200) % 4
    vectors = np.eye(4, 6)[labels] + random.normal(0, 0.1, (200, 6))
    vectors[:, 5] = 7
    probe = fit_probe(vectors.astype(np.float32), labels, 4)
    assert (probe.predict(vectors.astype(np.float32)) == labels).mean() > 0.98


def labelled(**columns: str) -> LabelledProduct:
    return LabelledProduct(
        IndexedItem("1", "Thing"), Path("1.jpg"), {"id": "1", "productDisplayName": "Thing"} | columns
    )


def test_what_fits_a_photo_goes_by_article_type_and_of_shoes_by_sub_category() -> None:
    assert fits("t-shirt", labelled(articleType="Tops", subCategory="Topwear"))
    assert not fits("t-shirt", labelled(articleType="Shirts", subCategory="Topwear"))
    assert fits("shoes", labelled(articleType="Sports Sandals", subCategory="Sandal"))
    assert not fits("shoes", labelled(articleType="Socks", subCategory="Socks"))
    assert fits("shoes", labelled(articleType="Heels"))
    assert not fits("dress", labelled())


def test_photos_are_chosen_evenly_over_classes() -> None:
    photos = [
        Photo(Path(f"{kind}/{n}.jpg"), kind) for kind, count in (("a", 9), ("b", 1), ("c", 9)) for n in range(count)
    ]
    chosen = [photos[index].kind for index in evenly_over_classes(photos, 7)]
    assert (chosen.count("a"), chosen.count("b"), chosen.count("c")) == (3, 1, 3)
    assert len(evenly_over_classes(photos, 99)) == 19


# Products.


def test_an_inventory_knows_ids_as_the_table_writes_them(tmp_path: Path) -> None:
    rows = [{"id": " 1 ", "productDisplayName": " Red  Shirt"}, {"id": "2", "productDisplayName": "Blue Shirt"}]
    found = read_labelled_products(write_dataset(tmp_path, rows), Split.ALL)
    assert [(p.id, p.item.id, p.item.name) for p in found.products] == [
        (" 1 ", "1", "Red Shirt"),
        ("2", "2", "Blue Shirt"),
    ]
    assert found.products[0].label("gender") == ""


def test_an_inventory_leaves_out_what_the_catalog_leaves_out(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "productDisplayName": "", "gender": "Men"},
        {"id": "1", "productDisplayName": "Shirt", "gender": "Women"},
        {"id": "1", "productDisplayName": "Shirt again", "gender": "Boys"},
        {"id": "gone", "productDisplayName": "No picture", "gender": "Men"},
        {"id": "2", "productDisplayName": "Belt", "gender": "NA"},
    ]
    folder = write_dataset(tmp_path, rows)
    (folder / "images" / "gone.jpg").unlink()
    found = read_labelled_products(folder, Split.ALL)
    assert [(p.id, p.label("gender")) for p in found.products] == [("1", "Women"), ("2", "")]
    assert [item_id for item_id, _ in found.left_out] == ["1", "1", "gone"]


def test_a_dataset_without_products_for_evaluation_says_so(tmp_path: Path) -> None:
    rows = [{"id": str(n), "productDisplayName": "Shirt"} for n in range(3)]
    with pytest.raises(InvalidInput, match="--side all"):
        read_labelled_products(write_dataset(tmp_path, rows), Split.EVAL)


def test_material_leaves_out_what_can_not_be_decoded(tmp_path: Path, drawn_catalog: Path) -> None:
    photos = write_photos(tmp_path / "photos" / "validation", {"dress": 3}).parent
    (photos / "validation" / "dress" / "0.jpg").write_bytes(b"GIF89a")
    (photos / "validation" / "stray.txt").write_text("not in a class")
    material = read_material(drawn_catalog, photos, Split.ALL, None, decode, ignore_progress)
    assert (len(material.products), len(material.train), len(material.validation)) == (60, 0, 2)
    assert [name for name, _ in material.left_out] == ["dress/0.jpg"]
    limited = read_material(drawn_catalog, photos, Split.ALL, 2, decode, ignore_progress)
    assert len(limited.products) == 2
    with pytest.raises(InvalidInput, match="validation/CLASS/FILE"):
        read_material(drawn_catalog, tmp_path / "nowhere", Split.ALL, None, decode, ignore_progress)


# Measuring, with an encoder that knows nothing.


def material_of(folder: Path, columns: dict[str, str], *, photos: bool = True) -> Material:
    rows = [{"id": str(n), "productDisplayName": f"Thing {n}"} | columns for n in range(12)]
    products = read_labelled_products(write_dataset(folder / "data", rows), Split.ALL).products
    if not photos:
        return Material(products, [], [], [])
    write_photos(folder / "photos" / "train", {"dress": 6, "hat": 6})
    write_photos(folder / "photos" / "validation", {"dress": 2, "hat": 2})
    return read_material(folder / "data", folder / "photos", Split.ALL, None, decode, ignore_progress)


def found_encoder(folder: Path, encoder: HashEncoder) -> FoundEncoder:
    folder.mkdir(exist_ok=True)
    (folder / "a file").write_bytes(b"0" * 1000)
    return FoundEncoder(encoder.id, folder, encoder.descriptor, {})


def test_products_that_are_all_the_same_agree_and_fit(tmp_path: Path) -> None:
    labels = {"articleType": "Dresses", "subCategory": "Dress", "gender": "Women", "baseColour": "Red", "usage": "NA"}
    measured = measure(HashEncoder(), material_of(tmp_path, labels), decode, silent)
    assert measured.neighbours[PHOTO] == {"articleType": 1, "gender": 1, "baseColour": 1}
    assert measured.photos is not None
    assert (measured.photos.by_class, measured.photos.macro.value) == ({"dress": 1, "hat": 0}, 0.5)
    assert measured.probe is not None
    assert measured.probe.n == 4
    colour = measured.heads[BOTH]["colour"]
    assert colour.accuracy == 1
    assert colour.calibration_error == pytest.approx(0.1)
    assert sum(map(sum, measured.categories[PHOTO].counts)) == 12
    assert measured.nearest.shape == (4, 10)
    assert measured.speed.garment_ms > 0


def test_a_dataset_of_ids_and_names_alone_is_measured_as_far_as_it_goes(tmp_path: Path) -> None:
    material = material_of(tmp_path, {}, photos=False)
    measured = measure(HashEncoder(), material, decode, silent)
    assert (measured.photos, measured.probe, measured.neighbours[BOTH]) == (None, None, {})
    assert (measured.heads[PHOTO], measured.categories[PHOTO].labels) == ({}, ())
    compared = [MeasuredEncoder(found_encoder(tmp_path / "e", HashEncoder()), measured)]
    page = report(compared, material, decode)
    assert [part for part in ("<h2>", "<figure>", "<svg", "<img") if part in page] == []
    assert [line.what for line in comparison(compared)][-1] == "size"


# The page.


class WellFormed(HTMLParser):
    """Checks that tags are closed in order, and collects what they are and refer to."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read_page(page: str) -> WellFormed:
    parsed = WellFormed()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    return parsed


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    labels = {"articleType": HOSTILE, "subCategory": HOSTILE, "baseColour": "Red", "productDisplayName": HOSTILE}
    material = material_of(folder, labels)
    material.validation[0] = Photo(material.validation[0].path, HOSTILE)
    encoders = [HashEncoder(id=HOSTILE), HashEncoder(id="second", dim=16)]
    compared = [
        MeasuredEncoder(found_encoder(folder / str(n), encoder), measure(encoder, material, decode, silent))
        for n, encoder in enumerate(encoders)
    ]
    return report(compared, material, decode)


def test_the_page_is_well_formed_and_no_name_gets_into_its_markup(hostile_page: str) -> None:
    parsed = read_page(hostile_page)
    assert "script" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert HOSTILE not in hostile_page
    assert "&lt;script&gt;" in hostile_page


def test_the_page_asks_nothing_of_anybody(hostile_page: str) -> None:
    parsed = read_page(hostile_page)
    sources = [value for name, value in parsed.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert len(sources) == 4 * (1 + 2 * 10)
    assert all(str(value).startswith("data:image/jpeg;base64,") for value in sources)
    assert not [part for part in ("url(", "@import", "<link", "<iframe") if part in hostile_page]
    assert "default-src 'none'" in hostile_page


def test_every_picture_and_plot_of_the_page_has_words(hostile_page: str) -> None:
    parsed = read_page(hostile_page)
    words = [value for name, value in parsed.attributes if name == "alt"]
    assert len(words) == parsed.tags.count("img")
    assert all(words)
    assert [name for name, _ in parsed.attributes].count("aria-label") == parsed.tags.count("svg") > 0


def test_numbers_of_a_comparison_are_plain_and_rounded(tmp_path: Path) -> None:
    material = material_of(tmp_path, {"articleType": "Dresses", "gender": "Women"})
    measured: Measured = measure(HashEncoder(), material, decode, silent)
    numbers = as_numbers([MeasuredEncoder(found_encoder(tmp_path / "e", HashEncoder()), measured)], material)
    assert json.loads(json.dumps(numbers)) == numbers
    [one] = numbers["encoders"]
    assert (one["id"], one["dim"], one["megabytes"]) == ("hash-1", 8, 0.001)
    assert one["neighbours"][PHOTO]["articleType"] == 1
    assert "nearest" not in one


# The commands, with the encoder in use.


def test_personas_get_products_they_do_not_own(tmp_path: Path, drawn_catalog: Path) -> None:
    ids = [row["id"] for row in rows_of(drawn_catalog)]
    owned = {"ann": ids[:4], "ben": ids[5:6]}
    people = [{"id": "ann", "wardrobe": ids[:4], "palette": ["Red"]}, {"id": "ben", "wardrobe": [int(ids[5])]}]
    (tmp_path / "personas.json").write_text(json.dumps(people))
    out = tmp_path / "recs.json"
    for names in ("full", "blind", "none"):
        result = invoke(
            *("evaluate", "--dataset", drawn_catalog, "--personas", tmp_path / "personas.json", "--out", out),
            *("--names", names, "--side", "all"),
        )
        assert result.exit_code == 0, result.output
        lists = json.loads(out.read_text())
        assert lists.keys() == {"ann", "ben"}
        for person, wardrobe in owned.items():
            assert len(set(lists[person])) == len(lists[person]) == 50
            assert set(lists[person]) <= set(ids) - set(wardrobe)


def test_ids_with_blanks_come_back_as_they_are_and_small_datasets_with_a_warning(
    tmp_path: Path, drawn_catalog: Path
) -> None:
    rows = [{"id": f" {r['id']} ", "productDisplayName": r["productDisplayName"]} for r in rows_of(drawn_catalog)[:7]]
    folder = write_rows(Path(shutil.copytree(drawn_catalog, tmp_path / "data")), rows)
    (tmp_path / "personas.json").write_text(json.dumps([{"id": "ann", "wardrobe": [rows[0]["id"]]}]))
    photos = write_photos(tmp_path / "photos", {"dress": 2})
    (photos / "dress" / ".hidden").write_text("no photo")
    arguments = ("evaluate", "--dataset", folder, "--side", "all", "--out", tmp_path / "out.json")
    result = invoke(*arguments, "--personas", tmp_path / "personas.json", "--names", "blind")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text())["ann"]
    assert found
    assert set(found) <= {row["id"] for row in rows[1:]}
    assert "50 that a scorer needs" in result.stderr
    result = invoke(*arguments, "--photos", photos)
    assert result.exit_code == 0, result.output
    matches = json.loads((tmp_path / "out.json").read_text())
    assert matches.keys() == {"dress/0.jpg", "dress/1.jpg"}
    assert all(sorted(match) == sorted(row["id"] for row in rows) for match in matches.values())
    assert "dress/.hidden" in result.stderr
    assert "10 that a scorer needs" in result.stderr


@pytest.mark.parametrize(
    ("personas", "sentence"),
    [
        ('[{"id": "ann", "wardrobe": ["nobody sells it"]}]', "ann owns nobody sells it, which"),
        ('[{"id": "ann", "wardrobe": []}]', "ann owns nothing"),
        ('{"ann": 1}', "is not a list"),
        ("[1]", "is not a list"),
        ("\xff", "is not a list"),
    ],
)
def test_personas_that_can_not_be_are_refused(
    tmp_path: Path, drawn_catalog: Path, personas: str, sentence: str
) -> None:
    (tmp_path / "personas.json").write_bytes(personas.encode("latin-1"))
    result = invoke(
        *("evaluate", "--dataset", drawn_catalog, "--personas", tmp_path / "personas.json"),
        *("--side", "all", "--out", tmp_path / "out.json"),
    )
    assert result.exit_code == 1
    assert sentence in result.stderr.replace("\n", " ")
    assert not (tmp_path / "out.json").exists()


def test_personas_of_the_other_side_are_told_apart_from_unknown_products(tmp_path: Path, drawn_catalog: Path) -> None:
    chosen = {p.id for p in read_labelled_products(drawn_catalog, Split.EVAL).products}
    other = next(row["id"] for row in rows_of(drawn_catalog) if row["id"] not in chosen)
    (tmp_path / "personas.json").write_text(json.dumps([{"id": "ann", "wardrobe": [other]}]))
    result = invoke(
        *("evaluate", "--dataset", drawn_catalog, "--personas", tmp_path / "personas.json"),
        *("--out", tmp_path / "out.json"),
    )
    assert result.exit_code == 1
    assert "--side all" in result.stderr


def test_what_is_owned_but_can_not_be_seen_is_left_out(tmp_path: Path, drawn_catalog: Path) -> None:
    folder = Path(shutil.copytree(drawn_catalog, tmp_path / "data"))
    ids = [row["id"] for row in rows_of(folder)]
    (folder / "images" / f"{ids[0]}.jpg").write_bytes(b"\xff\xd8\xff damaged")
    (tmp_path / "personas.json").write_text(json.dumps([{"id": "ann", "wardrobe": ids[:2]}]))
    result = invoke(
        *("evaluate", "--dataset", folder, "--personas", tmp_path / "personas.json", "--side", "all"),
        *("--out", tmp_path / "out.json", "--names", "none"),
    )
    assert result.exit_code == 0, result.output
    assert "left out 1" in result.stderr
    assert not set(json.loads((tmp_path / "out.json").read_text())["ann"]) & set(ids[:2])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "{tmp}/nowhere/out.json", "--photos", "{tmp}"], "can't be written"),
        (["--out", "{tmp}/out.json", "--photos", "{tmp}"], "no folders of photos"),
        (["--out", "{tmp}/out.json", "--photos", "{tmp}", "--encoder", "nobody's"], "no encoder nobody's"),
        (["--out", "{tmp}/out.json", "--photos", "{tmp}", "--encoder", "{tmp}"], "manifest.json cannot be read"),
    ],
)
def test_an_evaluation_that_can_not_be_says_why_at_once(
    tmp_path: Path, drawn_catalog: Path, arguments: list[str], sentence: str
) -> None:
    result = invoke("evaluate", "--dataset", drawn_catalog, *(a.replace("{tmp}", str(tmp_path)) for a in arguments))
    assert result.exit_code == 1
    assert sentence in result.stderr


@pytest.fixture
def copied_encoder(tmp_path: Path) -> Path:
    """The encoder in use, under another id and with something to tell."""
    folder = Path(shutil.copytree(encoder_directory(Settings.from_env().encoder), tmp_path / "copied"))
    manifest = json.loads((folder / "manifest.json").read_text())
    told = manifest | {"id": "copied-1", "sources": {"photos": "[bold]somebody's"}}
    (folder / "manifest.json").write_text(json.dumps(told))
    return folder


def test_encoders_are_compared_side_by_side(tmp_path: Path, drawn_catalog: Path, copied_encoder: Path) -> None:
    in_use = Settings.from_env().encoder
    write_photos(tmp_path / "photos" / "train", {"shirt": 6, "shoes": 6})
    write_photos(tmp_path / "photos" / "validation", {"shirt": 2, "shoes": 2, "a class nobody knows": 1})
    arguments = ("encoder", "evaluate", "--dataset", drawn_catalog, "--photos", tmp_path / "photos", "--limit", 20)
    out = tmp_path / "report.html"
    numbers = invoke_json(*arguments, "--side", "all", "--encoder", in_use, "--encoder", copied_encoder, "--out", out)
    one, other = numbers["encoders"]
    assert other["id"] == "copied-1"
    assert one["neighbours"] == other["neighbours"]
    assert one["heads"] == other["heads"]
    assert (numbers["products"], numbers["photos"]) == (20, 5)
    assert one["photos"]["fit10"]["n"] == 4
    assert one["probe"]["n"] == 5
    assert one["neighbours"][BOTH] != one["neighbours"][PHOTO]
    page = out.read_text(encoding="utf-8")
    read_page(page)
    assert "copied-1" in page


def test_the_encoder_in_use_is_listed_and_described(monkeypatch: pytest.MonkeyPatch, copied_encoder: Path) -> None:
    monkeypatch.setenv("ENCODER", str(copied_encoder))
    listed = invoke_json("encoder", "list")
    assert listed["in_use"] == str(copied_encoder)
    [used] = [row for row in listed["encoders"] if row["in_use"]]
    assert used["id"] == "copied-1"
    assert used["megabytes"] > 1
    described = invoke_json("encoder", "describe", copied_encoder)
    assert described["heads"]["category"]
    assert {file["state"] for file in described["files"]} == {"right"}
    plain = invoke("encoder", "describe", copied_encoder).stdout
    assert "[bold]somebody's" in plain
    assert "copied-1" in invoke("encoder", "list").stdout


def test_a_described_encoder_shows_which_of_its_files_are_not_its_own(copied_encoder: Path) -> None:
    (copied_encoder / "image.onnx").write_bytes(b"another network")
    (copied_encoder / "text.onnx").unlink()
    files = {f["name"]: f["state"] for f in invoke_json("encoder", "describe", copied_encoder)["files"]}
    assert (files["image.onnx"], files["text.onnx"], files["fusion.onnx"]) == ("changed", "missing", "right")


def test_a_folder_that_is_no_encoder_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in invoke("encoder", "describe", tmp_path).stderr
    assert "Shipped are" in invoke("encoder", "describe", "no such encoder").stderr
    assert invoke("encoder", "describe", tmp_path).exit_code == 1


@pytest.mark.parametrize("command", ["list", "describe", "evaluate"])
def test_every_command_about_encoders_has_help(command: str) -> None:
    assert "Usage" in invoke("encoder", command, "--help").output
