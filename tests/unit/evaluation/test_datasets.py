"""Reading of labelled products, personas, closets and queries."""

from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.evaluation.datasets.closets import read_closets
from catalog_jobs.evaluation.datasets.personas import PersonaHalf, check_preferences, read_personas
from catalog_jobs.evaluation.datasets.products import LabelledProduct, Split, frequent_labels, read_labelled_products
from catalog_jobs.evaluation.encoders.dataset import ClassPhoto, balanced_sample, is_of_class, read_encoder_dataset
from catalog_jobs.evaluation.search import read_queries
from closetspace.bootstrap import photo_decoder
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import InvalidInput
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.support.evaluation import write_dataset, write_json, write_photos

decode = photo_decoder(Settings())


# Products.


def test_products_keep_the_ids_of_the_table(tmp_path: Path) -> None:
    rows = [{"id": " 1 ", "productDisplayName": " Red  Shirt"}, {"id": "2", "productDisplayName": "Blue Shirt"}]
    labelled = read_labelled_products(write_dataset(tmp_path, rows), Split.ALL)
    assert [(p.id, p.item.id, p.item.name) for p in labelled.products] == [
        (" 1 ", "1", "Red Shirt"),
        ("2", "2", "Blue Shirt"),
    ]
    assert labelled.products[0].label("gender") == ""


def test_products_that_the_catalog_leaves_out_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "productDisplayName": "", "gender": "Men"},
        {"id": "1", "productDisplayName": "Shirt", "gender": "Women"},
        {"id": "1", "productDisplayName": "Shirt again", "gender": "Boys"},
        {"id": "gone", "productDisplayName": "No picture", "gender": "Men"},
        {"id": "2", "productDisplayName": "Belt", "gender": "NA"},
    ]
    folder = write_dataset(tmp_path, rows)
    (folder / "images" / "gone.jpg").unlink()
    labelled = read_labelled_products(folder, Split.ALL)
    assert [(p.id, p.label("gender")) for p in labelled.products] == [("1", "Women"), ("2", "")]
    assert [item_id for item_id, _ in labelled.left_out] == ["1", "1", "gone"]


def test_dataset_without_products_in_the_eval_split_is_rejected(tmp_path: Path) -> None:
    rows = [{"id": str(n), "productDisplayName": "Shirt"} for n in range(3)]
    with pytest.raises(InvalidInput, match="--side all"):
        read_labelled_products(write_dataset(tmp_path, rows), Split.EVAL)


def test_frequent_labels_are_sorted_by_frequency_then_name() -> None:
    labels = [*"aab", *"ccc", *"bdd", "", "", "NA", "NA"]
    assert frequent_labels(labels, 2) == ("c", "a", "b", "d")


# Personas.


def test_persona_halves_are_disjoint_and_complete(tmp_path: Path) -> None:
    file = write_json(tmp_path / "p.json", [{"id": name, "wardrobe": ["1"]} for name in "abcde"])
    assert [persona.id for persona in read_personas(file, PersonaHalf.EVEN)] == ["a", "c", "e"]
    assert [persona.id for persona in read_personas(file, PersonaHalf.ODD)] == ["b", "d"]
    assert len(read_personas(file)) == 5


