"""The callables' responses: documented fields, and recommendations that match the schema."""

import json
from dataclasses import replace
from typing import Any

import pytest

from closetspace.api.responses import (
    CallableResponse,
    DeletionResponse,
    ExportResponse,
    FacetsResponse,
    FeedbackResponse,
    RecommendResponse,
)
from closetspace.domain.index.products import product_key
from tests.support.recommending import CLOSET, build_index_with_variants, person_with, recommend_page

PRODUCT = {"id", "name", "src", "url", "price", "currency"}
RECOMMENDATION = PRODUCT | {
    *("brand", "category", "in_stock", "score", "because", "interest", "contributions", "reason", "variants"),
    *("unlock", "own_similar"),
}
PAGE = {"items", "cursor", "seed", "index_version", "moved_on", "processing"}


@pytest.fixture(scope="module")
def response(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the response for a page on which every field has a value."""
    index = build_index_with_variants(tmp_path_factory.mktemp("index"))
    owned = replace(CLOSET["item-0"], product=product_key("Nike", "Item 4"))
    page = recommend_page(person_with({**CLOSET, "item-0": owned}), index, seed=7, own_similar=True)
    return RecommendResponse.of(page).model_dump(by_alias=True)


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
    for name in ("price", "because", "variants", "own_similar"):
        assert any(item[name] for item in response["items"]), f"no item has {name}"


def test_response_for_real_recommendations_matches_its_schema(response: dict[str, Any]) -> None:
    validated = RecommendResponse.model_validate_json(json.dumps(response), strict=True)
    assert validated.model_dump(by_alias=True) == response
