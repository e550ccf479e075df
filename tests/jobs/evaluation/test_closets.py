"""``closetspace evaluate --closets``, with pictures of drawn products as the photos of closets."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalog_jobs.encoders.embedding import PhotoResult
from catalog_jobs.evaluation.datasets.closets import (
    COLOUR_GROUP,
    PhotographedCloset,
    read_closet_labels,
    read_closets,
)
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import NameVisibility, embed_dataset, open_index
from catalog_jobs.evaluation.metrics.closets import CLOSET_METRICS
from catalog_jobs.evaluation.wardrobes.closet_photos import ClosetPhotos, embed_closets, head_labels
from catalog_jobs.evaluation.wardrobes.comparison import compare_on_closets
from catalog_jobs.evaluation.wardrobes.evaluators import LabelledClosets
from catalog_jobs.evaluation.wardrobes.methods import OURS, PROTOTYPE
from catalog_jobs.evaluation.wardrobes.recommending import recommend_products
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.encoding import Encoding, Garment
from closetspace.errors import InvalidInput
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.support.evaluation import (
    HOSTILE,
    check_no_injection,
    invoke,
    invoke_error,
    invoke_json,
    link_dataset,
    parse_page,
    read_rows,
    silent,
    write_json,
)

SETTINGS = Settings.from_env()
CLASSES = {"Topwear": "shirt", "Bottomwear": "pants", "Dress": "dress", "Shoes": "shoes", "Headwear": "hat"}
CODES = {"Men": "M", "Women": "W", "Unisex": "U"}


@dataclass(frozen=True)
class Material:
    """A folder of photos with labels, closets of these photos, and the products that the photos show."""

    photos: Path
    file: Path
    products: Path
    closets: list[dict[str, Any]]

    def arguments(self, *more: object) -> list[object]:
        """Return the command line."""
        common = ["evaluate", "--dataset", self.products, "--side", "all"]
        return [*common, "--closets", self.file, "--photos", self.photos, *more]


@pytest.fixture(scope="module")
def material(drawn_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("closets")
    rows = [row for row in read_rows(drawn_catalog) if row["subCategory"] in CLASSES]
    photos = [write_photo(folder, drawn_catalog, row, "validation") for row in rows[:-2]]
    write_photo(folder, drawn_catalog, rows[-2], "validation")
    write_photo(folder, drawn_catalog, rows[-1], "train")
    write_labels(folder, rows)
    closets = [{"id": f"{number % 5}.{number // 5}", "photos": photos[number : number + 5]} for number in range(14)]
    return Material(folder, write_json(folder / "closets.json", closets), drawn_catalog, closets)


def write_photo(folder: Path, products: Path, row: dict[str, str], split: str) -> str:
    """Copy a product's picture to the path of a photo of its class, and return the path."""
    path = Path(split, CLASSES[row["subCategory"]], f"{row['id']}.jpg")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(products / "images" / f"{row['id']}.jpg", folder / path)
    return path.as_posix()


