"""The callables' requests: fields, bounds and the messages of errors."""

from dataclasses import replace
from typing import Any

import pytest

from closetspace.api.requests import CallableRequest, EmptyRequest, FeedbackRequest, RecommendRequest
from closetspace.domain.index.filters import Filters
from closetspace.domain.person.opinions import OpinionKind
from closetspace.errors import InvalidInput
from tests.support.recommending import parse_feedback, parse_recommend


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (
            RecommendRequest,
            {
                *("count", "seed", "cursor", "explore", "serendipity", "mix", "categories", "gender", "usage"),
                *("colours", "brands", "brands_out", "price_min", "price_max", "in_stock", "own_similar", "order"),
            },
        ),
        (FeedbackRequest, {"itemId", "kind"}),
        (EmptyRequest, set()),
    ],
)
def test_schema_has_exactly_the_documented_fields(model: type[CallableRequest], fields: set[str]) -> None:
    schema = model.model_json_schema()
    assert set(schema["properties"]) == fields
    assert schema["additionalProperties"] is False, "unknown fields are refused"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"count": "20"}, "count"),
        ({"count": True}, "count"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"explore": 1.5}, "explore"),
        ({"explore": float("nan")}, "explore"),
        ({"categories": "Shoes"}, "categories"),
        ({"categories": []}, "categories"),
        ({"categories": ["x"] * 51}, "categories"),
        ({"brands": ["x" * 101]}, "brands.0"),
        ({"price_max": -1}, "price_max"),
        ({"price_max": float("inf")}, "price_max"),
        ({"price_min": 20, "price_max": 10}, "price_min"),
        ({"serendipity": 2}, "serendipity"),
        ({"mix": "1"}, "mix"),
        ({"in_stock": 1}, "in_stock"),
        ({"order": "newest"}, "order"),
        ({"usage": ["x"] * 21}, "usage"),
        ({"brands_out": [""]}, "brands_out.0"),
        ({"cursor": "!!!"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "A" * 12_001}, "cursor"),
        ({"cuonut": 20}, "cuonut"),
        ({"cuonut": None}, "cuonut"),
        ({"brands": [None]}, "brands.0"),
        ([1, 2], "data"),
        ("hello", "data"),
    ],
)
def test_invalid_request_is_refused_with_its_field(data: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_recommend(data)
    assert caught.value.field == field
    assert field in caught.value.message


@pytest.mark.parametrize("field", RecommendRequest.model_fields)
def test_null_is_the_same_as_no_field(field: str) -> None:
    assert replace(parse_recommend({field: None}), seed=0) == replace(parse_recommend({}), seed=0)


def test_request_without_fields_has_defaults() -> None:
    assert replace(parse_recommend(None), seed=0) == replace(parse_recommend({}), seed=0)
    assert parse_recommend({"price_max": 50}).filters == Filters(price_max=50.0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("like", OpinionKind.LIKE), ("dismiss", OpinionKind.DISMISS), ("own", OpinionKind.OWN), ("clear", None)],
)
def test_feedback_names_an_item_and_an_opinion(kind: str, expected: OpinionKind | None) -> None:
    unusual_id = 'a. b/`c`"ü👕\u00a0__d__'
    assert parse_feedback({"itemId": unusual_id, "kind": kind}) == (unusual_id, expected)


@pytest.mark.parametrize(
    ("data", "field", "allowed"),
    [
        (None, "itemId", "required"),
        ({}, "itemId", "required"),
        ({"kind": "like"}, "itemId", "required"),
        ({"itemId": "", "kind": "like"}, "itemId", "at least 1"),
        ({"itemId": "x" * 1501, "kind": "like"}, "itemId", "at most 1500"),
        ({"itemId": "a\x00b", "kind": "like"}, "itemId", "id of an item"),
        ({"itemId": "a\nb", "kind": "like"}, "itemId", "id of an item"),
        ({"itemId": "\ud800", "kind": "like"}, "itemId", "valid string"),
        ({"itemId": 7, "kind": "like"}, "itemId", "valid string"),
        ({"itemId": ["shirt"], "kind": "like"}, "itemId", "valid string"),
        ({"itemId": "shirt"}, "kind", "required"),
        ({"itemId": "shirt", "kind": None}, "kind", "required"),
        ({"itemId": None, "kind": "like"}, "itemId", "required"),
        ({"itemId": "shirt", "kind": "like", "uid": None}, "uid", "Known fields: itemId, kind"),
        ({"itemId": "shirt", "kind": "LIKE"}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "hate"}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "\ud800"}, "kind", ""),
        ({"itemId": "shirt", "kind": ["like"]}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "like", "uid": "bob"}, "uid", "Known fields: itemId, kind"),
        ([1, 2], "data", "dictionary"),
        ("hello", "data", "dictionary"),
    ],
)
def test_invalid_feedback_is_refused_with_its_field_and_the_allowed_values(data: Any, field: str, allowed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_feedback(data)
    assert caught.value.field == field
    assert field in caught.value.message
    assert allowed in caught.value.message


def test_error_message_shortens_a_long_unknown_field() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_feedback({"itemId": "shirt", "kind": "like", "x" * 10**6: 1})
    assert len(caught.value.message) < 300
