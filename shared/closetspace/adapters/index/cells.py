"""Cells of a large category: groups of similar rows, found by the scores that their means would have as items.

A list asks for the items with the best scores, which are sums over attributes and similarities. The nearest vectors are
not enough, because most of them are made for someone else or have other colours. So rows that are alike in vector and
attributes lie side by side, in cells, and similar cells side by side, in wide cells. A ranking scores the mean of each
wide cell as if it were an item, then those of the cells in the best of them, and then the rows of the best of these.
All of these scores are by codes (`closetspace.adapters.index.codes`). `closetspace.adapters.index.dividing` makes the
cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from closetspace.adapters.index.codes import CodedRows, Codes, CodeScore, Coding
from closetspace.adapters.index.ranges import consecutive
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Mask, Rows, Score

CELLS_OF_WIDE = 16
"""Cells in a wide cell."""

FEW_ROWS = 2_048
"""Rows up to which scoring all of them takes no longer than choosing among cells."""

SCANNED = 5.0
"""Rows that are scored, times the square root of those that pass and the cube root of those that are requested: a
measured trade-off of time and agreement with a ranking of all rows (docs/scaling.md)."""

WIDER = 7
"""How many times as many rows the wide cells have whose cells are scored. Fewer are needed where a filter leaves few:
those are spread over many cells, and scoring all of them would take most of the time."""

RETURNED = 2.5
"""Rows that are returned, times those that are requested: their codes do not tell their order exactly."""


@dataclass(frozen=True)
class Cells:
    """Cells of one level.

    ``starts (cells,)`` are their first rows, ``means`` the means of their rows. ``margins (cells,) float32`` say how
    much better than the mean a cell's best rows may be, in nats.
    """

    starts: Rows
    means: CodedRows
    margins: FloatArray

    def of(self, places: Rows | slice) -> "Cells":
        """Return the cells at these places."""
        return Cells(self.starts[places], self.means.of(places), self.margins[places])

    def scores(self, score: CodeScore) -> FloatArray:
        """Return the scores that the best rows of each cell may have."""
        scores: FloatArray = score(self.means) + self.margins
        return scores


@dataclass(frozen=True)
class CategoryCells:
    """The cells of a category, and its wide cells. ``end`` is the row after its last one."""

    wide: Cells
    cells: Cells
    end: int

    @property
    def every(self) -> slice:
        """All rows of the category."""
        return slice(int(self.cells.starts[0]), self.end)

    def scanned_rows(self, score: CodeScore, limit: int, mask: Mask | None) -> Rows:
        """Return rows that pass, in order: nearly all of the ``limit`` with the best scores, and many others."""
        starts = self.cells.starts
        ends = np.append(starts[1:], self.end)
        passing = ends - starts if mask is None else _count(mask[: self.end], starts)
        count = int(passing.sum())
        needed = SCANNED * count**0.5 * limit ** (1 / 3)
        wider = 1 + (WIDER - 1) * (count / (self.end - starts[0])) ** 0.5
        in_wide = np.add.reduceat(passing, np.arange(0, len(starts), CELLS_OF_WIDE))
        opened = _best(self.wide.scores(score), in_wide, needed * wider) * CELLS_OF_WIDE
        inside = consecutive(opened, np.minimum(opened + CELLS_OF_WIDE, len(starts)))
        chosen = inside[_best(self.cells.of(inside).scores(score), passing[inside], needed)]
        rows = consecutive(starts[chosen], ends[chosen])
        return rows if mask is None else rows[mask[rows]]

    def around(self, row: int) -> tuple[slice, Codes]:
        """Return the rows of a row's cell, and the code of their mean, ``(k,)``."""
        place = int(np.searchsorted(self.cells.starts, row, "right")) - 1
        ends = np.append(self.cells.starts[1:], self.end)
        return slice(int(self.cells.starts[place]), int(ends[place])), self.cells.means.codes[place]


@dataclass(frozen=True)
class CellSearch:
    """The search of a large catalog: the cells of its categories, and all its rows by their codes."""

    coding: Coding
    rows: CodedRows
    categories: Mapping[str, CategoryCells]

    def best_rows(self, category: str, score: Score, limit: int, mask: Mask | None, few: int) -> Rows:
        """Return rows that pass, in order: nearly all of the ``limit`` with the best scores, and as many others again.

        If ``few`` rows or fewer pass a filter, all of them are scored.
        """
        cells, by_codes = self.categories[category], self.coding.score_by(score)
        if mask is not None and np.count_nonzero(mask[cells.every]) <= few:
            rows: Rows = np.flatnonzero(mask[cells.every]) + cells.every.start
        else:
            rows = cells.scanned_rows(by_codes, limit, mask)
        most = int(RETURNED * limit)
        if len(rows) > most:
            rows = rows[np.sort(np.argpartition(-by_codes(self.rows.of(rows)), most)[:most])]
        return rows


def _count(mask: Mask, starts: Rows) -> Rows:
    """Return how many rows pass of each cell; the last one ends with the mask."""
    counts: Rows = np.add.reduceat(mask.view(np.uint8), starts, dtype=np.int64)
    return counts


def _best(scores: FloatArray, passing: Rows, needed: float) -> Rows:
    """Return the places, in order, of the cells with the best scores, as many as have ``needed`` passing rows."""
    scores = np.where(passing > 0, scores, -np.inf)
    # Without a filter, cells have about equally many rows: all but the best need not be sorted.
    most = int(needed / max(1, passing.min())) + 1
    order = np.argpartition(-scores, most)[:most] if most < len(scores) else np.arange(len(scores))
    order = order[np.argsort(-scores[order])]
    order = order[passing[order] > 0]
    return np.sort(order[: np.searchsorted(np.cumsum(passing[order]), needed) + 1])
