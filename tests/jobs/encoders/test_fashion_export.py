"""The fashion encoder, trained and exported from a few drawn garments. Needs the extra ``train``."""

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
from catalog_jobs.encoders.registry import find_encoder
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.adapters.encoder.reference import read_reference
from closetspace.domain.encoder.encoding import Garment
from closetspace.errors import FailedPrecondition, InvalidInput

torch = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train]'")

from catalog_jobs.encoders.training import loop  # noqa: E402  (after the check for torch)
from catalog_jobs.encoders.training.fashion_data import FashionData, Source, read_fashion_data  # noqa: E402
from catalog_jobs.encoders.training.fashion_export import export_fashion, refit_fashion  # noqa: E402
from catalog_jobs.encoders.training.fashion_fusion import BLOCK_DIMS, SHARES  # noqa: E402
from catalog_jobs.encoders.training.fashion_network import candidate_loss, candidate_matrix, share_loss  # noqa: E402
from catalog_jobs.encoders.training.fashion_training import FashionRecipe, FashionTask  # noqa: E402
from catalog_jobs.encoders.training.fashion_views import Views, foreground  # noqa: E402
from catalog_jobs.evaluation.datasets.fashion_labels import patterns_in_name  # noqa: E402

RECIPE = FashionRecipe(sides=(64,), batch=24, epochs=1, seed=3)
SILENT = loop.Callbacks(lambda *_: None, lambda _: None)
CLASS_OF_TYPE = {"Tshirts": "t-shirt", "Shirts": "shirt", "Jeans": "pants", "Casual Shoes": "shoes"}


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    draw_catalog(folder, items=240)
    return folder


