"""Indexes of format 3, which kept what answers show in SQLite: converted as they are opened, until a refresh."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from closetspace.adapters.index.answers import FIELDS, Answers, pack_answers
from closetspace.adapters.index.names import Names, name_columns
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.pictures import ThumbnailUrls
from closetspace.errors import Incompatible

ITEMS = "items.sqlite"
THUMBNAIL_URLS = "thumbnail_urls"


def convert(path: Path, columns: Mapping[str, NDArray[Any]]) -> tuple[Answers, Names, dict[str, NDArray[Any]]]:
    """Return the answers and names of a table, and its columns with those of the names.

    Raises `Incompatible` if it is no such table.
    """
    items = _read(path)
    names, named = name_columns(items)
    urls = columns.get(THUMBNAIL_URLS)
    answers = Answers(*pack_answers(items))
    return answers, Names(names, None if urls is None else ThumbnailUrls(*urls.tolist())), {**columns, **named}


def _read(path: Path) -> list[IndexedItem]:
    # Imported here, because processes with an index of today start sooner without it.
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as table:
            present = {name for _, name, *_ in table.execute("PRAGMA table_info(items)")}
            # The first bundles of the format lack list prices and thumbnails.
            fields = [field for field in FIELDS if field in present]
            rows = table.execute(f"SELECT {', '.join(fields)} FROM items ORDER BY row")  # noqa: S608
            return [_item(dict(zip(fields, row, strict=True))) for row in rows]
    except sqlite3.Error as exc:
        raise Incompatible(f"its items can't be read: {exc}") from exc


def _item(values: dict[str, Any]) -> IndexedItem:
    return IndexedItem(**{**values, "in_stock": bool(values["in_stock"])})
