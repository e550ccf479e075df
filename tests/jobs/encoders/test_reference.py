"""``closetspace encoder reference``: the products and contents of the sample, and failures."""

import csv
import hashlib
import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.catalog.item import indexed_item
from catalog_jobs.cli.app import app
from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.encoders.reference import LEAST, SIZE, SampleSplit, sample_of
from catalog_jobs.evaluation.datasets.products import LabelledProduct
from closetspace.adapters.encoder.files import MANIFEST, encoder_directory, read_descriptor
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.adapters.encoder.reference import REFERENCE, read_reference
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.priors import ReferenceSample
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.settings import Settings


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    draw_catalog(folder, items=180)
    return folder


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """The encoder in use, without its reference sample."""
    folder = Path(shutil.copytree(encoder_directory(Settings().encoder), tmp_path / "encoder"))
    (folder / REFERENCE).unlink()
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["reference"]
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return folder


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["encoder", *map(str, arguments)], env={"COLUMNS": "400"})


def write_sample(data: Path, encoder: Path, *arguments: str) -> dict[str, Any]:
    result = invoke("reference", "--data", data, "--encoder", encoder, "--json", *arguments)
    assert result.exit_code == 0, result.output
    written: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return written


def sample(encoder: Path) -> ReferenceSample:
    found = read_reference(encoder, read_descriptor(encoder))
    assert found is not None
    return found


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "products.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def table(folder: Path, source: Path, chosen: list[dict[str, str]]) -> Path:
    """Write a dataset with some rows of another dataset, and its pictures."""
    folder.mkdir()
    (folder / "images").symlink_to(source / "images")
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, chosen[0])
        writer.writeheader()
        writer.writerows(chosen)
    return folder


def is_training(row: dict[str, str]) -> bool:
    """Return whether a product is in the scorer's training split."""
    name = row["productDisplayName"].strip().lower()
    return int(hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(), 16) % 10 < 7


