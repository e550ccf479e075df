"""The file of an index's cells, ``.npz``: the cells of all categories, and how vectors are coded."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.cells import CELLS_OF_WIDE, CategoryCells, Cells
from closetspace.adapters.index.codes import CodedRows, Coding
from closetspace.domain.index.bundle import CategoryPart

ARRAYS = ("starts", "codes", "spread", "attributes", "margins")
"""The names of the arrays of a level, without the name of the level before them."""


def save_cells(path: Path, coding: Coding, categories: Sequence[CategoryCells]) -> None:
    """Write the cells of all categories, in order."""
    levels = {"wide": [each.wide for each in categories], "cells": [each.cells for each in categories]}
    arrays: dict[str, Any] = {"basis": coding.basis, "steps": coding.steps}
    for level, of_level in levels.items():
        arrays |= {f"{level}_{name}": values for name, values in zip(ARRAYS, _concatenate(of_level), strict=True)}
    np.savez(path, **arrays)


def load_cells(path: Path, parts: Sequence[CategoryPart]) -> tuple[Coding, Mapping[str, CategoryCells]]:
    """Read the coding and the cells of each category.

    Raises `ValueError` or `LookupError` if they are not those of the parts.
    """
    with np.load(path, allow_pickle=False) as stored:
        coding = Coding(stored["basis"], stored["steps"])
        wide, cells = (_level(*(stored[f"{level}_{name}"] for name in ARRAYS)) for level in ("wide", "cells"))
    categories = {part.name: _of_category(wide, cells, part) for part in parts}
    if sum(len(each.cells.starts) for each in categories.values()) != len(cells.starts):
        raise ValueError("it has cells outside its categories")
    return coding, categories


def _concatenate(levels: Iterable[Cells]) -> list[NDArray[Any]]:
    """Return the arrays of `ARRAYS` over all categories."""
    columns = zip(
        *((each.starts, each.means.codes, each.means.spread, each.means.attributes, each.margins) for each in levels),
        strict=True,
    )
    return [np.concatenate(column) for column in columns]


def _level(
    starts: NDArray[Any], codes: NDArray[Any], spread: NDArray[Any], attributes: NDArray[Any], margins: NDArray[Any]
) -> Cells:
    if len({len(starts), len(codes), len(spread), len(attributes), len(margins)}) > 1:
        raise ValueError("some of its cells have no means")
    return Cells(starts, CodedRows(codes, spread, attributes), margins)


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
