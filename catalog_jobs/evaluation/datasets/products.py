"""Labelled products, and the split that decides which of them models may learn from."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from catalog_jobs.catalog.folder import read_folder, read_table
from catalog_jobs.catalog.item import indexed_item
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import InvalidInput

LABELS = ("id", "masterCategory", "subCategory", "baseColour", "productDisplayName")
"""The columns that every labelled table has."""

UNLABELLED = ("", "NA")

GENDER_WORDS = {"men", "men's", "mens", "women", "women's", "womens", "man", "woman", "male", "female", "unisex"} | {
    *("boy", "boys", "boy's", "girl", "girls", "girl's", "lady", "ladies", "kids")
}
USAGE_WORDS = {"casual", "formal", "sports", "ethnic", "party", "travel"}
COLOUR_WORDS = {"multi", "multicoloured"}


class Split(StrEnum):
    """The products that take part in an evaluation."""

    EVAL = "eval"
    ALL = "all"


@dataclass(frozen=True)
class LabelledProduct:
    """A usable product: the catalog's item, the file of its picture, and its row of the table."""

    item: IndexedItem
    picture: Path
    row: Mapping[str, str]

    @property
    def id(self) -> str:
        """The id as the table has it, spaces included: scorers that read the same table use it."""
        return self.row["id"]

    @property
    def display_name(self) -> str:
        return self.row["productDisplayName"]

    def label(self, column: str) -> str:
        """Return the label in a column, ``""`` if there is none."""
        label = self.row.get(column, "").strip()
        return "" if label in UNLABELLED else label


@dataclass(frozen=True)
class LabelledProducts:
    """The usable products of a split. ``left_out`` has the id of every unusable row of the table, with the reason."""

    products: list[LabelledProduct]
    left_out: Sequence[tuple[str, str]]


def read_labelled_products(dataset: Path, split: Split) -> LabelledProducts:
    """Read the products of a dataset. Its table needs no columns but ``id`` and ``productDisplayName``.

    Raises `InvalidInput` if the folder is not a dataset, or the split has no usable product.
    """
    folder = read_folder(dataset)
    products = [LabelledProduct(indexed_item(one.product), one.image, one.row) for one in folder.products]
    chosen = [p for p in products if split is Split.ALL or not in_training_split(p.display_name)]
    if not chosen:
        raise InvalidInput(
            "dataset_empty",
            f"None of the {len(products)} usable products of {dataset} is in the eval split, which takes three names"
            " in ten by their hash. If no model was trained on the dataset, use --side all.",
        )
    return LabelledProducts(chosen, folder.left_out)


def labelled_rows(dataset: Path, columns: Iterable[str] = ()) -> list[dict[str, str]]:
    """Return the rows of a dataset's table, unchanged: the split depends on the exact names.

    Raises `InvalidInput` if there is no such table, or it lacks one of `LABELS` or of the ``columns``.
    """
    return list(read_table(dataset, (*LABELS, *columns)))


def in_training_split(display_name: str) -> bool:
    """Return whether models may learn from products of this name. A name is in one split only."""
    return split_bucket(display_name) < 7


def split_bucket(display_name: str) -> int:
    """Return the bucket of a name, 0 to 9."""
    digest = hashlib.sha1(display_name.strip().lower().encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 10


def frequent_labels(labels: Iterable[str], least: int) -> tuple[str, ...]:
    """Return the labels that occur at least ``least`` times, the most frequent first, then by name."""
    counts = Counter(label for label in labels if label not in UNLABELLED)
    return tuple(label for label, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if n >= least)


def without_label_words(names: Iterable[str], colours: Iterable[str]) -> list[str]:
    """Remove the words that give away gender, usage or one of the ``colours`` from names."""
    removed = GENDER_WORDS | USAGE_WORDS | COLOUR_WORDS | {word for c in colours for word in c.lower().split()}
    return [" ".join(w for w in name.split() if w.lower().strip(".,") not in removed) for name in names]
