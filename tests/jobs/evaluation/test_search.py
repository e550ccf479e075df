"""``closetspace evaluate --queries``: products found by text, each known by its photo alone."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import EmbeddedProducts, NameVisibility, embed_dataset
from catalog_jobs.evaluation.search import Query, measure, read_queries, search
from closetspace.bootstrap import load_encoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.errors import InvalidInput
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.jobs.evaluation.test_evaluate import invoke, invoke_json, rows_of, write_rows
from tests.support.scorers import load_scorer

SETTINGS = Settings.from_env()


def write_queries(folder: Path, queries: Any) -> Path:
    file = folder / "queries.json"
    file.write_text(json.dumps(queries))
    return file


@pytest.fixture(scope="module")
def found(drawn_catalog: Path) -> EmbeddedProducts:
    return embed_dataset(drawn_catalog, NameVisibility.NONE, Split.ALL, SETTINGS, ignore_progress)


def test_a_query_finds_the_ten_nearest_products_by_their_photos(found: EmbeddedProducts) -> None:
    text = "navy blue jeans"
    lists = search([Query("q", text)], found, SETTINGS, ignore_progress)
    [query] = load_encoder(SETTINGS).encode([Garment(None, name=text)])
    cosines = {item_id: float(encoding.vector @ query.vector) for item_id, encoding in found.encodings.items()}
    assert lists.ids == {"q": sorted(cosines, key=lambda item_id: -cosines[item_id])[:10]}
    assert {encoding.photo_vector is not None for encoding in found.encodings.values()} == {True}


def test_command_writes_the_lists_and_measures_them(tmp_path: Path, drawn_catalog: Path) -> None:
    row = rows_of(drawn_catalog)[0]
    queries: list[dict[str, Any]] = [
        {"id": f"type:{row['baseColour']}/{row['articleType']}", "text": "some words"},
        {"id": f"name:{row['id']}", "text": row["productDisplayName"]},
        {"id": 7, "text": "of these it is unknown what fits"},
    ]
    out = tmp_path / "found.json"
    arguments = ("evaluate", "--dataset", drawn_catalog, "--side", "all", "--queries", write_queries(tmp_path, queries))
    numbers = invoke_json(*arguments, "--compare", "--out", out)
    lists = json.loads(out.read_text())
    assert lists.keys() == {str(query["id"]) for query in queries}
    assert all(len(set(ids)) == 10 for ids in lists.values())
    assert numbers.keys() == {"encoder", "side", "p10", "baseColour", "articleType", "r1", "r10"}
    assert (numbers["p10"]["n"], numbers["r10"]["n"]) == (1, 1)
    table = invoke(*arguments, "--compare").stdout
    assert all(metric in table for metric in ("p10", "baseColour", "r1", "r10"))


def test_small_datasets_give_shorter_lists_and_a_warning(tmp_path: Path, drawn_catalog: Path) -> None:
    (tmp_path / "images").symlink_to(drawn_catalog / "images")
    rows = rows_of(drawn_catalog)[:4]
    write_rows(tmp_path, rows)
    queries = write_queries(tmp_path, [{"id": "q", "text": "shoes"}])
    result = invoke(
        *("evaluate", "--dataset", tmp_path, "--side", "all", "--queries", queries, "--out", tmp_path / "found.json")
    )
    assert result.exit_code == 0, result.output
    assert "10 that a scorer needs" in result.stderr
    assert sorted(json.loads((tmp_path / "found.json").read_text())["q"]) == sorted(row["id"] for row in rows)


@pytest.mark.parametrize(
    ("queries", "sentence"),
    [
        ([], "holds no query"),
        ({"q": "text"}, "is not a list of {id, text}: the file is no list"),
        ([{"id": "q"}], "is not a list of"),
        ([{"id": "q", "text": 1}], "text is no text"),
        ([{"id": "q", "text": " "}], "the text of q is empty"),
        ([{"id": "q", "text": "\ud800"}], "is not a list of"),
        ([{"id": "q", "text": "a"}, {"id": "q", "text": "b"}], "has q twice"),
    ],
)
def test_malformed_queries_are_refused(tmp_path: Path, queries: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_queries(write_queries(tmp_path, queries))


# Metrics.

SHIRT = {"gender": "Men", "baseColour": "Blue", "articleType": "Shirts", "productDisplayName": "Acme Shirt"}


def shirts(*rows: dict[str, str]) -> list[dict[str, str]]:
    """Men's blue shirts but for what is given, with their numbers as ids."""
    return [SHIRT | {"id": str(number)} | row for number, row in enumerate(rows)]


