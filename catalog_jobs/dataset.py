"""Labelled products, and the split that says which of them models may learn from."""

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from closetspace.errors import InvalidInput

LABELS = ("id", "masterCategory", "subCategory", "baseColour", "productDisplayName")


def labelled_rows(folder: Path, needed: Iterable[str] = ()) -> list[dict[str, str]]:
    """The rows of a folder's ``products.csv`` exactly as they stand, names uncleaned: the split goes by their bytes.

    Raises `InvalidInput` when there is no such table, or it lacks a label or a ``needed`` column.
    """
    table = folder / "products.csv"
    if not table.is_file():
        raise InvalidInput("dataset_invalid", f"{folder} is not a labelled dataset: it has no products.csv.")
    with table.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [label for label in (*LABELS, *needed) if label not in (reader.fieldnames or ())]
        if missing:
            raise InvalidInput("dataset_invalid", f"{table} lacks the columns {', '.join(missing)}.")
        return list(reader)


def in_training_split(display_name: str) -> bool:
    """Whether models may learn from products of this name; no name stands on both sides."""
    return split_bucket(display_name) < 7


def split_bucket(display_name: str) -> int:
    """One of ten buckets that products of a name fall into together."""
    digest = hashlib.sha1(display_name.strip().lower().encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 10
