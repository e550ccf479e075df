"""The files of an index bundle: opened, mapped into memory and verified against the manifest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import annoy
import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index import format_3
from closetspace.adapters.index.annoy_trees import load_annoy, nearest
from closetspace.adapters.index.answers import Answers
from closetspace.adapters.index.cell_files import load_cells
from closetspace.adapters.index.cells import Cells, CellSearch
from closetspace.adapters.index.checksums import verify_checksums
from closetspace.adapters.index.codes import CodedRows
from closetspace.adapters.index.names import NAMED_COLUMNS, Names
from closetspace.domain.encoder.attributes import PackedAttributes, row_length
from closetspace.domain.encoder.encoding_batch import PhotoVectors
from closetspace.domain.encoder.vectors import FloatArray, search_vectors, unit
from closetspace.domain.index.bundle import (
    ANSWERS,
    ATTRIBUTES,
    CELLS,
    CODES,
    COLUMNS,
    EARLIER_FORMAT,
    MANIFEST,
    MEANS,
    NAMES,
    PHOTO_VECTORS,
    VECTORS,
    Canary,
    CategoryPart,
    Manifest,
)
from closetspace.domain.index.products import item_key
from closetspace.errors import Incompatible

ANSWER_ENDS = "answer_ends"

ROW_COLUMNS = ("keys", "products", "spread", "price", "in_stock", *NAMED_COLUMNS)
"""The columns with a value for each row."""

CANARY_OVERLAP = 0.8
"""Share of a canary's answer that must be found again: near-ties swap where a processor rounds differently, while a
damaged or foreign Annoy file finds nothing of it."""

CODE_TOLERANCE = 1
"""Difference of a code's coordinates from those of its vector: processors round sums differently."""


@dataclass(frozen=True)
class BundleFiles:
    """The contents of a bundle's files, by the names in `closetspace.domain.index.bundle`.

    ``means`` are in the order of the manifest's categories. ``trees`` are the Annoy files by category. ``cells``
    replace them in the index of a large catalog.
    """

    manifest: Manifest
    vectors: FloatArray
    photo_vectors: PhotoVectors
    attributes: PackedAttributes
    means: FloatArray
    columns: Mapping[str, NDArray[Any]]
    names: Names
    answers: Answers
    trees: Mapping[str, annoy.AnnoyIndex]
    cells: CellSearch | None

    @cached_property
    def parts(self) -> dict[str, CategoryPart]:
        """The parts of the bundle by category."""
        return {part.name: part for part in self.manifest.categories}

    @cached_property
    def category_means(self) -> dict[str, FloatArray]:
        """The mean embedding of each category, ``(d,) float32``."""
        return dict(zip(self.parts, self.means, strict=True))


def open_files(directory: Path) -> BundleFiles:
    """Open and verify a bundle. Raises `Incompatible` if a file is missing, foreign, truncated or changed.

    All files are opened at once, so the folder may be deleted afterwards.
    """
    try:
        manifest = Manifest.from_json((directory / MANIFEST).read_bytes())
        _verify_names(manifest)
        verify_checksums(directory, manifest)
        answers, names, columns = _open_rows(directory, manifest)
        attributes = _map(directory / ATTRIBUTES)
        files = BundleFiles(
            manifest,
            _map(directory / VECTORS),
            _map(directory / PHOTO_VECTORS),
            attributes,
            np.load(directory / MEANS, allow_pickle=False),
            columns,
            names,
            answers,
            {
                part.name: load_annoy(directory / part.annoy_file, manifest.dim)
                for part in manifest.categories
                if part.annoy_file
            },
            None if _has_annoy(manifest) else _open_cells(directory, manifest, columns["spread"], attributes),
        )
        _verify_contents(files)
    except (OSError, ValueError, LookupError, TypeError, BadZipFile) as exc:
        raise Incompatible(f"the index in {directory.name} can't be opened: {exc}") from exc
    return files


def _map(path: Path) -> NDArray[Any]:
    # A plain view of the mapped file, because slicing a memmap takes ten times as long.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _open_rows(directory: Path, manifest: Manifest) -> tuple[Answers, Names, Mapping[str, NDArray[Any]]]:
    with np.load(directory / COLUMNS, allow_pickle=False) as stored:
        columns = {name: stored[name] for name in stored.files}
    if manifest.format == EARLIER_FORMAT:
        return format_3.convert(directory / format_3.ITEMS, columns)
    with (directory / ANSWERS).open("rb") as file:
        answers = Answers(mmap(file.fileno(), 0, access=ACCESS_READ), columns.pop(ANSWER_ENDS))
    return answers, Names.from_json((directory / NAMES).read_bytes()), columns