@pytest.mark.parametrize(
    ("personas", "half", "message"),
    [
        ([], None, "contains no persona"),
        ([{"id": "ann", "wardrobe": ["1"]}], PersonaHalf.ODD, "no persona in its odd half"),
        ([{"id": "ann", "wardrobe": ["1"]}, {"id": "ann", "wardrobe": ["2"]}], None, "the id ann twice"),
        ([{"id": 1, "wardrobe": ["1"]}, {"id": "1", "wardrobe": ["2"]}], None, "the id 1 twice"),
        ([{"id": "ann", "wardrobe": "123"}], None, "wardrobe is not a list"),
        ([{"id": "ann", "wardrobe": {"1": 2}}], None, "wardrobe is not a list"),
        ([{"id": "ann", "wardrobe": ["1"], "palette": "Red"}], None, "palette is not a list"),
        ([{"id": "ann", "wardrobe": ["1"], "palette": [["Red"]]}], None, "palette is not text"),
        ([{"id": "ann", "wardrobe": ["1"], "gender": {"is": "Men"}}], None, "gender is not text"),
        ([["ann"]], None, "is not a list of"),
        (None, None, "is not a list of"),
    ],
)
def test_malformed_personas_are_rejected(tmp_path: Path, personas: Any, half: PersonaHalf | None, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_personas(write_json(tmp_path / "p.json", personas), half)


@pytest.mark.parametrize("read", [read_personas, read_closets])
def test_missing_and_deeply_nested_files_are_rejected(tmp_path: Path, read: Any) -> None:
    with pytest.raises(InvalidInput, match="is not a list of"):
        read(tmp_path / "missing.json")
    (tmp_path / "nested.json").write_text("[" * 100_000)
    with pytest.raises(InvalidInput, match="is not a list of"):
        read(tmp_path / "nested.json")


def test_missing_preferences_are_named(tmp_path: Path) -> None:
    persona = {"id": "ann", "wardrobe": ["1"], "gender": "Men", "usage": "", "palette": ["Red"]}
    file = write_json(tmp_path / "p.json", [persona])
    with pytest.raises(InvalidInput, match=r"ann in .* lacks usage, sub_categories"):
        check_preferences(read_personas(file), file)


# Closets and queries.


@pytest.mark.parametrize(
    ("closets", "message"),
    [
        ([], "contains no closet"),
        ({"id": "a", "photos": ["t/hat/1.jpg"]}, "is not a list of {id, photos}: the file is not a list"),
        (["a"], "is not a list of"),
        ([{"id": "a"}], "is not a list of"),
        ([{"photos": ["t/hat/1.jpg"]}], "is not a list of"),
        ([{"id": "a", "photos": "t/hat/1.jpg"}], "photos is not a list"),
        ([{"id": "a", "photos": [1]}], "a photo is not text"),
        ([{"id": "a", "photos": ["\ud800"]}], "is not a list of"),
        ([{"id": "a", "photos": []}], "a in .* has no photos"),
        ([{"id": "a", "photos": ["t/1.jpg"]}, {"id": "a", "photos": ["t/2.jpg"]}], "the id a twice"),
        ([{"id": "a", "photos": ["/etc/passwd"]}], "not a path below the folder"),
        ([{"id": "a", "photos": ["train/../../secret.jpg"]}], "not a path below the folder"),
        ([{"id": "a", "photos": ["train/hat/1.jpg", ".."]}], "not a path below the folder"),
        ([{"id": "a", "photos": [""]}], "not a path below the folder"),
    ],
)
def test_malformed_closets_and_paths_outside_of_the_folder_are_rejected(
    tmp_path: Path, closets: Any, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_closets(write_json(tmp_path / "closets.json", closets))


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "contains no query"),
        ({"q": "text"}, "is not a list of {id, text}: the file is not a list"),
        ([{"id": "q"}], "is not a list of"),
        ([{"id": "q", "text": 1}], "text is not text"),
        ([{"id": "q", "text": " "}], "the text of q is empty"),
        ([{"id": "q", "text": "\ud800"}], "is not a list of"),
        ([{"id": "q", "text": "a"}, {"id": "q", "text": "b"}], "the id q twice"),
    ],
)
def test_malformed_queries_are_rejected(tmp_path: Path, queries: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_queries(write_json(tmp_path / "queries.json", queries))


# Photos by class.


def product(**labels: str) -> LabelledProduct:
    row = {"id": "1", "productDisplayName": "Thing"} | labels
    return LabelledProduct(IndexedItem("1", "Thing"), Path("1.jpg"), row)


def test_products_fit_a_photo_class_by_article_type_and_shoes_by_sub_category() -> None:
    assert is_of_class(product(articleType="Tops", subCategory="Topwear"), "t-shirt")
    assert not is_of_class(product(articleType="Shirts", subCategory="Topwear"), "t-shirt")
    assert is_of_class(product(articleType="Sports Sandals", subCategory="Sandal"), "shoes")
    assert not is_of_class(product(articleType="Socks", subCategory="Socks"), "shoes")
    assert is_of_class(product(articleType="Heels"), "shoes")
    assert not is_of_class(product(), "dress")


def test_balanced_sample_takes_equally_many_photos_of_each_class() -> None:
    photos = [
        ClassPhoto(Path(f"{name}/{n}.jpg"), name)
        for name, count in (("a", 9), ("b", 1), ("c", 9))
        for n in range(count)
    ]
    chosen = [photos[position].photo_class for position in balanced_sample(photos, 7)]
    assert (chosen.count("a"), chosen.count("b"), chosen.count("c")) == (3, 1, 3)
    assert len(balanced_sample(photos, 99)) == 19


def test_undecodable_pictures_are_left_out(tmp_path: Path, drawn_catalog: Path) -> None:
    photos = write_photos(tmp_path / "photos" / "validation", {"dress": 3}).parent
    (photos / "validation" / "dress" / "0.jpg").write_bytes(b"GIF89a")
    (photos / "validation" / "stray.txt").write_text("not in a class")
    dataset = read_encoder_dataset(drawn_catalog, photos, Split.ALL, None, decode, ignore_progress)
    assert (len(dataset.products), len(dataset.train), len(dataset.validation)) == (60, 0, 2)
    assert [name for name, _ in dataset.left_out] == ["dress/0.jpg"]


def test_limit_reduces_the_dataset(drawn_catalog: Path) -> None:
    assert len(read_encoder_dataset(drawn_catalog, None, Split.ALL, 2, decode, ignore_progress).products) == 2


def test_folder_without_validation_photos_is_rejected(tmp_path: Path, drawn_catalog: Path) -> None:
    with pytest.raises(InvalidInput, match="validation/CLASS/FILE"):
        read_encoder_dataset(drawn_catalog, tmp_path / "missing", Split.ALL, None, decode, ignore_progress)
