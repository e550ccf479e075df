"""Reads the JSON of shops' interfaces."""

import json
from typing import Any

NOT_JSON = "it is not JSON"


def read_json(text: str) -> Any:
    """Return the value of a JSON text, None if it is none."""
    try:
        return json.loads(text.lstrip("\ufeff"), strict=False)
    except (ValueError, RecursionError):
        return None


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, none if the value is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def nested(value: Any, *names: str) -> Any:
    """Return what nested objects have under the names, None where one is no object or lacks its name."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
