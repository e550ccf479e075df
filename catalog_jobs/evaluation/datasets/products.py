"""Products as the catalog reads them, each beside the row of labels that it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.catalog.item import cleaned
from catalog_jobs.evaluation.datasets.tables import in_training_split, product_rows
from closetspace.domain.index.index import IndexedItem
from closetspace.errors import InvalidInput

UNLABELLED = ("", "NA")


class Side(StrEnum):
    """Which products take part."""

    EVAL = "eval"
    ALL = "all"


@dataclass(frozen=True)
class LabelledProduct:
    """A usable product: what the catalog makes of its row, its picture's file, and the row as it stands."""

    item: IndexedItem
    picture: Path
    row: Mapping[str, str]

    @property
    def id(self) -> str:
        """The id as the table has it, blanks and all: what a scorer that reads the same table knows it by."""
        return self.row["id"]

    @property
    def display_name(self) -> str:
        return self.row["productDisplayName"]

    def label(self, column: str) -> str:
        """The label of a column, empty where there is none."""
        label = self.row.get(column, "").strip()
        return "" if label in UNLABELLED else label


@dataclass(frozen=True)
class Inventory:
    """The usable products of a side, and the rows of both that were left out, each with why."""

    products: list[LabelledProduct]
    left_out: list[tuple[str, str]]


def read_inventory(dataset: Path, side: Side) -> Inventory:
    """Read a dataset's products, of which ``id`` and ``productDisplayName`` are all that has to be there.

    Raises `InvalidInput` when the folder is no dataset, or has nothing usable on that side.
    """
    folder = read_folder(dataset)
    rows: dict[str, Mapping[str, str]] = {}
    for row in product_rows(dataset):
        # Like the catalog: of several rows with an id the first that has a name counts.
        if cleaned(row["productDisplayName"]):
            rows.setdefault(cleaned(row["id"]), row)
    products = [LabelledProduct(item, picture, rows[item.id]) for item, picture in folder.items]
    chosen = [p for p in products if side is Side.ALL or not in_training_split(p.display_name)]
    if not chosen:
        raise InvalidInput(
            "dataset_empty",
            f"None of the {len(products)} usable products of {dataset} is in the eval split, which takes three names"
            " in ten by their hash. Use --side all where no model has learnt from them.",
        )
    return Inventory(chosen, folder.left_out)
