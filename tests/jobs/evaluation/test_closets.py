"""``closetspace evaluate --closets`` on drawn products, whose own pictures are the photos in the closets."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catalog_jobs.evaluation.datasets.closet_labels import COLOUR_GROUP, read_closet_labels

from catalog_jobs.encoders.embedding import PhotoResult
from catalog_jobs.evaluation.datasets.closets import (
    ClosetPhotos,
    PhotographedCloset,
    embed_closets,
    head_labels,
    read_closets,
)
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import NameVisibility, embed_dataset, open_index
from catalog_jobs.evaluation.metrics.closets import METRICS
from catalog_jobs.evaluation.wardrobes.evaluators import LabelledClosets, compare_on_closets
from catalog_jobs.evaluation.wardrobes.methods import OURS, PROTOTYPE
from catalog_jobs.evaluation.wardrobes.recommending import recommend_products
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.encoding import Encoding, Garment
from closetspace.errors import InvalidInput
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.jobs.evaluation.test_evaluate import HOSTILE, invoke, invoke_json, read_page, rows_of, silent, write_rows

SETTINGS = Settings.from_env()
CLASSES = {"Topwear": "shirt", "Bottomwear": "pants", "Dress": "dress", "Shoes": "shoes", "Headwear": "hat"}


@dataclass(frozen=True)
class Material:
    """A folder of photos with labels, closets of them, and the products that they are pictures of."""

    photos: Path
    file: Path
    products: Path
    closets: list[dict[str, Any]]

    def arguments(self, *more: object) -> list[object]:
        """The command line for all of it."""
        common = ["evaluate", "--dataset", self.products, "--side", "all"]
        return [*common, "--closets", self.file, "--photos", self.photos, *more]


@pytest.fixture(scope="module")
def material(drawn_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("closets")
    rows = [row for row in rows_of(drawn_catalog) if row["subCategory"] in CLASSES]
    paths = [write_photo(folder, drawn_catalog, row, "validation") for row in rows[:-2]]
    write_photo(folder, drawn_catalog, rows[-2], "validation")
    write_photo(folder, drawn_catalog, rows[-1], "train")
    write_labels(folder, rows)
    closets = [{"id": f"{number % 5}.{number // 5}", "photos": paths[number : number + 5]} for number in range(14)]
    return Material(folder, write_closets(folder, closets), drawn_catalog, closets)


def write_photo(folder: Path, products: Path, row: dict[str, str], split: str) -> str:
    """Copy a product's picture to where a photo of its class lies; returns its path."""
    path = Path(split, CLASSES[row["subCategory"]], f"{row['id']}.jpg")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(products / "images" / f"{row['id']}.jpg", folder / path)
    return path.as_posix()


