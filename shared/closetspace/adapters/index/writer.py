"""The build of an index bundle: vectors, Annoy files, columns, items, and the manifest over them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import annoy
import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.annoy_trees import SEED, TREES, build_annoy, measure_recall, nearest
from closetspace.adapters.index.answers import pack_answers
from closetspace.adapters.index.checksums import file_hash
from closetspace.adapters.index.files import ANSWER_ENDS
from closetspace.adapters.index.names import Names, name_columns
from closetspace.domain.encoder.vectors import FloatArray, mean_vector, residuals, search_vectors, spread_of
from closetspace.domain.index.bundle import (
    ANSWERS,
    ATTRIBUTES,
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
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key

CANARY_NEIGHBOURS = 10


def write_bundle(directory: Path, source: BundleContents, created: datetime) -> Manifest:
    """Write all files of a bundle into an empty folder; the same source and time give the same bytes.

    Raises `ValueError` if two items have the same id.
    """
    if len({item.id for item in source.items}) < len(source.items):
        raise ValueError("two items of the catalog have the same id")
    order = sorted(range(len(source.items)), key=lambda i: (source.items[i].category, source.items[i].id))
    items = [source.items[i] for i in order]
    encodings = source.encodings.select(order)
    embeddings = encodings.vectors
    categories = [item.category for item in items]
    parts = _parts(categories)
    means = {part.name: mean_vector(embeddings[part.start : part.start + part.count]) for part in parts}
    np.save(directory / VECTORS, embeddings)
    np.save(directory / PHOTO_VECTORS, encodings.photo_vectors)
    # A label's probabilities of all rows lie side by side, because ranking reads few of the labels.
    np.save(directory / ATTRIBUTES, np.asfortranarray(encodings.attributes))
    np.save(directory / MEANS, np.array(list(means.values()), np.float32))
    answers, ends = pack_answers(items)
    (directory / ANSWERS).write_bytes(answers)
    names, named = name_columns(items)
    (directory / NAMES).write_bytes(Names(names, source.thumbnail_urls).to_json())
    columns: dict[str, Any] = {ANSWER_ENDS: ends, **named, **_columns(items, embeddings, means)}
    np.savez(directory / COLUMNS, **columns)
    vectors = search_vectors(embeddings, residuals(embeddings, categories, means))
    trees = {
        part.name: build_annoy(directory / part.annoy_file, vectors[part.start : part.start + part.count])
        for part in parts
    }
    manifest = Manifest(
        version=_version(source, created),
        encoder=source.encoder.id,
        dim=embeddings.shape[1],
        trees=TREES,
        seed=SEED,
        source=source.catalog,
        created=created.isoformat(),
        count=len(items),
        recall=measure_recall(trees, vectors, parts),
        categories=tuple(parts),
        canaries=tuple(_canary(trees[part.name], part) for part in parts),
        files={path.name: file_hash(path) for path in sorted(directory.iterdir())},
        heads=dict(source.encoder.heads),
        blocks=dict(source.encoder.blocks),
    )
    (directory / MANIFEST).write_bytes(manifest.to_json())
    return manifest


def _version(source: BundleContents, created: datetime) -> str:
    digest = hashlib.sha256(f"{source.catalog} {source.encoder.id}".encode()).hexdigest()
    return f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-{digest[:8]}"


def _parts(categories: Sequence[str]) -> list[CategoryPart]:
    parts: list[CategoryPart] = []
    start = 0
    for number, (name, group) in enumerate(groupby(categories)):
        count = len(list(group))
        parts.append(CategoryPart(name, start, count, f"category-{number:03d}.ann"))
        start += count
    return parts


def _canary(tree: annoy.AnnoyIndex, part: CategoryPart) -> Canary:
    middle = part.count // 2
    positions = nearest(tree, np.array(tree.get_item_vector(middle), np.float32), CANARY_NEIGHBOURS)
    return Canary(part.name, part.start + middle, tuple(part.start + position for position in positions))


def _columns(
    items: Sequence[IndexedItem], embeddings: FloatArray, means: Mapping[str, FloatArray]
) -> dict[str, NDArray[Any]]:
    """Return the columns of numbers that filters and rankings need of every row."""
    centres = np.array([means[item.category] for item in items])
    return {
        "keys": np.array([item_key(item.id) for item in items], np.uint64),
        "products": np.array([item.product for item in items], np.uint64),
        "spread": spread_of(embeddings, centres),
        "price": np.array([np.nan if item.price is None else item.price for item in items], np.float64),
        "in_stock": np.array([item.in_stock for item in items], np.bool_),
    }