def test_sample_is_the_training_split_as_the_catalog_embeds_it(products: Path, encoder: Path) -> None:
    written = write_sample(products, encoder)
    ids = [row["id"] for row in rows(products) if is_training(row)]
    ids.sort(key=lambda product_id: hashlib.sha256(product_id.encode()).digest())
    items = {row.product.id: (indexed_item(row.product), row.image) for row in read_folder(products).products}
    found, served = sample(encoder), OnnxEncoder(encoder)
    descriptor = served.descriptor
    assert LEAST <= written["products"] == len(ids) == len(found.categories) < len(rows(products))
    assert written["encoder"] == read_descriptor(encoder_directory(Settings().encoder)).id == descriptor.id
    assert (
        written["reference"] == descriptor.reference == hashlib.sha256((encoder / REFERENCE).read_bytes()).hexdigest()
    )
    decode = photo_decoder(Settings())
    for place in (0, len(ids) // 2, len(ids) - 1):
        item, picture = items[ids[place]]
        garment = Garment(decode(picture.read_bytes()), item.name, item.name.split()[0])
        encoding = served.encode([garment])[0]
        assert found.vectors[place] @ encoding.vector >= 0.9999
        category = item.category if item.category in descriptor.categories else encoding.category
        assert descriptor.categories[found.categories[place]] == category
        heads = [(head, label) for head in descriptor.heads if head != "category" for label in descriptor.heads[head]]
        shares = [encoding.attributes[head].get(label, 0.0) for head, label in heads]
        assert found.attributes[place] == pytest.approx(np.array(shares) * 255, abs=2)


def test_sample_depends_neither_on_the_order_of_the_table_nor_on_the_eval_split(
    products: Path, encoder: Path, tmp_path: Path
) -> None:
    write_sample(products, encoder)
    content = (encoder / REFERENCE).read_bytes()
    mixed = rows(products)
    random.Random(5).shuffle(mixed)
    for name, chosen in (("mixed", mixed), ("training", [row for row in mixed if is_training(row)])):
        write_sample(table(tmp_path / name, products, chosen), encoder)
        assert (encoder / REFERENCE).read_bytes() == content


def test_side_all_uses_all_products(products: Path, encoder: Path) -> None:
    assert write_sample(products, encoder, "--side", "all")["products"] == len(rows(products))


def labelled(numbers: range) -> list[LabelledProduct]:
    names = {number: f"Shirt {number}" for number in numbers}
    row = [{"id": str(n), "productDisplayName": name} for n, name in names.items()]
    return [LabelledProduct(IndexedItem(r["id"], r["productDisplayName"], ""), Path(), r) for r in row]


def test_additional_products_displace_few_of_the_sample() -> None:
    chosen = sample_of(labelled(range(10_000)), SampleSplit.TRAINING)
    assert len({product.id for product in chosen}) == SIZE
    assert all(is_training(dict(product.row)) for product in chosen)
    assert chosen == sample_of(labelled(range(10_000))[::-1], SampleSplit.TRAINING)
    larger = {product.id for product in sample_of(labelled(range(10_500)), SampleSplit.TRAINING)}
    assert len({product.id for product in chosen} & larger) > 0.9 * SIZE
    assert any(not is_training(dict(product.row)) for product in sample_of(labelled(range(10_000)), SampleSplit.ALL))


def test_unreadable_pictures_are_left_out_and_reported(products: Path, encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(products, tmp_path / "damaged"))
    training = [row["id"] for row in rows(folder) if is_training(row)]
    for product_id in training[:3]:
        (folder / "images" / f"{product_id}.jpg").write_bytes(b"no picture")
    result = invoke("reference", "--data", folder, "--encoder", encoder)
    assert result.exit_code == 0
    assert "left out 3" in result.stderr
    assert f"a sample of {len(training) - 3} products" in result.stderr
    assert len(sample(encoder).categories) == len(training) - 3


def test_too_few_products_are_rejected_and_the_encoder_is_unchanged(
    products: Path, drawn_catalog: Path, encoder: Path, tmp_path: Path
) -> None:
    unreadable = Path(shutil.copytree(products, tmp_path / "unreadable"))
    for picture in sorted((unreadable / "images").iterdir())[: len(rows(products)) // 2]:
        picture.write_bytes(b"no picture")
    before = (encoder / MANIFEST).read_bytes()
    for folder in (drawn_catalog, unreadable):
        result = invoke("reference", "--data", folder, "--encoder", encoder)
        assert result.exit_code == 1
        assert f"which needs {LEAST}" in result.stderr
        assert "--side all" in result.stderr
    assert (encoder / MANIFEST).read_bytes() == before
    assert not (encoder / REFERENCE).exists()


def test_new_sample_replaces_the_old_one_and_changes_nothing_else(products: Path, encoder: Path) -> None:
    before = json.loads((encoder / MANIFEST).read_text())
    first = write_sample(products, encoder)["reference"]
    second = write_sample(products, encoder, "--side", "all")["reference"]
    assert first != second
    manifest = json.loads((encoder / MANIFEST).read_text())
    assert manifest == before | {"reference": second}
    assert sample(encoder)
    assert write_sample(products, encoder, "--side", "all")["reference"] == second


def test_failed_write_leaves_an_encoder_without_a_sample(products: Path, encoder: Path) -> None:
    write_sample(products, encoder)
    (encoder / REFERENCE).unlink()
    (encoder / REFERENCE).mkdir()
    result = invoke("reference", "--data", products, "--encoder", encoder)
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert read_reference(encoder, read_descriptor(encoder)) is None
    assert not list(encoder.glob(".*"))


@pytest.mark.parametrize(
    ("data", "encoder_name", "message"),
    [
        ("{tmp}", "fashion-2", "products.csv"),
        ("{tmp}/nothing", "fashion-2", "products.csv"),
        ("{products}", "unknown", "no encoder unknown"),
        ("{products}", "{tmp}", "manifest.json cannot be read"),
    ],
)
def test_unusable_arguments_are_rejected(
    products: Path, tmp_path: Path, data: str, encoder_name: str, message: str
) -> None:
    data, name = (text.format(tmp=tmp_path, products=products) for text in (data, encoder_name))
    result = invoke("reference", "--data", data, "--encoder", name)
    assert result.exit_code == 1
    assert message in result.stderr


def test_command_has_help() -> None:
    output = invoke("reference", "--help").output
    assert "products that tastes are compared with" in output
    assert "train|all" in output


def test_list_and_describe_show_the_sample(products: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODER", str(encoder))
    assert listed(encoder) is False
    assert json.loads(invoke("describe", encoder, "--json").stdout)["reference"] is None
    assert "none; closetspace encoder reference writes one" in invoke("describe", encoder).stdout
    write_sample(products, encoder)
    assert listed(encoder) is True
    described = json.loads(invoke("describe", encoder, "--json").stdout)
    size = (encoder / REFERENCE).stat().st_size
    assert described["reference"] == {"name": REFERENCE, "bytes": size, "state": "right"}
    assert described["blocks"] == dict(read_descriptor(encoder).blocks)
    assert f"{REFERENCE}: {size:,} bytes" in invoke("describe", encoder).stdout
    (encoder / REFERENCE).write_bytes(b"another")
    assert f"{REFERENCE}: 7 bytes changed" in invoke("describe", encoder).stdout
    (encoder / REFERENCE).unlink()
    assert json.loads(invoke("describe", encoder, "--json").stdout)["reference"]["state"] == "missing"


def listed(encoder: Path) -> bool:
    [row] = [row for row in json.loads(invoke("list", "--json").stdout)["encoders"] if row["name"] == str(encoder)]
    has_sample: bool = row["reference"]
    return has_sample