def write_labels(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    photos, labels = ["id,sender,class,kids,split"], ["id,colour,colour2,pattern,gender,usage"]
    for number, row in enumerate(rows):
        colour = row["baseColour"].lower()
        photos.append(f"{row['id']},{number // 6},{CLASSES[row['subCategory']]},False,validation")
        gender = {"Men": "M", "Women": "W", "Unisex": "U"}.get(row["gender"], "K")
        colour = colour if colour in COLOUR_GROUP else "multi"
        labels.append(f"{row['id']},{colour},,solid,{gender},{row['usage'].lower()}")
    (folder / "photos.csv").write_text("\n".join(photos))
    (folder / "labels.csv").write_text("\n".join(labels))


def write_closets(folder: Path, closets: Any) -> Path:
    file = folder / "closets.json"
    file.write_text(json.dumps(closets))
    return file


def found_by(material: Material, closets: list[dict[str, Any]]) -> ClosetPhotos:
    known = [PhotographedCloset(one["id"], tuple(one["photos"])) for one in closets]
    return embed_closets(known, material.photos, SETTINGS, ignore_progress, splits=False)


# The whole command.


@pytest.fixture(scope="module")
def run(material: Material, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder that a run with every option wrote to, and its JSON."""
    out = tmp_path_factory.mktemp("out")
    options = ("--out", out / "recs.json", "--told", out / "told.json", "--report", out / "page.html", "--compare")
    return out, invoke_json(*material.arguments(*options))


def test_every_closet_gets_fifty_different_products(material: Material, run: tuple[Path, dict[str, Any]]) -> None:
    lists = json.loads((run[0] / "recs.json").read_text())
    assert lists.keys() == {one["id"] for one in material.closets}
    ids = {row["id"] for row in rows_of(material.products)}
    for recommended in lists.values():
        assert len(set(recommended)) == len(recommended) == 50
        assert set(recommended) <= ids


def test_the_same_command_writes_the_same_lists_again(
    material: Material, run: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    result = invoke(*material.arguments("--out", tmp_path / "recs.json"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "recs.json").read_text() == (run[0] / "recs.json").read_text()


def test_labels_are_written_for_every_photo_of_the_closets_splits(
    material: Material, run: tuple[Path, dict[str, Any]]
) -> None:
    labels = json.loads((run[0] / "told.json").read_text())
    everything = {path.relative_to(material.photos).as_posix() for path in material.photos.glob("validation/*/*.jpg")}
    assert labels.keys() == everything
    assert everything > {photo for one in material.closets for photo in one["photos"]}
    heads = load_encoder(SETTINGS).descriptor.heads
    for one in labels.values():
        assert one.keys() == {"colours", "gender", "usage", "pattern", "category"}
        assert one["colours"]
        assert set(one["colours"]) <= set(heads["colour"])
        assert one["gender"] in heads["gender"]
        assert one["category"] in heads["category"]


def test_comparison_measures_every_method_on_closets_and_senders(run: tuple[Path, dict[str, Any]]) -> None:
    numbers = run[1]
    assert (numbers["products"], numbers["closets"], numbers["senders"]) == (60, 14, 3)
    methods = {one["name"]: one for one in numbers["methods"]}
    assert methods.keys() > {"random", PROTOTYPE, "one mean, cosine", "the first method", OURS}
    assert {name.split(" of ")[0] for name in methods} > {"MMR", "DPP"}
    for one in methods.values():
        assert one.keys() == {"name", *METRICS, "hub", "distinct", "fit20_gain", "milliseconds"}
        assert one["fit20"]["low"] <= one["fit20"]["value"] <= one["fit20"]["high"]
        assert one["fit20"]["n"] == 3
    assert methods[OURS]["fit20"]["value"] > methods["random"]["fit20"]["value"]


def test_page_shows_twelve_closets_as_pictures_with_reasons(run: tuple[Path, dict[str, Any]]) -> None:
    page = (run[0] / "page.html").read_text()
    parsed = read_page(page)
    assert parsed.tags.count("section") == 12
    images = [value for name, value in parsed.attributes if name == "src"]
    assert len(images) == 12 * (5 + 20 + 20)
    assert all(str(value).startswith("data:image/jpeg;base64,") for value in images)
    assert page.count('class="reason"') == 12 * 20
    assert "bootstrap interval over senders" in page
    assert "✓ worn" in page


def test_table_has_a_column_for_each_metric(material: Material) -> None:
    result = invoke(*material.arguments("--compare"))
    assert result.exit_code == 0, result.output
    assert all(metric in result.stdout for metric in (*METRICS, "hub", "distinct", "the first method"))
    assert "…" not in result.stdout


def test_labels_alone_need_no_products_to_be_embedded(material: Material, tmp_path: Path) -> None:
    result = invoke(*material.arguments("--told", tmp_path / "told.json"))
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "told.json").read_text())
    assert "embedding products" not in result.stderr


def test_ours_in_the_comparison_is_what_the_deployed_code_answers(material: Material) -> None:
    closets = read_closets(material.file)
    photos = found_by(material, material.closets)
    callers = [photos.caller(one) for one in closets]
    found = embed_dataset(material.products, NameVisibility.FULL, Split.ALL, SETTINGS, ignore_progress)
    index = open_index(found.contents, SETTINGS)
    known = LabelledClosets(closets, read_closet_labels(material.photos, closets), material.photos)
    compared = compare_on_closets(callers, known, found, index, SETTINGS, ablate=True, steps=silent)
    deployed = recommend_products(callers, found, index, SETTINGS, ignore_progress).ids
    ours = compared.method(OURS)
    for shopper, rows in zip(compared.shoppers, ours.lists, strict=True):
        assert [compared.shop.products[row].id for row in rows] == deployed[shopper.id]
    assert [rows.tolist() for rows in compared.method("explore 0.2").lists] == [rows.tolist() for rows in ours.lists]


def test_photos_are_embedded_alone_and_as_the_functions_store_them(material: Material) -> None:
    closet = material.closets[0]
    photos = found_by(material, [closet])
    [entry] = photos.caller(PhotographedCloset(closet["id"], tuple(closet["photos"][:1]))).closet.entries.values()
    picture = photo_decoder(SETTINGS)((material.photos / closet["photos"][0]).read_bytes())
    [expected] = load_encoder(SETTINGS).encode([Garment(picture)])
    [stored] = entry.values()
    assert (stored.title, stored.product, stored.category) == ("", 0, expected.category)
    assert stored.vector.tolist() == pytest.approx(expected.vector.tolist(), abs=1e-3)
    assert stored.vector.astype("<f2").astype("f4").tolist() == stored.vector.tolist()


# What cannot be used.


@pytest.mark.parametrize(
    ("closets", "sentence"),
    [
        ([], "holds no closet"),
        ({"id": "a", "photos": ["t/hat/1.jpg"]}, "is not a list of {id, photos}: the file is no list"),
        (["a"], "is not a list of"),
        ([{"id": "a"}], "is not a list of"),
        ([{"photos": ["t/hat/1.jpg"]}], "is not a list of"),
        ([{"id": "a", "photos": "t/hat/1.jpg"}], "photos is no list"),
        ([{"id": "a", "photos": [1]}], "a photo is no text"),
        ([{"id": "a", "photos": ["\ud800"]}], "is not a list of"),
        ([{"id": "a", "photos": []}], "a in .* has no photos"),
        ([{"id": "a", "photos": ["t/1.jpg"]}, {"id": "a", "photos": ["t/2.jpg"]}], "has a twice"),
        ([{"id": "a", "photos": ["/etc/passwd"]}], "not a path below the folder"),
        ([{"id": "a", "photos": ["train/../../secret.jpg"]}], "not a path below the folder"),
        ([{"id": "a", "photos": ["train/hat/1.jpg", ".."]}], "not a path below the folder"),
        ([{"id": "a", "photos": [""]}], "not a path below the folder"),
    ],
)
def test_malformed_closets_and_paths_outside_of_the_folder_are_refused(
    tmp_path: Path, closets: Any, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_closets(write_closets(tmp_path, closets))


def test_missing_or_broken_closets_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is not a list of"):
        read_closets(tmp_path / "nowhere.json")
    (tmp_path / "closets.json").write_text("[" * 100_000)
    with pytest.raises(InvalidInput, match="is not a list of"):
        read_closets(tmp_path / "closets.json")


def test_a_path_out_of_the_folder_is_refused_before_any_work(material: Material, tmp_path: Path) -> None:
    file = write_closets(tmp_path, [{"id": "ann", "photos": ["validation/../../../etc/hostname"]}])
    result = invoke(
        *("evaluate", "--dataset", material.products, "--closets", file, "--photos", material.photos),
        *("--out", tmp_path / "recs.json"),
    )
    assert result.exit_code == 1
    assert "ann in" in result.stderr
    assert "not a path below the folder of --photos" in result.stderr.replace("\n", " ")
    assert "embedding" not in result.stderr
    assert not (tmp_path / "recs.json").exists()


def test_photos_that_cannot_be_read_are_left_out_with_the_reason(material: Material, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(material.photos, tmp_path / "photos"))
    good = material.closets[0]["photos"]
    (folder / "validation" / "hat").mkdir(exist_ok=True)
    (folder / "validation" / "hat" / "bad.jpg").write_bytes(b"\xff\xd8\xff damaged")
    bad = ["validation/hat/bad.jpg", "validation/hat/gone.jpg", "validation/hat", "validation/hat/nul\0.jpg"]
    file = write_closets(tmp_path, [{"id": "ann", "photos": [*bad, *good]}])
    recs, labels = tmp_path / "recs.json", tmp_path / "told.json"
    result = invoke(
        *("evaluate", "--dataset", material.products, "--side", "all", "--closets", file, "--photos", folder),
        *("--out", recs, "--told", labels),
    )
    assert result.exit_code == 0, result.output
    assert "left out 3: There is no such photo" in result.stderr
    assert "left out 1:" in result.stderr
    assert len(json.loads(recs.read_text())["ann"]) == 50
    assert not json.loads(labels.read_text()).keys() & set(bad)


def test_a_closet_of_which_no_photo_can_be_read_is_refused(material: Material, tmp_path: Path) -> None:
    file = write_closets(tmp_path, [*material.closets[:1], {"id": "ben", "photos": ["validation/hat/gone.jpg"]}])
    result = invoke(
        *("evaluate", "--dataset", material.products, "--closets", file, "--photos", material.photos),
        *("--out", tmp_path / "recs.json"),
    )
    assert result.exit_code == 1
    assert "None of the photos of ben can be used" in result.stderr.replace("\n", " ")
    assert "embedding products" not in result.stderr


def test_photos_that_the_functions_refuse_are_in_no_closet_but_keep_their_labels(material: Material) -> None:
    one, *others = material.closets[0]["photos"]
    photos = found_by(material, material.closets[:1])
    refused = PhotoResult(photos.encodings[one], "no garment")
    photos = ClosetPhotos(photos.encoder, {**photos.results, one: refused})
    closet = PhotographedCloset("ann", (one, *others))
    assert photos.caller(closet).closet.entries.keys() == set(others)
    assert photos.left_out([closet]) == [(one, "no garment")]
    assert photos.left_out([PhotographedCloset("ben", tuple(others))]) == []
    assert one in photos.encodings
    with pytest.raises(InvalidInput, match="None of the photos"):
        photos.caller(PhotographedCloset("ben", (one,)))


def test_comparison_needs_labels_for_every_photo(material: Material, tmp_path: Path) -> None:
    for path in ("validation", "train"):
        (tmp_path / path).symlink_to(material.photos / path)
    (tmp_path / "photos.csv").write_bytes((material.photos / "photos.csv").read_bytes())
    arguments = ["evaluate", "--dataset", material.products, "--closets", material.file, "--photos", tmp_path]
    result = invoke(*arguments, "--compare")
    assert result.exit_code == 1
    assert "labels.csv cannot be read" in result.stderr
    (tmp_path / "labels.csv").write_text("id,colour,colour2,gender,usage\n")
    result = invoke(*arguments, "--compare")
    assert result.exit_code == 1
    assert "needs labels for every photo" in result.stderr
    assert "embedding" not in result.stderr


def test_comparison_needs_labelled_products(material: Material, tmp_path: Path) -> None:
    columns = ("id", "productDisplayName", "gender", "usage", "baseColour", "subCategory", "articleType")
    rows = [{column: row[column] for column in columns} for row in rows_of(material.products)]
    (tmp_path / "images").symlink_to(material.products / "images")
    dataset = write_rows(tmp_path, rows)
    result = invoke(
        *("evaluate", "--dataset", dataset, "--closets", material.file, "--photos", material.photos, "--compare")
    )
    assert result.exit_code == 1
    assert "lacks the columns masterCategory" in result.stderr.replace("\n", " ")
    assert "embedding" not in result.stderr


def test_photos_folder_that_is_missing_is_refused(material: Material, tmp_path: Path) -> None:
    result = invoke(
        *("evaluate", "--dataset", material.products, "--closets", material.file, "--photos", tmp_path / "nowhere"),
        *("--out", tmp_path / "recs.json"),
    )
    assert result.exit_code == 1
    assert "is not a folder of photos" in result.stderr.replace("\n", " ")


def test_names_of_closets_reach_the_page_as_text(material: Material, tmp_path: Path) -> None:
    file = write_closets(tmp_path, [{"id": HOSTILE, "photos": material.closets[0]["photos"]}])
    page = tmp_path / "page.html"
    result = invoke(
        *("evaluate", "--dataset", material.products, "--side", "all", "--closets", file),
        *("--photos", material.photos, "--compare", "--report", page),
    )
    assert result.exit_code == 0, result.output
    assert HOSTILE not in page.read_text()
    assert "script" not in read_page(page.read_text()).tags


# Labels.


def encoding(**attributes: dict[str, float]) -> Encoding:
    return Encoding(np.zeros(2, np.float32), "Topwear", attributes)


def test_labels_name_every_likely_colour_and_the_likeliest_of_the_other_heads() -> None:
    labels = head_labels(
        encoding(
            colour={"Blue": 0.5, "White": 0.2, "Red": 0.19}, gender={"Girls": 0.4, "Women": 0.3}, usage={"Casual": 1}
        )
    )
    assert labels == {
        "colours": ["Blue", "White"],
        "gender": "Girls",
        "usage": "Casual",
        "pattern": "",
        "category": "Topwear",
    }


def test_labels_name_the_likeliest_colour_even_if_it_is_unlikely() -> None:
    assert head_labels(encoding(colour={"Blue": 0.15, "White": 0.14}))["colours"] == ["Blue"]
    assert head_labels(encoding())["colours"] == []
