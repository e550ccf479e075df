"""Writes the types of the client library: the API's models and the documents, in TypeScript.

python -m closetspace_infra.client_types
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from closetspace.api.requests import FeedbackRequest, RecommendRequest
from closetspace.api.responses import (
    DeletionResponse,
    ExportResponse,
    FacetsResponse,
    FeedbackResponse,
    RecommendResponse,
)
from closetspace.domain.person.preferences import Preferences
from closetspace.domain.wardrobe.item import ITEM_FIELDS
from closetspace.domain.wardrobe.state import ItemState
from closetspace.settings import Settings

FILE = Path(__file__).resolve().parents[2] / "clients" / "web" / "src" / "api.ts"

REQUESTS = (RecommendRequest, FeedbackRequest)
ANSWERS = (RecommendResponse, FacetsResponse, FeedbackResponse, ExportResponse, DeletionResponse)
DOCUMENTS = {"ItemState": ItemState, "Preferences": Preferences}

INTERNAL = {"shard", "attempts", "sweeps", "sweep_at"}
"""Fields of an item's state that say nothing to its owner."""

LISTS = {"colours": "ReadonlyArray<string>"}
"""The fields of an item that are no text."""

HEADER = """\
// The API's types. Generated from its models: change those, then run `make client`.
"""

BOUNDS = {"From": "minimum", "to": "maximum"}

SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def render() -> str:
    """Return the module: the models of requests, of answers and of documents, and the limits that clients check."""
    schemas: dict[str, Any] = {}
    for request in REQUESTS:
        _collect(schemas, request.__name__, request.model_json_schema())
    for answer in ANSWERS:
        _collect(schemas, answer.__name__, answer.model_json_schema(mode="serialization"))
    for name, document in DOCUMENTS.items():
        _collect(schemas, name, TypeAdapter(document).json_schema())
    state = schemas["ItemState"]
    state["properties"] = {name: field for name, field in state["properties"].items() if name not in INTERNAL}
    state["required"] = list(state["properties"])  # the server writes all of them
    blocks = [declaration(name, schema) for name, schema in schemas.items()]
    return "\n".join((HEADER, *blocks, _item_fields(), _limits()))


def _collect(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema


def declaration(name: str, schema: Mapping[str, Any]) -> str:
    """Return a JSON schema as a type with this name. Raises `TypeError` for a kind of schema that is not known."""
    if "enum" in schema:
        return f"{_comment(schema, '')}export type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    fields = [
        f"{_comment(field, '  ')}  {_field(key, _type(field), is_optional=key not in required)};\n"
        for key, field in schema["properties"].items()
    ]
    return f"{_comment(schema, '')}export interface {name} {{\n{''.join(fields)}}}\n"


def _field(name: str, kind: str, *, is_optional: bool) -> str:
    """Return the declaration of a field; one that may be missing may be null as well."""
    return f"{name}?: {kind.removesuffix(' | null')} | null" if is_optional else f"{name}: {kind}"


def _type(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": options}:
            return " | ".join(map(_type, options))
        case {"enum": values}:
            return " | ".join(f'"{value}"' for value in values)
        case {"const": value}:
            return f'"{value}"'
        case {"type": "array", "items": items}:
            return f"ReadonlyArray<{_type(items)}>"
        case {"type": "object", "additionalProperties": values}:
            return f"Record<string, {_type(values)}>"
        case {"type": str(kind)}:
            return SIMPLE[kind]
    raise TypeError(f"no TypeScript for the schema {schema}")


def _comment(schema: Mapping[str, Any], indent: str) -> str:
    """Return the first sentence of a model's docstring, or the bounds of a field."""
    sentence = re.split(r"[.;](?:\s|$)", schema.get("description", ""))[0]
    text = " ".join(sentence.replace("``", "`").split()) or _bounds(schema)
    return f"{indent}/** {text}. */\n" if text else ""


def _bounds(field: Mapping[str, Any]) -> str:
    """Return a field's numeric bounds and its default as text, empty if there is neither."""
    number: Mapping[str, Any] = next((option for option in (field, *field.get("anyOf", ())) if "minimum" in option), {})
    bounds = " ".join(f"{word} {number[key]:g}" for word, key in BOUNDS.items() if key in number)
    default = field.get("default")
    known = "" if default in (None, []) else f"Default: {json.dumps(default)}"
    return ". ".join(part for part in (bounds, known) if part)


def _item_fields() -> str:
    types = dict.fromkeys(ITEM_FIELDS, "string") | LISTS
    fields = "".join(f"  {name}?: {types[name]} | null;\n" for name in ITEM_FIELDS if name != "uid")
    comment = "/** The fields of an item's document that the functions read. */"
    return f"{comment}\nexport interface ItemFields {{\n  uid: string;\n{fields}}}\n"


def _limits() -> str:
    return f"export const MAX_PHOTO_BYTES = {Settings().max_photo_bytes:_};\n"


if __name__ == "__main__":
    FILE.write_text(render())