def _open_cells(directory: Path, manifest: Manifest, spread: FloatArray, attributes: PackedAttributes) -> CellSearch:
    coding, categories = load_cells(directory / CELLS, manifest.categories)
    return CellSearch(coding, CodedRows(_map(directory / CODES), spread, attributes), categories)


def _has_annoy(manifest: Manifest) -> bool:
    return all(part.annoy_file for part in manifest.categories)


def _verify_names(manifest: Manifest) -> None:
    rows = {format_3.ITEMS} if manifest.format == EARLIER_FORMAT else {NAMES, ANSWERS}
    searched = {part.annoy_file for part in manifest.categories} if _has_annoy(manifest) else {CELLS, CODES}
    needed = {VECTORS, PHOTO_VECTORS, ATTRIBUTES, MEANS, COLUMNS} | rows | searched
    if missing := needed - set(manifest.files):
        raise Incompatible(f"index {manifest.version}: its manifest has no checksum of {sorted(missing)}")


def _verify_contents(files: BundleFiles) -> None:
    manifest, parts = files.manifest, files.parts
    count, dim = manifest.count, manifest.dim
    checks: dict[str, Callable[[], bool]] = {
        "vectors": lambda: files.vectors.shape == files.photo_vectors.shape == (count, dim),
        "attributes": lambda: files.attributes.shape == (count, row_length(manifest.heads)),
        "means": lambda: files.means.shape == (len(parts), dim),
        "columns": lambda: all(files.columns[name].shape == (count,) for name in ROW_COLUMNS),
        "names": lambda: all(_are_numbers_of(files.names.columns[name], files.columns[name]) for name in NAMED_COLUMNS),
        "answers": lambda: len(files.answers) == count and _answers_match(files),
        "parts": lambda: sum(part.count for part in parts.values()) == count,
        "trees": lambda: all(tree.get_n_items() == parts[name].count for name, tree in files.trees.items()),
        "cells": lambda: files.cells is None or _cells_fit(files.cells, manifest),
        "canaries": lambda: all(_canary_passes(canary, files) for canary in manifest.canaries),
    }
    for name, passes in checks.items():
        if not passes():
            raise Incompatible(f"index {manifest.version}: its {name} do not match its manifest")


def _are_numbers_of(names: Sequence[str], column: NDArray[Any]) -> bool:
    return bool(column.min() >= 0 and column.max() < len(names))


def _answers_match(files: BundleFiles) -> bool:
    """Return whether the canaries' answers have the ids that their rows' keys were made of."""
    rows = np.array([canary.row for canary in files.manifest.canaries], np.int64)
    keys: list[int] = files.columns["keys"][rows].tolist()
    return [item_key(item_id) for item_id, *_ in files.answers.fields(rows)] == keys


def _cells_fit(search: CellSearch, manifest: Manifest) -> bool:
    """Return whether codes and the means of cells have the shapes of rows."""
    length = len(search.coding.steps)
    levels = [level for each in search.categories.values() for level in (each.wide, each.cells)]
    return (
        search.coding.basis.shape == (manifest.dim, length)
        and search.rows.codes.shape == (manifest.count, length)
        and all(_level_fits(level, length, row_length(manifest.heads)) for level in levels)
    )


def _level_fits(level: Cells, length: int, labels: int) -> bool:
    count = len(level.starts)
    return (
        level.means.codes.shape == (count, length)
        and level.means.spread.shape == level.margins.shape == (count,)
        and level.means.attributes.shape == (count, labels)
    )


def _canary_passes(canary: Canary, files: BundleFiles) -> bool:
    if files.cells:
        return _cell_passes(canary, files.cells, files.vectors)
    vector, category = files.vectors[canary.row], canary.category
    query = search_vectors(vector, unit(vector - files.category_means[category]))
    positions = nearest(files.trees[category], query, len(canary.nearest))
    found = {files.parts[category].start + position for position in positions}
    return len(found & set(canary.nearest)) >= CANARY_OVERLAP * len(canary.nearest)


def _cell_passes(canary: Canary, search: CellSearch, vectors: FloatArray) -> bool:
    """Return whether the canary's cell has its rows, and codes that are those of their vectors."""
    rows, mean = search.categories[canary.category].around(canary.row)
    codes = np.vstack([search.rows.codes[rows], mean])
    expected = search.coding.encode(np.vstack([vectors[rows], vectors[rows].mean(axis=0)]))
    are_theirs = np.allclose(codes, expected, rtol=0, atol=CODE_TOLERANCE)
    return are_theirs and tuple(range(rows.start, rows.stop)) == canary.nearest
