"""What the numbers in an index's columns stand for: names whatever their case, and the thumbnails' addresses."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.pictures import ThumbnailUrls

NAMED_COLUMNS = ("gender", "brand", "currency")
"""Fields of items of which an index has columns of numbers."""


@dataclass(frozen=True)
class Names:
    """The names of each column: a row's number is the place of its name. Names have the first of their spellings."""

    columns: Mapping[str, Sequence[str]]
    thumbnail_urls: ThumbnailUrls | None = None

    def numbers(self, column: str, names: Iterable[str]) -> list[int]:
        """Return the numbers of those names that the column has."""
        known = self._numbers[column]
        return [known[name.casefold()] for name in names if name.casefold() in known]

    @cached_property
    def _numbers(self) -> dict[str, dict[str, int]]:
        return {
            column: {name.casefold(): number for number, name in enumerate(names)}
            for column, names in self.columns.items()
        }

    def to_json(self) -> bytes:
        """Return the content of the file."""
        return json.dumps({"columns": self.columns, "thumbnail_urls": self.thumbnail_urls}, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Names":
        """Parse the file. Raises `ValueError`, `KeyError` or `TypeError` if it is none."""
        fields = json.loads(data)
        urls = fields["thumbnail_urls"]
        return cls({name: tuple(fields["columns"][name]) for name in NAMED_COLUMNS}, urls and ThumbnailUrls(*urls))


def name_columns(items: Sequence[IndexedItem]) -> tuple[dict[str, Sequence[str]], dict[str, NDArray[np.int32]]]:
    """Return the names of each of `NAMED_COLUMNS`, and the columns ``(n,)``."""
    coded = {column: _number([getattr(item, column) for item in items]) for column in NAMED_COLUMNS}
    return {name: names for name, (names, _) in coded.items()}, {name: numbers for name, (_, numbers) in coded.items()}


def _number(values: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    spellings: dict[str, str] = {}
    for value in values:
        folded = value.casefold()
        spellings[folded] = min(value, spellings.get(folded, value))
    places = {folded: place for place, folded in enumerate(sorted(spellings))}
    return [spellings[folded] for folded in places], np.array([places[v.casefold()] for v in values], np.int32)
