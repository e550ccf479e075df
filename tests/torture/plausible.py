"""Requests that a callable accepts, drawn by the schema of its fields, so that most of its code runs."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from closetspace.api.requests import CallableRequest

OPTIONAL_SHARE = 0.3
"""Of the fields that a request may leave out, so many are in it."""
NULL_SHARE = 0.1
"""Of these, so many are null, as the SDK of a browser sends undefined."""
MOST_NAMES = 4

Texts = Mapping[str, Sequence[str]]


def model_of(callable_name: str) -> type[CallableRequest] | None:
    """Return the model of a callable's request, None if it has another name."""
    wanted = f"{callable_name}request".lower()
    return next((model for model in CallableRequest.__subclasses__() if model.__name__.lower() == wanted), None)


def plausible(draw: random.Random, model: type[CallableRequest], texts: Texts) -> dict[str, Any]:
    """Return fields of a request; ``texts`` has values for texts, by field, and under ``""`` for all others."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return {
        name: _value(draw, field, texts.get(name, texts[""]))
        if name in required or draw.random() >= NULL_SHARE
        else None
        for name, field in schema.get("properties", {}).items()
        if name in required or draw.random() < OPTIONAL_SHARE
    }


def _value(draw: random.Random, schema: Mapping[str, Any], texts: Sequence[str]) -> Any:
    if "anyOf" in schema:
        return _value(draw, draw.choice(schema["anyOf"]), texts)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    low, high = schema.get("minimum", 0), schema.get("maximum", 2**53 - 1)
    match schema.get("type"):
        case "string":
            return draw.choice(texts)
        case "integer":
            return draw.choice((low, high, draw.randint(low, min(high, low + 30))))
        case "number":
            return draw.choice((low, min(high, 1_000), draw.uniform(low, min(high, low + 100))))
        case "boolean":
            return draw.random() < 0.5
        case "array":
            return [_value(draw, schema["items"], texts) for _ in range(draw.randint(1, MOST_NAMES))]
    return None
