"""The division of a category into cells (`closetspace.adapters.index.cells`) when an index is built.

It is a principal direction divisive partitioning (Boley 1998): rows are parted by their projections on the direction in
which they vary most, again and again. Each cell gets equally many rows, so all cost the same.
"""

from collections.abc import Iterator

import numpy as np

from closetspace.adapters.index.cells import CELLS_OF_WIDE, CategoryCells, Cells
from closetspace.adapters.index.codes import CodedRows, Coding
from closetspace.domain.encoder.attributes import FULL_SHARE, PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Candidates, Rows

CELL_ROWS = 12
"""Rows of a cell. With fewer, means take more memory; with more, a cell has rows that do not belong to it."""

ATTRIBUTE_WEIGHT = 5.0
"""Length of the difference of one label, beside 1.4 for that of two unlike vectors: scores differ by labels more."""

MARGIN = 0.36
"""Nats by which a cell's best rows may be above its mean, for each unit that its rows are apart from it."""

SAMPLED_ROWS = 2_048
"""Rows from which a direction is estimated."""

POWER_ROUNDS = 8
"""Rounds of the power iteration. The direction need not be exact: any in which rows vary much parts them well."""


def divide(vectors: FloatArray, attributes: PackedAttributes) -> tuple[Rows, Rows]:
    """Divide a category into cells. Return its rows in order, ``(n,)``, and the cells' starts in it, ``(cells,)``.

    ``vectors (n, d)`` are embeddings, ``attributes (n, labels)`` those that items must fit. The same rows give the same
    cells.
    """
    space = np.concatenate([vectors, attributes * np.float32(ATTRIBUTE_WEIGHT / FULL_SHARE)], axis=1)
    cells = list(_part(space, np.arange(len(space)), -(-len(space) // CELL_ROWS)))
    return np.concatenate(cells), np.cumsum([0, *map(len, cells[:-1])])


def _part(space: FloatArray, rows: Rows, cells: int) -> Iterator[Rows]:
    if cells == 1:
        yield rows
        return
    projections = space[rows] @ _main_direction(space[rows[:: max(1, len(rows) // SAMPLED_ROWS)]])
    order = np.argsort(projections, kind="stable")
    middle = len(rows) * (cells // 2) // cells
    yield from _part(space, np.sort(rows[order[:middle]]), cells // 2)
    yield from _part(space, np.sort(rows[order[middle:]]), cells - cells // 2)


def _main_direction(sample: FloatArray) -> FloatArray:
    """Return a direction in which the sample varies much, ``(d,)``, by power iteration."""
    centred = sample - sample.mean(axis=0)
    direction: FloatArray = centred[np.argmax(np.einsum("ij,ij->i", centred, centred))]
    for _ in range(POWER_ROUNDS):
        direction = (centred @ direction) @ centred
        direction /= max(float(np.linalg.norm(direction)), 1e-12)
    return direction


def summarize(items: Candidates, starts: Rows, fitted: Rows, coding: Coding) -> CategoryCells:
    """Return the cells of a category's items in their order, of which ``starts (cells,)`` are the first ones.

    ``fitted`` are the labels that items must fit.
    """
    wide, cells = (_means(items, places, fitted, coding) for places in (starts[::CELLS_OF_WIDE], starts))
    return CategoryCells(wide, cells, int(items.rows[-1]) + 1)


def _means(items: Candidates, starts: Rows, fitted: Rows, coding: Coding) -> Cells:
    vectors = _mean(items.vectors, starts)
    shares = items.attributes.astype(np.float32)
    mean_shares = _mean(shares, starts)
    variances = _mean(shares[:, fitted] ** 2, starts) - mean_shares[:, fitted] ** 2
    # Vectors have unit length, so the length of their mean tells how far they are apart.
    apart = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", vectors, vectors), 0))
    labels_apart = np.sqrt(np.maximum(variances.sum(axis=1), 0)) / FULL_SHARE
    return Cells(
        starts=items.rows[starts],
        means=CodedRows(
            coding.encode(vectors),
            _mean(items.spread[:, np.newaxis], starts)[:, 0],
            np.rint(mean_shares).astype(np.uint8),
        ),
        margins=(MARGIN * (apart + labels_apart)).astype(np.float32),
    )


def _mean(values: FloatArray, starts: Rows) -> FloatArray:
    """Return the means of consecutive rows, ``(n, columns) -> (cells, columns)``."""
    counts = np.diff(np.append(starts, len(values)))[:, np.newaxis]
    mean: FloatArray = (np.add.reduceat(values, starts) / counts).astype(np.float32)
    return mean
