"""The client library's types against the models that they are generated from."""

import pytest

from closetspace_infra import client_types


def test_client_library_has_the_types_of_the_models() -> None:
    assert client_types.FILE.read_text() == client_types.render(), "run `make client`"


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "integer", "minimum": 1}, "number"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "array", "items": {"$ref": "#/$defs/Match"}}, "ReadonlyArray<Match>"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        ({"enum": ["like", "own"], "type": "string"}, '"like" | "own"'),
        ({"const": "deleting", "type": "string"}, '"deleting"'),
    ],
)
def test_schema_becomes_a_type(schema: dict[str, object], written: str) -> None:
    fields = {"properties": {"field": schema}, "required": ["field"]}
    assert f"  field: {written};\n" in client_types.declaration("Model", fields)


@pytest.mark.parametrize("schema", [{"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}])
def test_optional_field_may_be_null(schema: dict[str, object]) -> None:
    assert "  field?: string | null;\n" in client_types.declaration("Model", {"properties": {"field": schema}})


def test_schema_without_a_type_is_an_error() -> None:
    with pytest.raises(TypeError, match="no TypeScript"):
        client_types.declaration("Model", {"properties": {"field": {"not": {}}}})


def test_optional_field_says_its_bounds_and_default() -> None:
    field = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    written = client_types.declaration("Model", {"description": "A request.\n\nMore.", "properties": {"count": field}})
    comment = "  /** From 1 to 100. Default: 20. */\n"
    assert written == f"/** A request. */\nexport interface Model {{\n{comment}  count?: number | null;\n}}\n"
