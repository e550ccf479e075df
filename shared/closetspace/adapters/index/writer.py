"""Write an index bundle's files: vectors, Annoy files, what answers show, and the manifest over them."""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import annoy
import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray, mean_vector, residuals, search_vectors, spread_of
from closetspace.domain.index.bundle import (
    ATTRIBUTES,
    COLUMNS,
    ITEMS,
    MANIFEST,
    MEANS,
    PHOTO_VECTORS,
    VECTORS,
    BundleContents,
    Canary,
    CategoryPart,
    Manifest,
)
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key, product_key

TREES = 24
"""Trees an Annoy file: recall@50 of .99 and more at the catalog sizes measured (see the manifest's ``recall``)."""

SEED = 20
CANARY_NEIGHBOURS = 10
SHOWN = ("id", "name", "brand", "category", "gender", "price", "currency", "src", "url", "in_stock")
"""Columns of an item that answers show, in the order of its fields, and whether it is in stock."""

SEARCH_NODES_PER_RESULT = 12
"""Annoy inspects this many nodes for each result asked for and each tree: recall against time, measured."""


def write_bundle(directory: Path, source: BundleContents, created: datetime) -> Manifest:
    """Write all files of a bundle into an empty folder, byte for byte the same for the same source and time."""
    order = sorted(range(len(source.items)), key=lambda i: (source.items[i].category, source.items[i].id))
    items = [source.items[i] for i in order]
    encodings = source.encodings.select(order)
    embeddings = encodings.vectors
    categories = [item.category for item in items]
    parts = _parts(categories)
    by_name = {part.name: mean_vector(embeddings[part.start : part.start + part.count]) for part in parts}
    np.save(directory / VECTORS, embeddings)
    np.save(directory / PHOTO_VECTORS, encodings.photo_vectors)
    np.save(directory / ATTRIBUTES, encodings.attributes)
    np.save(directory / MEANS, np.array(list(by_name.values()), np.float32))
    columns: dict[str, Any] = _columns(items, embeddings, by_name)
    np.savez(directory / COLUMNS, **columns)
    _write_items(directory / ITEMS, items)
    vectors = search_vectors(embeddings, residuals(embeddings, categories, by_name))
    forest = {part.name: _plant(directory / part.annoy_file, vectors, part) for part in parts}
    manifest = Manifest(
        version=_version(source, created),
        encoder=source.encoder.id,
        dim=embeddings.shape[1],
        trees=TREES,
        seed=SEED,
        source=source.catalog,
        created=created.isoformat(),
        count=len(items),
        recall=measured_recall(forest, vectors, parts),
        categories=tuple(parts),
        canaries=tuple(_canary(forest[part.name], part) for part in parts),
        files={path.name: file_hash(path) for path in sorted(directory.iterdir())},
        heads=dict(source.encoder.heads),
        blocks=dict(source.encoder.blocks),
    )
    (directory / MANIFEST).write_bytes(manifest.to_json())
    return manifest


def file_hash(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def nearest(tree: annoy.AnnoyIndex, query: FloatArray, k: int) -> tuple[list[int], list[float]]:
    """Annoy's ``k`` nearest places within a category and their angular distances."""
    found: tuple[list[int], list[float]] = tree.get_nns_by_vector(
        query, k, search_k=k * TREES * SEARCH_NODES_PER_RESULT, include_distances=True
    )
    return found


def measured_recall(
    forest: dict[str, annoy.AnnoyIndex], vectors: FloatArray, parts: Sequence[CategoryPart], k: int = 50
) -> float:
    """Mean recall@k of Annoy against an exact scan, over up to twenty items of each category as queries."""
    hits = total = 0
    for part in parts:
        block = vectors[part.start : part.start + part.count]
        for place in range(0, part.count, max(1, part.count // 20)):
            exact = set(np.argsort(-(block @ block[place]), kind="stable")[:k].tolist())
            hits += len(exact & set(nearest(forest[part.name], block[place], k)[0]))
            total += len(exact)
    return hits / total


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


def _plant(path: Path, vectors: FloatArray, part: CategoryPart) -> annoy.AnnoyIndex:
    tree = annoy.AnnoyIndex(vectors.shape[1], "angular")
    tree.set_seed(SEED)
    for place, vector in enumerate(vectors[part.start : part.start + part.count]):
        tree.add_item(place, vector)
    # One job: with more, the same seed no longer gives the same bytes.
    tree.build(TREES, n_jobs=1)
    tree.save(str(path))
    return tree


def _canary(tree: annoy.AnnoyIndex, part: CategoryPart) -> Canary:
    middle = part.count // 2
    places = nearest(tree, np.array(tree.get_item_vector(middle), np.float32), CANARY_NEIGHBOURS)[0]
    return Canary(part.name, part.start + middle, tuple(part.start + place for place in places))


def _columns(
    items: Sequence[IndexedItem], embeddings: FloatArray, means: Mapping[str, FloatArray]
) -> dict[str, NDArray[Any]]:
    """What filters ask and rankings need of every row, in arrays."""
    genders, gender = np.unique([item.gender.casefold() for item in items], return_inverse=True)
    brands, brand = np.unique([item.brand.casefold() for item in items], return_inverse=True)
    centres = np.array([means[item.category] for item in items])
    return {
        "keys": np.array([item_key(item.id) for item in items], np.uint64),
        "products": np.array([product_of(item) for item in items], np.uint64),
        "spread": spread_of(embeddings, centres),
        "genders": genders,
        "gender": gender.astype(np.int32),
        "brands": brands,
        "brand": brand.astype(np.int32),
        "price": np.array([np.nan if item.price is None else item.price for item in items], np.float64),
        "in_stock": np.array([item.in_stock for item in items], np.bool_),
    }


def product_of(item: IndexedItem) -> int:
    """The number of the product that an item is a variant of; an item that has no name is its own."""
    return product_key(item.brand, item.name, item.group) or item_key(item.id)


def _write_items(path: Path, items: Sequence[IndexedItem]) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "CREATE TABLE items (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
            " brand TEXT NOT NULL, category TEXT NOT NULL, gender TEXT NOT NULL, price REAL,"
            " currency TEXT NOT NULL, src TEXT NOT NULL, url TEXT NOT NULL, in_stock INTEGER NOT NULL) STRICT"
        )
        rows = [(row, *(getattr(item, name) for name in SHOWN)) for row, item in enumerate(items)]
        marks = ",".join("?" * (1 + len(SHOWN)))
        connection.executemany(f"INSERT INTO items VALUES ({marks})", rows)  # noqa: S608
    connection.close()
