"""Readers of CSV tables and of JSON lists."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from closetspace.errors import InvalidInput

_SURPLUS = "beyond the last column"


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


def read_csv(table: Path, required: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file. Cells that a row lacks are ``""``.

    Raises `InvalidInput` if the file is missing, is not a CSV file in UTF-8, or lacks a required column.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey=_SURPLUS, restval="")
            missing = [column for column in required if column not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInput("dataset_invalid", f"{table} lacks the columns {', '.join(missing)}.")
            return list(reader)
    except OSError as exc:
        raise InvalidInput("dataset_invalid", f"{table} cannot be read: {exc.strerror}.") from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidInput("dataset_invalid", f"{table} is not a CSV file in UTF-8: {exc}.") from exc


def read_json_list(path: Path, parse: Callable[[Any], T], *, noun: str, shape: str, code: str) -> list[T]:
    """Return the records of a JSON list. ``parse`` turns each element into a record.

    ``noun`` and ``shape`` name a record and its fields in messages. Raises `InvalidInput` with ``code`` if the file is
    not such a list, if the list is empty, and if an id occurs twice.
    """
    try:
        records = [parse(fields) for fields in as_list(json.loads(path.read_bytes()), "the file")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise InvalidInput(code, f"{path} is not a list of {shape}: {exc}") from exc
    if not records:
        raise InvalidInput(code, f"{path} contains no {noun}.")
    _check_unique(path, records, code)
    return records


def as_list(value: Any, name: str) -> list[Any]:
    """Return the value if it is a list; raise `TypeError` otherwise."""
    # A string would pass for a list of its characters.
    if not isinstance(value, list):
        raise TypeError(f"{name} is not a list")
    return value


def as_text(value: Any, name: str) -> str:
    """Return the value if it is valid Unicode text; raise `TypeError` or `ValueError` otherwise."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    value.encode()
    return value


def _check_unique(path: Path, records: Sequence[Identified], code: str) -> None:
    ((record_id, count),) = Counter(record.id for record in records).most_common(1)
    if count > 1:
        raise InvalidInput(code, f"{path} contains the id {record_id} twice. Ids must be unique.")
