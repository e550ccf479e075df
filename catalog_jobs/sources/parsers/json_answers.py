"""Returns values of the JSON with which shops' interfaces answer."""

import json
from typing import Any

from catalog_jobs.sources.parsers.currencies import decimals_of
from catalog_jobs.sources.parsers.prices import MAX_PRICE, NO_PRICE, Price, read_price
from catalog_jobs.sources.parsers.values import text_of

NOT_JSON = "it is not JSON"


def read_json(text: str) -> Any:
    """Return the value of a JSON text, None if the text is not JSON."""
    try:
        return json.loads(text.lstrip("\ufeff"), strict=False)
    except (ValueError, RecursionError):
        return None


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, none if the value is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def count_of(value: Any) -> int:
    """Return a number of things, which an interface may write as text; 0 if the value is none."""
    text = text_of(value)
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def nested(value: Any, *names: str) -> Any:
    """Return what nested objects have under the names, None where one is no object or lacks its name."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def read_exact_price(value: Any, currency: str) -> Price:
    """Return the price of a JSON number that an interface computes: unlike a page's, it has no separators to read."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_PRICE:
        return NO_PRICE
    return read_price(f"{value:.{max(2, decimals_of(currency))}f}", currency)
