"""A catalog as a folder: ``products.csv`` and ``images/``."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog_jobs.catalog.item import cleaned
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import InvalidInput

REQUIRED = ("id", "productDisplayName")
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
SOLD_OUT = ("0", "no", "false", "out of stock", "out_of_stock", "sold out")
"""What a column ``in_stock`` says of what can't be bought; anything else, and no column, is in stock."""


@dataclass(frozen=True)
class FolderCatalog:
    """What a folder holds: items, each with its picture's file, and the rows that were left out, each with why."""

    items: list[tuple[IndexedItem, Path]]
    left_out: list[tuple[str, str]]


def read_folder(folder: Path, limit: int | None = None) -> FolderCatalog:
    """Read at most ``limit`` products. Raises `InvalidInput` when the folder is not a catalog.

    A row without an id, name or picture, or with an id seen before, is left out; columns other than the
    required ones may be missing.
    """
    table = folder / "products.csv"
    if not table.is_file():
        raise InvalidInput("catalog_invalid", f"{folder} is not a catalog: it needs products.csv and images/.")
    pictures = {path.stem: path for path in sorted((folder / "images").glob("*")) if path.suffix.lower() in PICTURES}
    found = FolderCatalog([], [])
    seen: set[str] = set()
    try:
        # utf-8-sig: spreadsheets put a byte order mark first.
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _check_columns(reader, table)
            for number, row in enumerate(reader, start=2):
                if limit is not None and len(found.items) >= limit:
                    break
                _sort_in(found, row, number, pictures, seen)
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidInput("catalog_invalid", f"{table} is not a CSV file in UTF-8: {exc}.") from exc
    if not found.items:
        why = f" First problem: {found.left_out[0][0]}: {found.left_out[0][1]}." if found.left_out else ""
        raise InvalidInput("catalog_empty", f"{table} has no usable product.{why}")
    return found


def _check_columns(reader: "csv.DictReader[str]", table: Path) -> None:
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise InvalidInput("catalog_invalid", f"{table} lacks the columns {', '.join(missing)}.")


def _sort_in(
    found: FolderCatalog, row: Mapping[str, str | None], number: int, pictures: Mapping[str, Path], seen: set[str]
) -> None:
    item = _item(row)
    problem = None
    if not item.id or not item.name:
        problem = "no id or no name"
    elif item.id in seen:
        problem = "its id was used by an earlier row"
    elif item.id not in pictures:
        problem = "no picture in images/"
    if problem:
        found.left_out.append((item.id or f"line {number}", problem))
        return
    seen.add(item.id)
    found.items.append((item, pictures[item.id]))


def _item(row: Mapping[str, str | None]) -> IndexedItem:
    fields = {key: cleaned(value) for key, value in row.items() if isinstance(value, str)}
    name = fields.get("productDisplayName", "")
    return IndexedItem(
        id=fields.get("id", ""),
        name=name,
        # Where there is no column for it, the brand is how a display name begins.
        brand=fields.get("brand") or name.partition(" ")[0],
        category=fields.get("subCategory", ""),
        gender=fields.get("gender", ""),
        price=_price(fields.get("price", "")),
        currency=fields.get("currency", ""),
        src=fields.get("src", ""),
        url=fields.get("url", ""),
        group=fields.get("group", ""),
        in_stock=fields.get("in_stock", "").casefold() not in SOLD_OUT,
    )


def _price(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d+)?", text) else None
