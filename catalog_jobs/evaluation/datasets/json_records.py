"""JSON files that hold a list of objects, each with an id of its own."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from closetspace.errors import InvalidInput


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


def read_records(path: Path, parse: Callable[[Any], T], *, noun: str, shape: str, code: str) -> list[T]:
    """Read a list of objects; ``parse`` turns each into a record.

    ``noun`` and ``shape`` name a record and its fields in messages. Raises `InvalidInput` with ``code`` for anything
    that is not such a list, for an empty list, and for an id that occurs twice.
    """
    try:
        records = [parse(fields) for fields in as_list(json.loads(path.read_bytes()), "the file")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise InvalidInput(code, f"{path} is not a list of {shape}: {exc}") from exc
    if not records:
        raise InvalidInput(code, f"{path} holds no {noun}.")
    _check_unique(path, records, code)
    return records


def as_list(value: Any, name: str) -> list[Any]:
    """Return a value that must be a list; raises `TypeError`."""
    # A string would pass for the list of its letters.
    if not isinstance(value, list):
        raise TypeError(f"{name} is no list")
    return value


def as_text(value: Any, name: str) -> str:
    """Return a value that must be text in valid Unicode; raises `TypeError` or `ValueError`."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    value.encode()
    return value


def _check_unique(path: Path, records: Sequence[Identified], code: str) -> None:
    ((record_id, count),) = Counter(record.id for record in records).most_common(1)
    if count > 1:
        raise InvalidInput(code, f"{path} has {record_id} twice: every id must be unique.")
