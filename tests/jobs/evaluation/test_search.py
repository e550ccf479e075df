"""``closetspace evaluate --queries``: search by text, with products known by their photos alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import EmbeddedProducts, NameVisibility, embed_dataset
from catalog_jobs.evaluation.search import Query, search
from closetspace.bootstrap import load_encoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.support.evaluation import invoke, invoke_error, invoke_json, link_dataset, read_rows, write_json

SETTINGS = Settings.from_env()


@pytest.fixture(scope="module")
def embedded(drawn_catalog: Path) -> EmbeddedProducts:
    return embed_dataset(drawn_catalog, NameVisibility.NONE, Split.ALL, SETTINGS, ignore_progress)


def test_query_finds_the_ten_nearest_products(embedded: EmbeddedProducts) -> None:
    text = "navy blue jeans"
    lists = search([Query("q", text)], embedded, SETTINGS, ignore_progress)
    [query] = load_encoder(SETTINGS).encode([Garment(None, name=text)])
    cosines = {item_id: float(encoding.vector @ query.vector) for item_id, encoding in embedded.encodings.items()}
    assert lists.ids == {"q": sorted(cosines, key=lambda item_id: -cosines[item_id])[:10]}


def test_command_writes_lists_and_measures_them(tmp_path: Path, drawn_catalog: Path) -> None:
    row = read_rows(drawn_catalog)[0]
    queries: list[dict[str, Any]] = [
        {"id": f"type:{row['baseColour']}/{row['articleType']}", "text": "a colour and a type"},
        {"id": f"name:{row['id']}", "text": row["productDisplayName"]},
        {"id": 7, "text": "a query without labels"},
    ]
    file, out = write_json(tmp_path / "queries.json", queries), tmp_path / "lists.json"
    arguments = ("evaluate", "--dataset", drawn_catalog, "--side", "all", "--queries", file, "--compare")
    numbers = invoke_json(*arguments, "--out", out)
    lists = json.loads(out.read_text())
    assert lists.keys() == {str(query["id"]) for query in queries}
    assert all(len(set(ids)) == 10 for ids in lists.values())
    assert numbers.keys() == {"encoder", "side", "p10", "baseColour", "articleType", "r1", "r10"}
    assert (numbers["p10"]["n"], numbers["r10"]["n"]) == (1, 1)
    table = invoke(*arguments).stdout
    assert all(metric in table for metric in ("p10", "baseColour", "r1", "r10"))


def test_small_datasets_give_short_lists_and_a_warning(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = read_rows(drawn_catalog)[:4]
    dataset = link_dataset(tmp_path / "data", drawn_catalog, rows)
    file, out = write_json(tmp_path / "queries.json", [{"id": "q", "text": "shoes"}]), tmp_path / "lists.json"
    result = invoke("evaluate", "--dataset", dataset, "--side", "all", "--queries", file, "--out", out)
    assert result.exit_code == 0, result.output
    assert "fewer than the 10 products" in result.stderr
    assert sorted(json.loads(out.read_text())["q"]) == sorted(row["id"] for row in rows)


def test_comparison_needs_labelled_products(tmp_path: Path, drawn_catalog: Path) -> None:
    rows = [{"id": row["id"], "productDisplayName": "Shirt"} for row in read_rows(drawn_catalog)]
    dataset = link_dataset(tmp_path / "data", drawn_catalog, rows)
    file = write_json(tmp_path / "queries.json", [{"id": "q", "text": "shoes"}])
    error = invoke_error("evaluate", "--dataset", dataset, "--side", "all", "--queries", file, "--compare")
    assert "lacks the columns gender, baseColour, articleType" in error
    assert "embedding" not in error
