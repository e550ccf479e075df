"""``closetspace evaluate`` with personas and photos, ``encoder evaluate``, ``list`` and ``describe``."""

import json
import shutil
from pathlib import Path

import pytest

from catalog_jobs.evaluation.datasets.products import Split, read_labelled_products
from catalog_jobs.evaluation.encoders.measurement import BOTH, PHOTO, has_probe
from closetspace.adapters.encoder.files import encoder_directory
from closetspace.settings import Settings
from tests.support.evaluation import (
    invoke,
    invoke_error,
    invoke_json,
    parse_page,
    read_rows,
    write_json,
    write_photos,
    write_rows,
)


def test_personas_get_products_that_they_do_not_own(tmp_path: Path, drawn_catalog: Path) -> None:
    ids = [row["id"] for row in read_rows(drawn_catalog)]
    owned = {"ann": ids[:4], "ben": ids[5:6]}
    personas = [{"id": "ann", "wardrobe": ids[:4], "palette": ["Red"]}, {"id": "ben", "wardrobe": [int(ids[5])]}]
    file, out = write_json(tmp_path / "personas.json", personas), tmp_path / "recs.json"
    for names in ("full", "blind", "none"):
        result = invoke(
            *("evaluate", "--dataset", drawn_catalog, "--personas", file, "--out", out),
            *("--names", names, "--side", "all"),
        )
        assert result.exit_code == 0, result.output
        lists = json.loads(out.read_text())
        assert lists.keys() == {"ann", "ben"}
        for persona, wardrobe in owned.items():
            assert len(set(lists[persona])) == len(lists[persona]) == 50
            assert set(lists[persona]) <= set(ids) - set(wardrobe)


@pytest.fixture
def small_dataset(tmp_path: Path, drawn_catalog: Path) -> Path:
    """Seven products whose ids have surrounding spaces."""
    rows = [
        {"id": f" {row['id']} ", "productDisplayName": row["productDisplayName"]}
        for row in read_rows(drawn_catalog)[:7]
    ]
    return write_rows(Path(shutil.copytree(drawn_catalog, tmp_path / "data")), rows)


def test_small_datasets_give_short_lists_and_a_warning(tmp_path: Path, small_dataset: Path) -> None:
    ids, out = [row["id"] for row in read_rows(small_dataset)], tmp_path / "out.json"
    file = write_json(tmp_path / "personas.json", [{"id": "ann", "wardrobe": ids[:1]}])
    arguments = ("evaluate", "--dataset", small_dataset, "--side", "all", "--out", out)
    result = invoke(*arguments, "--personas", file, "--names", "blind")
    assert result.exit_code == 0, result.output
    recommended = json.loads(out.read_text())["ann"]
    assert recommended
    assert set(recommended) <= set(ids[1:]), "ids have to be those of the table, with their spaces"
    assert "fewer than the 50 products" in result.stderr


def test_photos_get_the_nearest_products_and_unreadable_files_are_reported(tmp_path: Path, small_dataset: Path) -> None:
    ids, out = [row["id"] for row in read_rows(small_dataset)], tmp_path / "out.json"
    photos = write_photos(tmp_path / "photos", {"dress": 2})
    (photos / "dress" / ".hidden").write_text("no photo")
    result = invoke("evaluate", "--dataset", small_dataset, "--side", "all", "--out", out, "--photos", photos)
    assert result.exit_code == 0, result.output
    matches = json.loads(out.read_text())
    assert matches.keys() == {"dress/0.jpg", "dress/1.jpg"}
    assert all(sorted(match) == sorted(ids) for match in matches.values())
    assert "dress/.hidden" in result.stderr
    assert "fewer than the 10 products" in result.stderr


@pytest.mark.parametrize(
    ("personas", "message"),
    [
        ('[{"id": "ann", "wardrobe": ["not in the table"]}]', "ann owns not in the table, which"),
        ('[{"id": "ann", "wardrobe": []}]', "ann owns no product"),
        ('{"ann": 1}', "is not a list"),
        ("[1]", "is not a list"),
        ("\xff", "is not a list"),
    ],
)
def test_unusable_personas_are_rejected(tmp_path: Path, drawn_catalog: Path, personas: str, message: str) -> None:
    (tmp_path / "personas.json").write_bytes(personas.encode("latin-1"))
    error = invoke_error(
        *("evaluate", "--dataset", drawn_catalog, "--personas", tmp_path / "personas.json"),
        *("--side", "all", "--out", tmp_path / "out.json"),
    )
    assert message in error
    assert not (tmp_path / "out.json").exists()


def test_error_about_products_outside_of_the_split_suggests_all_products(tmp_path: Path, drawn_catalog: Path) -> None:
    in_split = {product.id for product in read_labelled_products(drawn_catalog, Split.EVAL).products}
    other = next(row["id"] for row in read_rows(drawn_catalog) if row["id"] not in in_split)
    file = write_json(tmp_path / "personas.json", [{"id": "ann", "wardrobe": [other]}])
    arguments = ("evaluate", "--dataset", drawn_catalog, "--personas", file, "--out", tmp_path / "out.json")
    assert "--side all" in invoke_error(*arguments)


