"""Cells of a large category: groups of similar rows, found by the scores that their means would have as items.

A list asks for the items with the best scores, which are sums over attributes and similarities. The nearest vectors are
not enough, because most of them are made for someone else or have other colours. So rows that are alike in vector and
attributes lie side by side, in cells, and similar cells side by side, in wide cells. A ranking scores the mean of each
wide cell as if it were an item, then those of the cells in the best of them, and then the rows of the best of these.
`closetspace.adapters.index.dividing` makes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from closetspace.adapters.index.ranges import consecutive
from closetspace.domain.encoder.attributes import PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.bundle import CategoryPart
from closetspace.domain.index.index import Candidates, Mask, Rows, Score

CELLS_OF_WIDE = 16
"""Cells in a wide cell."""

FEW_ROWS = 2_048
"""Rows up to which scoring all of them takes no longer than choosing among cells."""

SCANNED = 2.3
"""Rows that are scored, times the square root of those that pass and the cube root of those that are requested: a
measured trade-off of time and agreement with a ranking of all rows (docs/scaling.md)."""

WIDER = 10
"""How many times as many rows the wide cells have whose cells are scored. Fewer are needed where a filter leaves few:
those are spread over many cells, and scoring all of them would take most of the time."""


@dataclass(frozen=True)
class Cells:
    """Cells of one level.

    ``starts (cells,)`` are their first rows. ``vectors (cells, d) float32``, ``spread (cells,) float32`` and
    ``attributes (cells, labels) uint8`` are the means of their rows'. ``margins (cells,) float32`` say how much better
    than the mean a cell's best rows may be, in nats.
    """

    starts: Rows
    vectors: FloatArray
    spread: FloatArray
    attributes: PackedAttributes
    margins: FloatArray

    def of(self, places: Rows | slice) -> "Cells":
        """Return the cells at these places."""
        return Cells(
            self.starts[places],
            self.vectors[places],
            self.spread[places],
            self.attributes[places],
            self.margins[places],
        )

    def scores(self, score: Score) -> FloatArray:
        """Return the scores that the best rows of each cell may have."""
        scores: FloatArray = score(Candidates(self.starts, self.vectors, self.spread, self.attributes)) + self.margins
        return scores


ARRAYS = tuple(field.name for field in fields(Cells))
"""The names of the arrays of a level."""


@dataclass(frozen=True)
class CategoryCells:
    """The cells of a category, and its wide cells. ``end`` is the row after its last one."""

    wide: Cells
    cells: Cells
    end: int

    def best_rows(self, score: Score, limit: int, mask: Mask | None) -> Rows:
        """Return rows that pass, in order: nearly all of the ``limit`` with the best scores, and many others."""
        starts = self.cells.starts
        ends = np.append(starts[1:], self.end)
        passing = ends - starts if mask is None else _count(mask[: self.end], starts)
        count = int(passing.sum())
        needed = SCANNED * count**0.5 * limit ** (1 / 3)
        wider = 1 + (WIDER - 1) * (count / (self.end - starts[0])) ** 0.5
        in_wide = np.add.reduceat(passing, np.arange(0, len(starts), CELLS_OF_WIDE))
        opened = _best(self.wide, score, in_wide, needed * wider) * CELLS_OF_WIDE
        inside = consecutive(opened, np.minimum(opened + CELLS_OF_WIDE, len(starts)))
        chosen = inside[_best(self.cells.of(inside), score, passing[inside], needed)]
        rows = consecutive(starts[chosen], ends[chosen])
        return rows if mask is None else rows[mask[rows]]

    def around(self, row: int) -> tuple[slice, FloatArray]:
        """Return the rows of a row's cell, and the mean of their vectors, ``(d,)``."""
        place = int(np.searchsorted(self.cells.starts, row, "right")) - 1
        ends = np.append(self.cells.starts[1:], self.end)
        return slice(int(self.cells.starts[place]), int(ends[place])), self.cells.vectors[place]


def save_cells(path: Path, categories: Sequence[CategoryCells]) -> None:
    """Write the cells of all categories, in order, to a file ``.npz``."""
    levels = {"wide": [each.wide for each in categories], "cells": [each.cells for each in categories]}
    arrays: dict[str, Any] = {
        f"{level}_{name}": np.concatenate([getattr(cells, name) for cells in of_level])
        for level, of_level in levels.items()
        for name in ARRAYS
    }
    np.savez(path, **arrays)


def load_cells(path: Path, parts: Sequence[CategoryPart]) -> Mapping[str, CategoryCells]:
    """Read the cells of each category. Raises `ValueError` or `LookupError` if they are not those of the parts."""
    with np.load(path, allow_pickle=False) as stored:
        wide, cells = (Cells(**{name: stored[f"{level}_{name}"] for name in ARRAYS}) for level in ("wide", "cells"))
    for level in (wide, cells):
        if len({len(getattr(level, name)) for name in ARRAYS}) > 1:
            raise ValueError("some of its cells have no means")
    categories = {part.name: _of_category(wide, cells, part) for part in parts}
    if sum(len(each.cells.starts) for each in categories.values()) != len(cells.starts):
        raise ValueError("it has cells outside its categories")
    return categories


def _of_category(wide: Cells, cells: Cells, part: CategoryPart) -> CategoryCells:
    end = part.start + part.count
    wide, cells = (
        level.of(slice(*np.searchsorted(level.starts, (part.start, end)).tolist())) for level in (wide, cells)
    )
    starts = cells.starts
    if not len(starts) or starts[0] != part.start or np.any(np.diff(starts) <= 0):
        raise ValueError(f"its cells are not those of {part.name}")
    if not np.array_equal(wide.starts, starts[::CELLS_OF_WIDE]):
        raise ValueError(f"its wide cells are not those of {part.name}")
    return CategoryCells(wide, cells, end)


def _count(mask: Mask, starts: Rows) -> Rows:
    """Return how many rows pass of each cell; the last one ends with the mask."""
    counts: Rows = np.add.reduceat(mask.view(np.uint8), starts, dtype=np.int64)
    return counts


def _best(cells: Cells, score: Score, passing: Rows, needed: float) -> Rows:
    """Return the places, in order, of the cells with the best scores, as many as have ``needed`` passing rows."""
    scores = np.where(passing > 0, cells.scores(score), -np.inf)
    # Without a filter, cells have about equally many rows: all but the best need not be sorted.
    most = int(needed / max(1, passing.min())) + 1
    order = np.argpartition(-scores, most)[:most] if most < len(scores) else np.arange(len(scores))
    order = order[np.argsort(-scores[order])]
    order = order[passing[order] > 0]
    return np.sort(order[: np.searchsorted(np.cumsum(passing[order]), needed) + 1])
