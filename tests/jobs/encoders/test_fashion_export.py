"""The fashion encoder from a few drawn garments: trained, exported, served; where the extra ``train`` is installed."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from catalog_jobs.demo.drawing import draw_catalog
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.adapters.encoder.reference import read_reference
from closetspace.domain.encoder.encoding import Garment
from closetspace.errors import FailedPrecondition, InvalidInput

torch = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train]'")

from catalog_jobs.encoders.training import loop  # noqa: E402  (after torch is there)
from catalog_jobs.encoders.training.fashion_data import FashionData, Source, read_fashion_data  # noqa: E402
from catalog_jobs.encoders.training.fashion_export import export_fashion  # noqa: E402
from catalog_jobs.encoders.training.fashion_fusion import BLOCK_DIMS, SHARES  # noqa: E402
from catalog_jobs.encoders.training.fashion_network import candidate_loss, candidate_matrix, share_loss  # noqa: E402
from catalog_jobs.encoders.training.fashion_training import FashionTask, Recipe  # noqa: E402
from catalog_jobs.encoders.training.fashion_views import Views, foreground  # noqa: E402
from catalog_jobs.evaluation.datasets.fashion_labels import patterns_in_name  # noqa: E402

RECIPE = Recipe(sides=(64,), batch=24, epochs=1, seed=3)
QUIET = loop.Progress(lambda *_: None, lambda _: None)
CLASS_OF_TYPE = {"Tshirts": "t-shirt", "Shirts": "shirt", "Jeans": "pants", "Casual Shoes": "shoes"}


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    draw_catalog(folder, items=240)
    return folder


@pytest.fixture(scope="module")
def photos(products: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the products as if people had taken pictures of them."""
    folder = tmp_path_factory.mktemp("photos")
    with (products / "products.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["articleType"] in CLASS_OF_TYPE:
                place = folder / "train" / CLASS_OF_TYPE[row["articleType"]]
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(products / "images" / f"{row['id']}.jpg", place)
    return folder


@pytest.fixture(scope="module")
def data(products: Path, photos: Path) -> FashionData:
    return read_fashion_data(products, photos)


@pytest.fixture(scope="module")
def exported(products: Path, photos: Path, data: FashionData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run, out = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("encoder")
    loop.run(FashionTask(data, RECIPE, workers=0), run, epochs=1, patience=9, progress=QUIET)
    options = ["--data", products, "--photos", photos, "--run", run, "--out", out, "--seed", 3]
    result = CliRunner().invoke(app, ["encoder", "export", "fashion", *map(str, options)])
    assert result.exit_code == 0, result.output
    return out


def test_a_trained_encoder_loads_and_tells_garments_apart(exported: Path, data: FashionData) -> None:
    encoder = OnnxEncoder(exported)
    assert encoder.descriptor.dim <= 256
    assert encoder.descriptor.heads["colour"] == data.vocabulary["colour"]
    assert encoder.descriptor.heads["gender"] == ("Men", "Women", "Unisex", "Boys", "Girls")
    assert encoder.descriptor.detects_garment
    shirt, again, watch = (
        encoding.vector
        for encoding in encoder.encode(
            [Garment(None, "Navy Shirt"), Garment(None, "Navy Blue Shirt"), Garment(None, "Golden Watch")]
        )
    )
    assert np.linalg.norm(shirt) == pytest.approx(1, abs=1e-5)
    assert shirt @ again > shirt @ watch


def test_an_encoder_brings_along_its_blocks_and_a_sample_of_its_products(exported: Path, data: FashionData) -> None:
    encoder = OnnxEncoder(exported)
    assert encoder.descriptor.blocks == BLOCK_DIMS
    vector = encoder.encode([Garment(data.train[0].picture(), "Shirt")])[0].vector
    parts = np.split(vector, np.cumsum(list(BLOCK_DIMS.values()))[:-1])
    assert [float(part @ part) for part in parts] == pytest.approx([SHARES[name] for name in BLOCK_DIMS], abs=1e-4)
    assert read_reference(exported, encoder.descriptor) is not None


def test_every_garment_gets_a_finite_unit_vector(exported: Path, data: FashionData) -> None:
    picture = data.train[0].picture()
    garments = [Garment(picture, "Shirt"), Garment(picture), Garment(None, "Shirt"), Garment(None)]
    for encoding in OnnxEncoder(exported).encode(garments):
        assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-5)
    assert [encoding.garment_probability is None for encoding in OnnxEncoder(exported).encode(garments)] == [
        False,
        False,
        True,
        True,
    ]


def test_nothing_of_the_eval_split_or_of_validation_photos_is_learnt_from(
    products: Path, photos: Path, data: FashionData, tmp_path: Path
) -> None:
    with (products / "products.csv").open(newline="") as file:
        held_back = {
            row["productDisplayName"] for row in csv.DictReader(file) if not read_is_training(row["productDisplayName"])
        }
    learnt = [*data.train, *data.held_out]
    assert held_back
    assert not held_back & {example.name for example in learnt}
    assert {example.path.parent.parent.name for example in learnt if not example.is_product} == {"train"}
    assert not {e.name for e in data.train if e.is_product} & {e.name for e in data.held_out if e.is_product}


def read_is_training(name: str) -> bool:
    """The split as the benchmark's scorer makes it."""
    return int(hashlib.sha1(name.strip().lower().encode(), usedforsecurity=False).hexdigest(), 16) % 10 < 7


def test_a_run_without_weights_is_refused_before_anything_is_written(data: FashionData, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="train an encoder there first"):
        export_fashion(data, tmp_path / "run", tmp_path / "out", seed=3, progress=lambda _: None)
    assert not (tmp_path / "out").exists()


def test_products_that_teach_nothing_are_refused(tmp_path: Path) -> None:
    draw_catalog(tmp_path / "few", items=3)
    with pytest.raises(FailedPrecondition, match="no label"):
        read_fashion_data(tmp_path / "few", None)
    with pytest.raises(InvalidInput, match=r"products\.csv"):
        read_fashion_data(tmp_path, None)


def test_the_white_around_a_product_is_no_garment() -> None:
    picture = np.full((40, 40, 3), 255, np.uint8)
    picture[10:30, 10:30] = (200, 10, 10)
    picture[18:22, 18:22] = 255  # a white print is garment
    mask = foreground(picture)
    assert mask[20, 20] == 255
    assert mask[12, 12] == 255
    assert mask[0, 0] == 0


def test_a_view_keeps_the_garment_and_changes_what_is_around_it(data: FashionData, tmp_path: Path) -> None:
    priors = tmp_path / "room.jpg"
    Image.new("RGB", (100, 100), (20, 120, 20)).save(priors)
    product = next(e for e in data.train if e.is_product)
    random = np.random.default_rng(0)
    views = [Views(64, [priors]).view(product, random) for _ in range(20)]
    assert all(view.shape == (64, 64, 3) and cells is not None and cells.shape == (7, 7) for view, cells in views)
    greens = [bool((view.astype(int)[..., 1] - view[..., 0] > 60).mean() > 0.1) for view, _ in views]
    assert 3 < sum(greens) < 20
    again = Views(64, [priors]).view(product, np.random.default_rng(0))[0]
    assert (again == views[0][0]).all()


def test_a_photos_class_may_be_sold_as_several_types() -> None:
    logits = torch.tensor([[5.0, 5.0, -5.0], [0.0, 9.0, 0.0]])
    either = candidate_matrix([frozenset({0, 1}), frozenset()], 3)
    assert float(candidate_loss(logits, either)) == pytest.approx(0, abs=1e-4)
    assert float(candidate_loss(logits, candidate_matrix([frozenset({2}), frozenset()], 3))) > 9
    assert float(candidate_loss(logits, candidate_matrix([frozenset(), frozenset()], 3))) == 0


def test_unknown_labels_are_not_learnt_from() -> None:
    logits, nothing = torch.tensor([[9.0, 0.0], [0.0, 9.0]]), torch.zeros(2, 2)
    assert float(share_loss(logits, nothing)) == 0
    assert float(share_loss(logits, torch.tensor([[1.0, 0.0], [0.0, 0.0]]))) < 1


def test_second_colour_has_a_share_of_the_label() -> None:
    both, first = torch.tensor([[0.7, 0.3, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    says_both, says_first = torch.tensor([[2.0, 1.2, -5.0]]), torch.tensor([[5.0, -5.0, -5.0]])
    assert share_loss(says_both, both) < share_loss(says_first, both)
    assert share_loss(says_first, first) < share_loss(says_both, first)


LABELS = """id,colour,colour2,pattern,gender,usage
one,brown,black,stripes,K,casual
two,lightblue,,solid,U,sports
three,none,,solid,W,casual
"""


@pytest.fixture
def labelled_photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name, kind in (("one", "shirt"), ("two", "unsure"), ("three", "body")):
        (folder / "train" / kind).mkdir(parents=True)
        Image.new("RGB", (60, 80), (200, 30, 30)).save(folder / "train" / kind / f"{name}.jpg")
    (folder / "labels.csv").write_text(LABELS)
    (folder / "photos.csv").write_text("id,sender,kids\none,7,True\ntwo,8,False\nthree,9,False\n")
    return folder


def test_labels_of_photos_are_learnt_beside_their_classes(products: Path, labelled_photos: Path) -> None:
    data = read_fashion_data(products, labelled_photos)
    photos = {e.path.stem: e for e in [*data.train, *data.held_out] if e.source is Source.PHOTO}
    words = data.vocabulary
    one, two, three = (photos[name] for name in ("one", "two", "three"))
    assert {words["age"][i]: share for i, share in one.shares["age"].items()} == {"child": 1.0}
    assert "gender" not in one.shares, "a child's thing says nothing of who wears it"
    assert {words["colour"][i] for i in one.shares["colour"]} == {"Brown", "Black"}
    assert [words["pattern"][i] for i in one.candidates["pattern"]] == ["Striped"]
    assert {words["gender"][i] for i in two.shares["gender"]} == {"Men", "Women", "Unisex"}
    assert not two.candidates["class"], "unsure is no class to learn"
    assert "colour" not in three.shares
    assert [words["class"][i] for i in three.candidates["class"]] == ["body"]
    assert (one.sender, two.sender) == ("7", "8")


def test_a_senders_photos_are_all_learnt_from_or_all_held_out(
    products: Path, labelled_photos: Path, tmp_path: Path
) -> None:
    rows = [f"{number},{number // 4}" for number in range(120)]
    for number in range(120):
        shutil.copy(
            labelled_photos / "train" / "shirt" / "one.jpg", labelled_photos / "train" / "shirt" / f"{number}.jpg"
        )
    (labelled_photos / "photos.csv").write_text("\n".join(["id,sender", *rows]) + "\n")
    data = read_fashion_data(products, labelled_photos)
    learnt, held_out = ({e.sender for e in part if e.sender} for part in (data.train, data.held_out))
    assert learnt
    assert held_out
    assert not learnt & held_out


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [("labels.csv", b"\xff\xfe\x00", "UTF-8"), ("labels.csv", b"id,colour\n", "lacks the columns gender, usage")],
)
def test_damaged_tables_of_photos_are_refused(
    products: Path, labelled_photos: Path, table: str, content: bytes, message: str
) -> None:
    (labelled_photos / table).write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        read_fashion_data(products, labelled_photos)


def test_only_pictures_of_an_even_file_name_teach_what_is_no_garment(products: Path, tmp_path: Path) -> None:
    for name in ("cat", "bear", "tiger", "jackal"):
        Image.new("RGB", (60, 60), (9, 99, 9)).save(tmp_path / f"{name}.jpg")
    data = read_fashion_data(products, None, tmp_path)
    assert [e.path.stem for e in data.train if e.source is Source.OTHER] == ["bear", "jackal"]


@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        ("Turtle Check Men Navy Shirt", {"Checked"}),
        ("Mark Taylor Men Striped Blue Shirt", {"Striped"}),
        ("Puma Men Graphic White T-Shirt", {"Graphic"}),
        ("Nike Women Polka Dot Pink T-shirt", {"Dotted"}),
        ("Locomotive Men Washed Blue Jeans", {"Denim"}),
        ("Casio Watch", set()),
    ],
)
def test_products_show_their_pattern_in_their_name(name: str, patterns: set[str]) -> None:
    assert patterns_in_name(name) == patterns
