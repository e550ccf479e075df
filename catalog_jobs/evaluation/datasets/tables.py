"""Labelled products, and the split that says which of them models may learn from."""

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from closetspace.errors import InvalidInput

GENDER_WORDS = {"men", "men's", "mens", "women", "women's", "womens", "man", "woman", "male", "female", "unisex"} | {
    *("boy", "boys", "boy's", "girl", "girls", "girl's", "lady", "ladies", "kids")
}
USAGE_WORDS = {"casual", "formal", "sports", "ethnic", "party", "travel"}
COLOUR_WORDS = {"multi", "multicoloured"}

REQUIRED = ("id", "productDisplayName")
LABELS = ("id", "masterCategory", "subCategory", "baseColour", "productDisplayName")

_BEYOND = "beyond the last column"


def labelled_rows(folder: Path, needed: Iterable[str] = ()) -> list[dict[str, str]]:
    """The rows of a folder's ``products.csv`` exactly as they stand, names uncleaned: the split goes by their bytes.

    Raises `InvalidInput` when there is no such table, or it lacks a label or a ``needed`` column.
    """
    return product_rows(folder, (*LABELS, *needed))


def product_rows(folder: Path, needed: Iterable[str] = REQUIRED) -> list[dict[str, str]]:
    """As `labelled_rows`, of a table that need not have more than the ``needed`` columns; short rows end in ``""``."""
    table = folder / "products.csv"
    if not table.is_file():
        raise InvalidInput("dataset_invalid", f"{folder} is not a labelled dataset: it has no products.csv.")
    return table_rows(table, needed)


def table_rows(table: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    """Return a CSV file's rows; short rows end in ``""``.

    Raises `InvalidInput` if the file is missing, is not a CSV file in UTF-8, or lacks a ``needed`` column.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey=_BEYOND, restval="")
            missing = [label for label in needed if label not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInput("dataset_invalid", f"{table} lacks the columns {', '.join(missing)}.")
            return list(reader)
    except OSError as exc:
        raise InvalidInput("dataset_invalid", f"{table} cannot be read: {exc.strerror}.") from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidInput("dataset_invalid", f"{table} is not a CSV file in UTF-8: {exc}.") from exc


def in_training_split(display_name: str) -> bool:
    """Whether models may learn from products of this name; no name stands on both sides."""
    return split_bucket(display_name) < 7


def split_bucket(display_name: str) -> int:
    """One of ten buckets that products of a name fall into together."""
    digest = hashlib.sha1(display_name.strip().lower().encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 10


def without_telling_words(names: Iterable[str], colours: Iterable[str]) -> list[str]:
    """Leave out of names what gives gender, usage or one of the ``colours`` away."""
    telling = GENDER_WORDS | USAGE_WORDS | COLOUR_WORDS | {word for c in colours for word in c.lower().split()}
    return [" ".join(w for w in name.split() if w.lower().strip(".,") not in telling) for name in names]
