"""The build of an index bundle: vectors, Annoy files or cells, columns, items, and the manifest over them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.annoy_trees import SEED, TREES, build_annoy, measure_recall, nearest
from closetspace.adapters.index.answers import pack_answers
from closetspace.adapters.index.cell_files import save_cells
from closetspace.adapters.index.cells import CategoryCells
from closetspace.adapters.index.checksums import file_hash
from closetspace.adapters.index.codes import Coding, derive_coding
from closetspace.adapters.index.dividing import divide, summarize
from closetspace.adapters.index.files import ANSWER_ENDS
from closetspace.adapters.index.names import Names, name_columns
from closetspace.domain.encoder.attributes import PackedAttributes, head_slices
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.encoder.vectors import FloatArray, mean_vector, search_vectors, spread_of, unit
from closetspace.domain.index.bundle import (
    ANSWERS,
    ATTRIBUTES,
    CELLS,
    CODES,
    COLUMNS,
    MANIFEST,
    MEANS,
    NAMES,
    PHOTO_VECTORS,
    VECTORS,
    BundleContents,
    Canary,
    CategoryPart,
    Manifest,
)
from closetspace.domain.index.index import Candidates, Rows
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key
from closetspace.domain.taste.taste import FITTED_ATTRIBUTES

ANNOY_ITEMS = 100_000
"""Items of a catalog up to which it is searched by Annoy. A larger one has cells, which take less memory than Annoy's
files, and list what a scan of all rows would list."""

CANARY_NEIGHBOURS = 10

ROWS_AT_ONCE = 16_384
"""Rows that are copied to a file at once."""


def write_bundle(
    directory: Path, source: BundleContents, created: datetime, *, annoy_items: int = ANNOY_ITEMS
) -> Manifest:
    """Write all files of a bundle into an empty folder; the same source and time give the same bytes.

    Catalogs of more than ``annoy_items`` get cells in place of Annoy files. Raises `ValueError` if two items have the
    same id.
    """
    if len({item.id for item in source.items}) < len(source.items):
        raise ValueError("two items of the catalog have the same id")
    order = np.array(sorted(range(len(source.items)), key=lambda i: (source.items[i].category, source.items[i].id)))
    has_cells = len(order) > annoy_items
    parts = _parts([source.items[i].category for i in order.tolist()], has_cells=has_cells)
    fitted = _fitted_labels(source)
    starts = _divide(source.encodings, order, parts, fitted) if has_cells else {}
    items = [source.items[i] for i in order.tolist()]
    vectors = _save_rows(directory / VECTORS, source.encodings.vectors, order)
    _save_rows(directory / PHOTO_VECTORS, source.encodings.photo_vectors, order)
    attributes = source.encodings.attributes[order]
    # A label's probabilities of all rows lie side by side, because ranking reads few of the labels; those of a row
    # where it reads few of the rows.
    np.save(directory / ATTRIBUTES, attributes if has_cells else np.asfortranarray(attributes))
    means = {part.name: mean_vector(vectors[_rows(part)]) for part in parts}
    np.save(directory / MEANS, np.array(list(means.values()), np.float32))
    answers, ends = pack_answers(items)
    (directory / ANSWERS).write_bytes(answers)
    names, named = name_columns(items)
    (directory / NAMES).write_bytes(Names(names, source.thumbnail_urls).to_json())
    spread = np.concatenate([spread_of(vectors[_rows(part)], means[part.name]) for part in parts])
    columns: dict[str, Any] = {ANSWER_ENDS: ends, **named, **_columns(items), "spread": spread}
    np.savez(directory / COLUMNS, **columns)
    if has_cells:
        coding = derive_coding(vectors)
        _save_codes(directory / CODES, coding, vectors)
        cells = [
            summarize(_items(part, vectors, spread, attributes), starts[part.name], fitted, coding) for part in parts
        ]
        save_cells(directory / CELLS, coding, cells)
        recall = None
        canaries = [_canary_of_cells(each, part) for each, part in zip(cells, parts, strict=True)]
    else:
        recall, canaries = _build_trees(directory, parts, vectors, means)
    manifest = Manifest(
        version=_version(source, created),
        encoder=source.encoder.id,
        dim=vectors.shape[1],
        trees=TREES,
        seed=SEED,
        source=source.catalog,
        created=created.isoformat(),
        count=len(items),
        recall=recall,
        categories=tuple(parts),
        canaries=tuple(canaries),
        files={path.name: file_hash(path) for path in sorted(directory.iterdir())},
        heads=dict(source.encoder.heads),
        blocks=dict(source.encoder.blocks),
    )
    (directory / MANIFEST).write_bytes(manifest.to_json())
    return manifest


def _fitted_labels(source: BundleContents) -> Rows:
    """Return the columns of the attributes that items must fit."""
    slices = head_slices(source.encoder.heads)
    fitted = [np.arange(slices[head].start, slices[head].stop) for head in FITTED_ATTRIBUTES if head in slices]
    return np.concatenate([np.zeros(0, np.int64), *fitted])


def _divide(encodings: EncodingBatch, order: Rows, parts: Sequence[CategoryPart], fitted: Rows) -> dict[str, Rows]:
    """Bring the rows of each category in the order of its cells, in place. Return the starts of the cells in it."""
    starts: dict[str, Rows] = {}
    for part in parts:
        rows = order[_rows(part)]
        placed, starts[part.name] = divide(encodings.vectors[rows], encodings.attributes[rows][:, fitted])
        order[_rows(part)] = rows[placed]
    return starts


def _save_rows(path: Path, values: NDArray[Any], order: Rows) -> NDArray[Any]:
    """Write rows in another order, and return them as mapped from the file: a second copy may take gigabytes."""
    stored = np.lib.format.open_memmap(path, "w+", values.dtype, values.shape)
    for start in range(0, len(order), ROWS_AT_ONCE):
        stored[start : start + ROWS_AT_ONCE] = values[order[start : start + ROWS_AT_ONCE]]
    stored.flush()
    return np.asarray(stored)


def _save_codes(path: Path, coding: Coding, vectors: FloatArray) -> None:
    codes = np.lib.format.open_memmap(path, "w+", np.int8, (len(vectors), len(coding.steps)))
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        codes[start : start + ROWS_AT_ONCE] = coding.encode(vectors[start : start + ROWS_AT_ONCE])
    codes.flush()


def _build_trees(
    directory: Path, parts: Sequence[CategoryPart], vectors: FloatArray, means: Mapping[str, FloatArray]
) -> tuple[float, list[Canary]]:
    """Build the Annoy files, a category at a time. Return their recall and the canaries."""
    found = total = 0
    canaries = []
    for part in parts:
        block = vectors[_rows(part)]
        searched = search_vectors(block, unit(block - means[part.name]))
        tree = build_annoy(directory / part.annoy_file, searched)
        of_part = measure_recall(tree, searched)
        found, total = found + of_part[0], total + of_part[1]
        middle = part.count // 2
        positions = nearest(tree, searched[middle], CANARY_NEIGHBOURS)
        canaries.append(Canary(part.name, part.start + middle, tuple(part.start + position for position in positions)))
    return found / total, canaries


def _canary_of_cells(cells: CategoryCells, part: CategoryPart) -> Canary:
    row = part.start + part.count // 2
    around, _ = cells.around(row)
    return Canary(part.name, row, tuple(range(around.start, around.stop)))


def _items(part: CategoryPart, vectors: FloatArray, spread: FloatArray, attributes: PackedAttributes) -> Candidates:
    rows = _rows(part)
    return Candidates(np.arange(rows.start, rows.stop), vectors[rows], spread[rows], attributes[rows])


def _rows(part: CategoryPart) -> slice:
    return slice(part.start, part.start + part.count)


def _version(source: BundleContents, created: datetime) -> str:
    digest = hashlib.sha256(f"{source.catalog} {source.encoder.id}".encode()).hexdigest()
    return f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-{digest[:8]}"


def _parts(categories: Sequence[str], *, has_cells: bool) -> list[CategoryPart]:
    parts: list[CategoryPart] = []
    start = 0
    for number, (name, group) in enumerate(groupby(categories)):
        count = len(list(group))
        parts.append(CategoryPart(name, start, count, "" if has_cells else f"category-{number:03d}.ann"))
        start += count
    return parts


def _columns(items: Sequence[IndexedItem]) -> dict[str, NDArray[Any]]:
    """Return the columns of numbers that filters and rankings need of every row."""
    return {
        "keys": np.array([item_key(item.id) for item in items], np.uint64),
        "products": np.array([item.product for item in items], np.uint64),
        "price": np.array([np.nan if item.price is None else item.price for item in items], np.float64),
        "in_stock": np.array([item.in_stock for item in items], np.bool_),
    }