def test_precision_is_the_share_that_have_every_attribute_asked_for() -> None:
    rows = shirts(*[{}] * 12, *[{"baseColour": "Red"}] * 4, *[{"gender": "Women", "baseColour": "Red"}] * 4)
    listed = [str(number) for number in (*range(5), *range(12, 17))]
    scores = measure({"type:Blue/Shirts": listed, "all:Men/Blue/Shirts": listed}, rows)
    assert {metric: one.value for metric, one in scores.items()} == {
        "p10": 0.5,
        "baseColour": 0.5,
        "articleType": 1.0,
        "gender": 0.9,
    }
    assert (scores["p10"].n, scores["gender"].n) == (2, 1)


def test_precision_is_of_as_many_products_as_exist() -> None:
    rows = shirts({}, {}, {"baseColour": "Red"})
    assert measure({"type:Blue/Shirts": ["0", "2", "1"]}, rows)["p10"].value == 1
    assert measure({"type:Red/Shirts": ["0", "1"]}, rows)["p10"].value == 0


def test_a_name_is_found_by_any_product_of_that_name() -> None:
    rows = shirts({}, {"productDisplayName": "Other"}, {})
    scores = measure({"name:0": ["2", "1"], "name:1": ["0", "1"], "name:2": ["1"]}, rows)
    assert [scores["r1"].value, scores["r10"].value] == pytest.approx([1 / 3, 2 / 3])


def test_queries_of_which_nothing_is_known_cannot_be_compared_on() -> None:
    with pytest.raises(InvalidInput, match="whose ids say what they ask for"):
        measure({"q": ["0"], "name:unknown": ["0"], "type:Green/Shirts": ["0"]}, shirts({}))


def test_comparison_needs_labelled_products(tmp_path: Path, drawn_catalog: Path) -> None:
    (tmp_path / "images").symlink_to(drawn_catalog / "images")
    write_rows(tmp_path, [{"id": row["id"], "productDisplayName": "Shirt"} for row in rows_of(drawn_catalog)])
    queries = write_queries(tmp_path, [{"id": "q", "text": "shoes"}])
    result = invoke("evaluate", "--dataset", tmp_path, "--side", "all", "--queries", queries, "--compare")
    assert result.exit_code == 1
    assert "lacks the columns gender, baseColour, articleType" in result.stderr.replace("\n", " ")
    assert "embedding" not in result.stderr


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    return load_scorer("wardrobe_bench")


def test_every_metric_equals_the_scorers(scorer: ModuleType) -> None:
    random = np.random.default_rng(7)
    choices = {
        "gender": ["Men", "Women"],
        "masterCategory": ["Apparel", "Footwear"],
        "baseColour": ["Red", "Blue", "Black"],
        "articleType": ["Shirts", "Jeans", "Casual Shoes"],
        "productDisplayName": [f"Brand Thing {n}" for n in range(150)],
    }
    rows = [
        {"id": str(n)} | {column: str(random.choice(values)) for column, values in choices.items()} for n in range(200)
    ]
    lists = {query: [str(n) for n in random.permutation(200)[:10]] for query in scorer.queries(rows)}
    expected = scorer.search(rows, lists)
    scores = measure(lists, rows)
    assert {metric: one.value for metric, one in scores.items()} == pytest.approx(
        {metric: expected[metric] for metric in scores}
    )
    assert (scores["p10"].n, scores["r1"].n) == (expected["queries"], expected["names"])
