"""The callables' responses: documented fields, and recommendations that match the schema."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from closetspace.adapters.index.reader import Bundle
from closetspace.api.responses import (
    CallableResponse,
    DeletionResponse,
    ExportResponse,
    FacetsResponse,
    FeedbackResponse,
    RecommendResponse,
)
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import product_key
from tests.support.indexes import contents
from tests.support.recommending import (
    CLOSET,
    build_index_with_variants,
    open_index_of,
    person_with,
    recommend_page,
)

PRODUCT = {"id", "name", "src", "pictures", "url", "price", "list_price", "currency"}
RECOMMENDATION = PRODUCT | {
    *("brand", "category", "in_stock", "score", "because", "interest", "contributions", "reason", "variants"),
    *("unlock", "own_similar", "own_item_id"),
}
PAGE = {"items", "cursor", "seed", "index_version", "moved_on", "processing"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build_index_with_variants(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def response(index: Bundle) -> dict[str, Any]:
    """Return the response for a page on which every field has a value."""
    owned = replace(CLOSET["item-0"], product=product_key("Nike", "Item 4"))
    page = recommend_page(person_with({**CLOSET, "item-0": owned}), index, seed=7, own_similar=True)
    return RecommendResponse.data(page)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (RecommendResponse, PAGE),
        (FeedbackResponse, {"itemId", "kind"}),
        (DeletionResponse, {"status"}),
        (
            FacetsResponse,
            {"categories", "genders", "brands", "colours", "usages", "prices", "index_version"},
        ),
        (ExportResponse, {"status", "path", "expires_at", "message"}),
    ],
)
def test_schema_has_exactly_the_documented_fields(model: type[CallableResponse], fields: set[str]) -> None:
    schema = model.model_json_schema(mode="serialization")
    assert set(schema["properties"]) == set(schema["required"]) == fields


def test_schema_of_a_recommendation_has_exactly_the_documented_fields() -> None:
    models = RecommendResponse.model_json_schema(mode="serialization")["$defs"]
    assert {name: set(schema["properties"]) for name, schema in models.items()} == {
        "RecommendedItemResponse": RECOMMENDATION,
        "ProductResponse": PRODUCT,
        "OwnedMatchResponse": {"itemId", "similarity"},
        "InterestResponse": {"category", "count"},
    }


def test_response_has_what_the_frontend_shows(response: dict[str, Any]) -> None:
    assert set(response) == PAGE
    assert (len(response["items"]), response["seed"], response["moved_on"]) == (20, 7, False)
    for item in response["items"]:
        assert set(item) == RECOMMENDATION
        assert item["src"].startswith("https://")
        assert sum(item["contributions"].values()) == pytest.approx(item["score"], abs=1e-3)
        assert item["reason"].endswith(".")
    for name in ("price", "list_price", "because", "variants", "own_similar", "pictures"):
        assert any(item[name] for item in response["items"]), f"no item has {name}"


def test_item_that_is_nearly_the_same_as_an_owned_one_names_it(response: dict[str, Any]) -> None:
    assert {(item["own_similar"], item["own_item_id"]) for item in response["items"]} == {
        (True, "item-0"),
        (False, None),
    }


def test_what_a_product_lacks_is_null(tmp_path: Path) -> None:
    bare = [
        IndexedItem(item.id, f"Item {place // 5}", category=item.category)
        for place, item in enumerate(contents().items)
    ]
    index = open_index_of(replace(contents(), items=bare), tmp_path)
    page = RecommendResponse.data(recommend_page(person_with(CLOSET), index))
    for item in page["items"]:
        assert item["variants"]
        absent = ("brand", "src", "pictures", "url", "price", "list_price", "currency")
        assert [item[name] for name in absent] == [None] * len(absent)
    assert empty_texts(page) == []


def empty_texts(value: Any, path: str = "") -> list[str]:
    """Return where there is empty text in an answer."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * (value == "") + [found for name, each in inner for found in empty_texts(each, f"{path}/{name}")]


def test_response_for_real_recommendations_matches_its_schema(response: dict[str, Any]) -> None:
    validated = RecommendResponse.model_validate_json(json.dumps(response), strict=True)
    assert validated.model_dump(by_alias=True) == response
