"""A catalog in a folder: ``products.csv`` and ``images/``."""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalog_jobs.catalog.item import ScrapedProduct, clean_text
from closetspace.domain.index.indexed_item import LeftOut
from closetspace.errors import InvalidInput

REQUIRED_COLUMNS = ("id", "productDisplayName")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".avif")
TOO_MANY_VALUES = "its row has more values than the table has columns"
OUT_OF_STOCK = ("0", "no", "false", "out of stock", "out_of_stock", "sold out")
"""Values of the column ``in_stock`` for products that are out of stock. All others, and no column, mean in stock."""


@dataclass(frozen=True)
class FolderProduct:
    """A usable product: the file of its image, and its row of the table, unchanged."""

    product: ScrapedProduct
    image: Path
    row: Mapping[str, str]


@dataclass(frozen=True)
class FolderCatalog:
    """The usable products of a folder, and the rows that were left out."""

    products: list[FolderProduct] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def read_folder(folder: Path, limit: int | None = None) -> FolderCatalog:
    """Read at most ``limit`` products. Raises `InvalidInput` if the folder is not a catalog or has no usable product.

    Leaves out rows that have no id, name or image, an id that an earlier row has, or too many values.
    """
    images = _images(folder / "images")
    catalog = FolderCatalog()
    seen: set[str] = set()
    for line, (row, is_too_long) in enumerate(_read_rows(folder, REQUIRED_COLUMNS), start=2):
        if limit is not None and len(catalog.products) >= limit:
            break
        product = _product(row)
        if problem := TOO_MANY_VALUES if is_too_long else _problem(product, images, seen):
            catalog.left_out.append(LeftOut(product.id or f"line {line}", problem))
        else:
            seen.add(product.id)
            catalog.products.append(FolderProduct(product, images[product.id], row))
    if not catalog.products:
        first = f" First problem: {catalog.left_out[0].id}: {catalog.left_out[0].reason}." if catalog.left_out else ""
        raise InvalidInput("catalog_empty", f"{folder / 'products.csv'} has no usable product.{first}")
    return catalog


def _images(folder: Path) -> dict[str, Path]:
    """Return the images of a folder by their names without suffix; of several, the last by name."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    split = map(os.path.splitext, names)
    return {stem: folder / f"{stem}{suffix}" for stem, suffix in split if suffix.lower() in IMAGE_SUFFIXES}


def read_table(folder: Path, required: Iterable[str] = REQUIRED_COLUMNS) -> Iterator[dict[str, str]]:
    """Yield the rows of ``products.csv`` unchanged; values that a short row lacks are ``""``.

    Raises `InvalidInput` if there is no such table, it is not a CSV file in UTF-8, or lacks a required column.
    """
    return (row for row, _ in _read_rows(folder, required))


def _read_rows(folder: Path, required: Iterable[str]) -> Iterator[tuple[dict[str, str], bool]]:
    """Yield each row, and whether it has more values than the table has columns, as after an unquoted comma."""
    table = folder / "products.csv"
    if not table.is_file():
        raise InvalidInput("catalog_invalid", f"{folder} is not a catalog: it needs products.csv and images/.")
    try:
        # utf-8-sig: spreadsheets write a byte order mark first.
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            missing = [name for name in required if name not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInput("catalog_invalid", f"{table} lacks the columns {', '.join(missing)}.")
            for row in reader:
                # DictReader keeps values beyond the last column under None.
                yield {name: value for name, value in row.items() if isinstance(name, str)}, None in row
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidInput("catalog_invalid", f"{table} is not a CSV file in UTF-8: {exc}.") from exc


def _problem(product: ScrapedProduct, images: Mapping[str, Path], seen: set[str]) -> str:
    if not product.id or not product.name:
        return "no id or no name"
    if product.id in seen:
        return "an earlier row has the same id"
    return "" if product.id in images else "no image in images/"


def _product(row: Mapping[str, str]) -> ScrapedProduct:
    values = {name: clean_text(value) for name, value in row.items()}
    name, price, list_price = (
        values["productDisplayName"],
        *(_price(values.get(c, "")) for c in ("price", "list_price")),
    )
    return ScrapedProduct(
        id=values["id"],
        name=name,
        group=values.get("group", ""),
        # In a table without brands, display names begin with the brand.
        brand=values.get("brand") or name.partition(" ")[0],
        category=values.get("subCategory", ""),
        gender=values.get("gender", ""),
        price=price,
        list_price=list_price if price and list_price and list_price > price else None,
        currency=values.get("currency", ""),
        in_stock=values.get("in_stock", "").casefold() not in OUT_OF_STOCK,
        url=values.get("url", ""),
        image_urls=(values["src"],) if values.get("src") else (),
    )


def _price(text: str) -> float | None:
    """Return an amount; zero is none."""
    return (float(text) or None) if re.fullmatch(r"\d{1,9}(\.\d+)?", text) else None