@pytest.fixture(scope="module")
def photos(products: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the products' pictures, as people's photos."""
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
    loop.run(FashionTask(data, RECIPE, workers=0), run, epochs=1, patience=9, callbacks=SILENT)
    options = ["--data", products, "--photos", photos, "--run", run, "--out", out, "--seed", 3]
    result = CliRunner().invoke(app, ["encoder", "export", "fashion", *map(str, options)])
    assert result.exit_code == 0, result.output
    return out


def test_exported_encoder_separates_garments(exported: Path, data: FashionData) -> None:
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


def test_exported_encoder_has_blocks_and_a_reference_sample(exported: Path, data: FashionData) -> None:
    encoder = OnnxEncoder(exported)
    assert encoder.descriptor.blocks == BLOCK_DIMS
    vector = encoder.encode([Garment(data.train[0].picture(), "Shirt")])[0].vector
    parts = np.split(vector, np.cumsum(list(BLOCK_DIMS.values()))[:-1])
    assert [float(part @ part) for part in parts] == pytest.approx([SHARES[name] for name in BLOCK_DIMS], abs=1e-4)
    assert read_reference(exported, encoder.descriptor) is not None


def test_fusion_that_is_fitted_to_the_same_networks_and_data_is_the_same(
    products: Path, photos: Path, exported: Path, tmp_path: Path
) -> None:
    options = ["--data", products, "--photos", photos, "--networks", exported, "--out", tmp_path, "--seed", 3]
    result = CliRunner().invoke(app, ["encoder", "export", "fashion", *map(str, options)])
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in exported.iterdir()}
    for path in exported.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_networks_for_other_squares_of_a_photo_are_rejected_before_writing(data: FashionData, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"networks of fashion-1 can't be used.*framed as"):
        refit_fashion(data, find_encoder("fashion-1"), tmp_path / "out", seed=3, log=lambda _: None)
    assert not (tmp_path / "out").exists()


def test_vectors_have_unit_length_for_any_input(exported: Path, data: FashionData) -> None:
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


def test_training_data_excludes_the_eval_split_and_validation_photos(
    products: Path, photos: Path, data: FashionData, tmp_path: Path
) -> None:
    with (products / "products.csv").open(newline="") as file:
        held_back = {
            row["productDisplayName"] for row in csv.DictReader(file) if not is_training(row["productDisplayName"])
        }
    learnt = [*data.train, *data.held_out]
    assert held_back
    assert not held_back & {example.name for example in learnt}
    assert {example.path.parent.parent.name for example in learnt if not example.is_product} == {"train"}
    assert not {e.name for e in data.train if e.is_product} & {e.name for e in data.held_out if e.is_product}


def is_training(name: str) -> bool:
    """Return whether a name is in the scorer's training split."""
    return int(hashlib.sha1(name.strip().lower().encode(), usedforsecurity=False).hexdigest(), 16) % 10 < 7


def test_run_without_weights_is_rejected_before_writing(data: FashionData, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="train an encoder there first"):
        export_fashion(data, tmp_path / "run", tmp_path / "out", seed=3, log=lambda _: None)
    assert not (tmp_path / "out").exists()


def test_too_few_products_are_rejected(tmp_path: Path) -> None:
    draw_catalog(tmp_path / "few", items=3)
    with pytest.raises(FailedPrecondition, match="no label"):
        read_fashion_data(tmp_path / "few", None)
    with pytest.raises(InvalidInput, match=r"products\.csv"):
        read_fashion_data(tmp_path, None)


def test_foreground_excludes_the_white_background() -> None:
    picture = np.full((40, 40, 3), 255, np.uint8)
    picture[10:30, 10:30] = (200, 10, 10)
    picture[18:22, 18:22] = 255  # a white print is part of the garment
    mask = foreground(picture)
    assert mask[20, 20] == 255
    assert mask[12, 12] == 255
    assert mask[0, 0] == 0


def test_views_of_products_vary_the_background_reproducibly(data: FashionData, tmp_path: Path) -> None:
    room = tmp_path / "room.jpg"
    Image.new("RGB", (100, 100), (20, 120, 20)).save(room)
    product = next(e for e in data.train if e.is_product)
    random = np.random.default_rng(0)
    views = [Views(64, [room]).view(product, random) for _ in range(20)]
    assert all(view.shape == (64, 64, 3) and cells is not None and cells.shape == (7, 7) for view, cells in views)
    greens = [bool((view.astype(int)[..., 1] - view[..., 0] > 60).mean() > 0.1) for view, _ in views]
    assert 3 < sum(greens) < 20
    again = Views(64, [room]).view(product, np.random.default_rng(0))[0]
    assert (again == views[0][0]).all()


def test_candidate_loss_accepts_any_candidate() -> None:
    logits = torch.tensor([[5.0, 5.0, -5.0], [0.0, 9.0, 0.0]])
    either = candidate_matrix([frozenset({0, 1}), frozenset()], 3)
    assert float(candidate_loss(logits, either)) == pytest.approx(0, abs=1e-4)
    assert float(candidate_loss(logits, candidate_matrix([frozenset({2}), frozenset()], 3))) > 9
    assert float(candidate_loss(logits, candidate_matrix([frozenset(), frozenset()], 3))) == 0


def test_share_loss_ignores_unknown_labels() -> None:
    logits, nothing = torch.tensor([[9.0, 0.0], [0.0, 9.0]]), torch.zeros(2, 2)
    assert float(share_loss(logits, nothing)) == 0
    assert float(share_loss(logits, torch.tensor([[1.0, 0.0], [0.0, 0.0]]))) < 1


def test_second_colour_has_a_share_of_the_loss() -> None:
    both, first = torch.tensor([[0.7, 0.3, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    predicts_both, predicts_first = torch.tensor([[2.0, 1.2, -5.0]]), torch.tensor([[5.0, -5.0, -5.0]])
    assert share_loss(predicts_both, both) < share_loss(predicts_first, both)
    assert share_loss(predicts_first, first) < share_loss(predicts_both, first)


LABELS = """id,colour,colour2,pattern,gender,usage
one,brown,black,stripes,K,casual
two,lightblue,,solid,U,sports
three,none,,solid,W,casual
"""


@pytest.fixture
def labelled_photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name, folder_name in (("one", "shirt"), ("two", "unsure"), ("three", "body")):
        (folder / "train" / folder_name).mkdir(parents=True)
        Image.new("RGB", (60, 80), (200, 30, 30)).save(folder / "train" / folder_name / f"{name}.jpg")
    (folder / "labels.csv").write_text(LABELS)
    (folder / "photos.csv").write_text("id,sender,kids\none,7,True\ntwo,8,False\nthree,9,False\n")
    return folder


def test_photos_have_labels_beside_their_classes(products: Path, labelled_photos: Path) -> None:
    data = read_fashion_data(products, labelled_photos)
    photos = {e.path.stem: e for e in [*data.train, *data.held_out] if e.source is Source.PHOTO}
    names = data.vocabulary
    one, two, three = (photos[name] for name in ("one", "two", "three"))
    assert {names["age"][i]: share for i, share in one.shares["age"].items()} == {"child": 1.0}
    assert "gender" not in one.shares, "a child's garment has no known gender"
    assert {names["colour"][i] for i in one.shares["colour"]} == {"Brown", "Black"}
    assert [names["pattern"][i] for i in one.candidates["pattern"]] == ["Striped"]
    assert {names["gender"][i] for i in two.shares["gender"]} == {"Men", "Women", "Unisex"}
    assert not two.candidates["class"], "unsure is not a class"
    assert "colour" not in three.shares
    assert [names["class"][i] for i in three.candidates["class"]] == ["body"]
    assert (one.sender, two.sender) == ("7", "8")


def test_photos_of_a_sender_are_all_in_training_or_all_held_out(
    products: Path, labelled_photos: Path, tmp_path: Path
) -> None:
    rows = [f"{number},{number // 4}" for number in range(120)]
    for number in range(120):
        shutil.copy(
            labelled_photos / "train" / "shirt" / "one.jpg", labelled_photos / "train" / "shirt" / f"{number}.jpg"
        )
    (labelled_photos / "photos.csv").write_text("\n".join(["id,sender", *rows]) + "\n")
    data = read_fashion_data(products, labelled_photos)
    train, held_out = ({e.sender for e in part if e.sender} for part in (data.train, data.held_out))
    assert train
    assert held_out
    assert not train & held_out


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [("labels.csv", b"\xff\xfe\x00", "UTF-8"), ("labels.csv", b"id,colour\n", "lacks the columns gender, usage")],
)
def test_damaged_tables_of_photos_are_rejected(
    products: Path, labelled_photos: Path, table: str, content: bytes, message: str
) -> None:
    (labelled_photos / table).write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        read_fashion_data(products, labelled_photos)


def test_training_uses_pictures_without_garment_whose_names_have_an_even_length(products: Path, tmp_path: Path) -> None:
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
def test_patterns_are_recognised_in_names(name: str, patterns: set[str]) -> None:
    assert patterns_in_name(name) == patterns