def test_owned_products_without_a_readable_picture_are_left_out(tmp_path: Path, drawn_catalog: Path) -> None:
    folder = Path(shutil.copytree(drawn_catalog, tmp_path / "data"))
    ids = [row["id"] for row in read_rows(folder)]
    (folder / "images" / f"{ids[0]}.jpg").write_bytes(b"\xff\xd8\xff damaged")
    file = write_json(tmp_path / "personas.json", [{"id": "ann", "wardrobe": ids[:2]}])
    result = invoke(
        *("evaluate", "--dataset", folder, "--personas", file, "--side", "all"),
        *("--out", tmp_path / "out.json", "--names", "none"),
    )
    assert result.exit_code == 0, result.output
    assert "left out 1" in result.stderr
    assert not set(json.loads((tmp_path / "out.json").read_text())["ann"]) & set(ids[:2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "{tmp}/missing/out.json", "--photos", "{tmp}"], "can't be written"),
        (["--out", "{tmp}/out.json", "--photos", "{tmp}"], "contains no photos"),
        (["--out", "{tmp}/out.json", "--photos", "{tmp}", "--encoder", "unknown"], "no encoder unknown"),
        (["--out", "{tmp}/out.json", "--photos", "{tmp}", "--encoder", "{tmp}"], "manifest.json cannot be read"),
    ],
)
def test_unusable_arguments_are_rejected_before_any_work(
    tmp_path: Path, drawn_catalog: Path, arguments: list[str], message: str
) -> None:
    given = [argument.replace("{tmp}", str(tmp_path)) for argument in arguments]
    error = invoke_error("evaluate", "--dataset", drawn_catalog, *given)
    assert message in error
    assert "embedding" not in error


@pytest.fixture
def copied_encoder(tmp_path: Path) -> Path:
    """The encoder in use with another id, and markup in its manifest."""
    folder = Path(shutil.copytree(encoder_directory(Settings.from_env().encoder), tmp_path / "copied"))
    manifest = json.loads((folder / "manifest.json").read_text())
    write_json(folder / "manifest.json", manifest | {"id": "copied-1", "sources": {"photos": "[bold]people's"}})
    return folder


def test_encoders_are_compared_side_by_side(tmp_path: Path, drawn_catalog: Path, copied_encoder: Path) -> None:
    in_use = Settings.from_env().encoder
    write_photos(tmp_path / "photos" / "train", {"shirt": 6, "shoes": 6})
    write_photos(tmp_path / "photos" / "validation", {"shirt": 2, "shoes": 2, "an unknown class": 1})
    arguments = ("encoder", "evaluate", "--dataset", drawn_catalog, "--photos", tmp_path / "photos", "--limit", 20)
    out = tmp_path / "report.html"
    numbers = invoke_json(*arguments, "--side", "all", "--encoder", in_use, "--encoder", copied_encoder, "--out", out)
    one, other = numbers["encoders"]
    assert other["id"] == "copied-1"
    assert one["neighbours"] == other["neighbours"]
    assert one["heads"] == other["heads"]
    assert (numbers["products"], numbers["photos"]) == (20, 5)
    assert one["photos"]["fit10"]["n"] == 4
    assert one["neighbours"][BOTH] != one["neighbours"][PHOTO]
    assert (one["probe"] and one["probe"]["n"]) == (5 if has_probe() else None)
    page = out.read_text(encoding="utf-8")
    parse_page(page)
    assert "copied-1" in page


def test_encoder_in_use_is_listed_and_described(monkeypatch: pytest.MonkeyPatch, copied_encoder: Path) -> None:
    monkeypatch.setenv("ENCODER", str(copied_encoder))
    listed = invoke_json("encoder", "list")
    assert listed["in_use"] == str(copied_encoder)
    [used] = [row for row in listed["encoders"] if row["in_use"]]
    assert used["id"] == "copied-1"
    assert used["megabytes"] > 1
    described = invoke_json("encoder", "describe", copied_encoder)
    assert described["heads"]["category"]
    assert {file["state"] for file in described["files"]} == {"right"}
    assert "[bold]people's" in invoke("encoder", "describe", copied_encoder).stdout
    assert "copied-1" in invoke("encoder", "list").stdout


def test_description_marks_changed_and_missing_files(copied_encoder: Path) -> None:
    (copied_encoder / "image.onnx").write_bytes(b"another network")
    (copied_encoder / "text.onnx").unlink()
    files = {file["name"]: file["state"] for file in invoke_json("encoder", "describe", copied_encoder)["files"]}
    assert (files["image.onnx"], files["text.onnx"], files["fusion.onnx"]) == ("changed", "missing", "right")


def test_folder_without_an_encoder_is_rejected(tmp_path: Path) -> None:
    assert "cannot be read" in invoke_error("encoder", "describe", tmp_path)
    assert "Shipped encoders" in invoke_error("encoder", "describe", "no such encoder")


@pytest.mark.parametrize("command", ["list", "describe", "evaluate"])
def test_encoder_commands_have_help(command: str) -> None:
    assert "Usage" in invoke("encoder", command, "--help").output