def write_labels(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    photos, labels = ["id,sender,class,kids,split"], ["id,colour,colour2,pattern,gender,usage"]
    for number, row in enumerate(rows):
        colour = row["baseColour"].lower() if row["baseColour"].lower() in COLOUR_GROUP else "multi"
        photos.append(f"{row['id']},{number // 6},{CLASSES[row['subCategory']]},False,validation")
        labels.append(f"{row['id']},{colour},,solid,{CODES.get(row['gender'], 'K')},{row['usage'].lower()}")
    (folder / "photos.csv").write_text("\n".join(photos))
    (folder / "labels.csv").write_text("\n".join(labels))


def embed(material: Material, closets: list[dict[str, Any]]) -> ClosetPhotos:
    known = [PhotographedCloset(closet["id"], tuple(closet["photos"])) for closet in closets]
    return embed_closets(known, material.photos, SETTINGS, ignore_progress, whole_splits=False)


# The whole command.


@pytest.fixture(scope="module")
def run(material: Material, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The output folder of a run with every option, and its JSON."""
    out = tmp_path_factory.mktemp("out")
    options = ("--out", out / "recs.json", "--told", out / "labels.json", "--report", out / "page.html", "--compare")
    return out, invoke_json(*material.arguments(*options))


def test_every_closet_gets_fifty_different_products(material: Material, run: tuple[Path, dict[str, Any]]) -> None:
    lists = json.loads((run[0] / "recs.json").read_text())
    assert lists.keys() == {closet["id"] for closet in material.closets}
    ids = {row["id"] for row in read_rows(material.products)}
    for recommended in lists.values():
        assert len(set(recommended)) == len(recommended) == 50
        assert set(recommended) <= ids


def test_same_command_writes_the_same_lists(
    material: Material, run: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    result = invoke(*material.arguments("--out", tmp_path / "recs.json"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "recs.json").read_text() == (run[0] / "recs.json").read_text()


def test_labels_are_written_for_every_photo_of_the_closets_splits(
    material: Material, run: tuple[Path, dict[str, Any]]
) -> None:
    labels = json.loads((run[0] / "labels.json").read_text())
    in_split = {path.relative_to(material.photos).as_posix() for path in material.photos.glob("validation/*/*.jpg")}
    assert labels.keys() == in_split
    assert in_split > {photo for closet in material.closets for photo in closet["photos"]}
    heads = load_encoder(SETTINGS).descriptor.heads
    for photo_labels in labels.values():
        assert photo_labels.keys() == {"colours", "gender", "usage", "pattern", "category"}
        assert photo_labels["colours"]
        assert set(photo_labels["colours"]) <= set(heads["colour"])
        assert photo_labels["gender"] in heads["gender"]
        assert photo_labels["category"] in heads["category"]


def test_comparison_measures_every_method_on_closets_and_senders(run: tuple[Path, dict[str, Any]]) -> None:
    numbers = run[1]
    assert (numbers["products"], numbers["closets"], numbers["senders"]) == (60, 14, 3)
    methods = {method["name"]: method for method in numbers["methods"]}
    assert methods.keys() > {"random", PROTOTYPE, "one mean, cosine", "the first method", OURS}
    assert {name.split(" of ")[0] for name in methods} > {"MMR", "DPP"}
    for method in methods.values():
        assert method.keys() == {"name", *CLOSET_METRICS, "hub", "distinct", "fit20_gain", "milliseconds"}
        assert method["fit20"]["low"] <= method["fit20"]["value"] <= method["fit20"]["high"]
        assert method["fit20"]["n"] == 3
    assert methods[OURS]["fit20"]["value"] > methods["random"]["fit20"]["value"]


def test_page_shows_twelve_closets_with_pictures_and_reasons(run: tuple[Path, dict[str, Any]]) -> None:
    page = (run[0] / "page.html").read_text()
    parsed = parse_page(page)
    assert parsed.tags.count("section") == 12
    sources = parsed.values("src")
    assert len(sources) == 12 * (5 + 20 + 20)
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert page.count('class="reason"') == 12 * 20
    assert "bootstrap interval over senders" in page
    assert "✓ worn" in page


def test_table_has_a_column_for_each_metric(material: Material) -> None:
    result = invoke(*material.arguments("--compare"))
    assert result.exit_code == 0, result.output
    assert all(metric in result.stdout for metric in (*CLOSET_METRICS, "hub", "distinct", "the first method"))
    assert "…" not in result.stdout


def test_labels_alone_need_no_embedded_products(material: Material, tmp_path: Path) -> None:
    result = invoke(*material.arguments("--told", tmp_path / "labels.json"))
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "labels.json").read_text())
    assert "embedding products" not in result.stderr


def test_our_lists_equal_those_of_the_deployed_code(material: Material) -> None:
    closets = read_closets(material.file)
    photos = embed(material, material.closets)
    cases = [photos.case(closet) for closet in closets]
    embedded = embed_dataset(material.products, NameVisibility.FULL, Split.ALL, SETTINGS, ignore_progress)
    index = open_index(embedded.contents, SETTINGS)
    known = LabelledClosets(closets, read_closet_labels(material.photos, closets), material.photos)
    comparison = compare_on_closets(cases, known, embedded, index, SETTINGS, ablate=True, steps=silent)
    deployed = recommend_products(cases, embedded, index, SETTINGS, ignore_progress).ids
    ours = comparison.result(OURS)
    for user, rows in zip(comparison.users, ours.lists, strict=True):
        assert [comparison.labelled.products[row].id for row in rows] == deployed[user.id]
    same = comparison.result("explore 0.2")
    assert [rows.tolist() for rows in same.lists] == [rows.tolist() for rows in ours.lists]


def test_closet_entries_equal_those_that_the_functions_store(material: Material) -> None:
    closet = material.closets[0]
    photos = embed(material, [closet])
    case = photos.case(PhotographedCloset(closet["id"], tuple(closet["photos"][:1])))
    [entries] = case.closet.entries.values()
    picture = photo_decoder(SETTINGS)((material.photos / closet["photos"][0]).read_bytes())
    [expected] = load_encoder(SETTINGS).encode([Garment(picture)])
    [stored] = entries.values()
    assert (stored.title, stored.product, stored.category) == ("", 0, expected.category)
    assert stored.vector.tolist() == pytest.approx(expected.vector.tolist(), abs=1e-3)
    assert stored.vector.astype("<f2").astype("f4").tolist() == stored.vector.tolist()


# Unusable input.


def test_path_outside_of_the_folder_is_rejected_before_any_work(material: Material, tmp_path: Path) -> None:
    closets = [{"id": "ann", "photos": ["validation/../../../etc/hostname"]}]
    file = write_json(tmp_path / "closets.json", closets)
    error = invoke_error(
        *("evaluate", "--dataset", material.products, "--closets", file, "--photos", material.photos),
        *("--out", tmp_path / "recs.json"),
    )
    assert "ann in" in error
    assert "not a path below the folder of --photos" in error
    assert "embedding" not in error
    assert not (tmp_path / "recs.json").exists()


def test_unreadable_photos_are_left_out_with_the_reason(material: Material, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(material.photos, tmp_path / "photos"))
    readable = material.closets[0]["photos"]
    (folder / "validation" / "hat").mkdir(exist_ok=True)
    (folder / "validation" / "hat" / "bad.jpg").write_bytes(b"\xff\xd8\xff damaged")
    bad = ["validation/hat/bad.jpg", "validation/hat/gone.jpg", "validation/hat", "validation/hat/nul\0.jpg"]
    file = write_json(tmp_path / "closets.json", [{"id": "ann", "photos": [*bad, *readable]}])
    recs, labels = tmp_path / "recs.json", tmp_path / "labels.json"
    result = invoke(
        *("evaluate", "--dataset", material.products, "--side", "all", "--closets", file, "--photos", folder),
        *("--out", recs, "--told", labels),
    )
    assert result.exit_code == 0, result.output
    assert "left out 3: The file does not exist" in result.stderr
    assert "left out 1:" in result.stderr
    assert len(json.loads(recs.read_text())["ann"]) == 50
    assert not json.loads(labels.read_text()).keys() & set(bad)


def test_closet_without_a_readable_photo_is_rejected(material: Material, tmp_path: Path) -> None:
    closets = [*material.closets[:1], {"id": "ben", "photos": ["validation/hat/gone.jpg"]}]
    file = write_json(tmp_path / "closets.json", closets)
    error = invoke_error(
        *("evaluate", "--dataset", material.products, "--closets", file, "--photos", material.photos),
        *("--out", tmp_path / "recs.json"),
    )
    assert "None of the photos of ben can be used" in error
    assert "embedding products" not in error


def test_photos_that_the_functions_reject_are_in_no_closet_but_have_labels(material: Material) -> None:
    first, *others = material.closets[0]["photos"]
    photos = embed(material, material.closets[:1])
    rejected = PhotoResult(photos.encodings[first], "no garment")
    photos = ClosetPhotos(photos.encoder, {**photos.results, first: rejected})
    closet = PhotographedCloset("ann", (first, *others))
    assert photos.case(closet).closet.entries.keys() == set(others)
    assert photos.left_out([closet]) == [(first, "no garment")]
    assert photos.left_out([PhotographedCloset("ben", tuple(others))]) == []
    assert first in photos.encodings
    with pytest.raises(InvalidInput, match="None of the photos"):
        photos.case(PhotographedCloset("ben", (first,)))


def test_comparison_needs_labels_for_every_photo(material: Material, tmp_path: Path) -> None:
    for split in ("validation", "train"):
        (tmp_path / split).symlink_to(material.photos / split)
    (tmp_path / "photos.csv").write_bytes((material.photos / "photos.csv").read_bytes())
    arguments = ["evaluate", "--dataset", material.products, "--closets", material.file, "--photos", tmp_path]
    assert "labels.csv cannot be read" in invoke_error(*arguments, "--compare")
    (tmp_path / "labels.csv").write_text("id,colour,colour2,gender,usage\n")
    error = invoke_error(*arguments, "--compare")
    assert "needs labels for every photo" in error
    assert "embedding" not in error


def test_comparison_needs_labelled_products(material: Material, tmp_path: Path) -> None:
    columns = ("id", "productDisplayName", "gender", "usage", "baseColour", "subCategory", "articleType")
    rows = [{column: row[column] for column in columns} for row in read_rows(material.products)]
    dataset = link_dataset(tmp_path / "data", material.products, rows)
    error = invoke_error(
        *("evaluate", "--dataset", dataset, "--closets", material.file, "--photos", material.photos, "--compare")
    )
    assert "lacks the columns masterCategory" in error
    assert "embedding" not in error


def test_missing_folder_of_photos_is_rejected(material: Material, tmp_path: Path) -> None:
    error = invoke_error(
        *("evaluate", "--dataset", material.products, "--closets", material.file, "--photos", tmp_path / "missing"),
        *("--out", tmp_path / "recs.json"),
    )
    assert "is not a folder of photos" in error


def test_page_escapes_names_of_closets(material: Material, tmp_path: Path) -> None:
    closets = [{"id": HOSTILE, "photos": material.closets[0]["photos"]}]
    page = tmp_path / "page.html"
    result = invoke(
        *("evaluate", "--dataset", material.products, "--side", "all"),
        *("--closets", write_json(tmp_path / "closets.json", closets)),
        *("--photos", material.photos, "--compare", "--report", page),
    )
    assert result.exit_code == 0, result.output
    check_no_injection(page.read_text())


# Labels of photos.


def encoding(**attributes: dict[str, float]) -> Encoding:
    return Encoding(np.zeros(2, np.float32), "Topwear", attributes)


def test_head_labels_contain_every_likely_colour_and_the_likeliest_label_of_other_heads() -> None:
    colours = {"Blue": 0.5, "White": 0.2, "Red": 0.19}
    assert head_labels(encoding(colour=colours, gender={"Girls": 0.4, "Women": 0.3}, usage={"Casual": 1})) == {
        "colours": ["Blue", "White"],
        "gender": "Girls",
        "usage": "Casual",
        "pattern": "",
        "category": "Topwear",
    }


def test_head_labels_contain_the_likeliest_colour_even_if_it_is_unlikely() -> None:
    assert head_labels(encoding(colour={"Blue": 0.15, "White": 0.14}))["colours"] == ["Blue"]
    assert head_labels(encoding())["colours"] == []
