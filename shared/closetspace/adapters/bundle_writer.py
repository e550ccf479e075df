"""Write an index bundle's files: vectors, Annoy files, what answers show, and the manifest over them."""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import annoy
import numpy as np

from closetspace.domain.bundle import (
    ITEMS,
    KEYS,
    MANIFEST,
    MEANS,
    VECTORS,
    BundleContents,
    Canary,
    CategoryPart,
    Manifest,
)
from closetspace.domain.catalog import CatalogItem
from closetspace.domain.encoding import FloatArray, Shares
from closetspace.domain.style import residuals, side_by_side

TREES = 24
"""Trees an Annoy file: recall@50 of .99 and more at the catalog sizes measured (see the manifest's ``recall``)."""

SEED = 20
CANARY_NEIGHBOURS = 10
SEARCH_NODES_PER_RESULT = 12
"""Annoy inspects this many nodes for each result asked for and each tree: recall against time, measured."""


def write_bundle(directory: Path, source: BundleContents, created: datetime) -> Manifest:
    """Write all files of a bundle into an empty folder, byte for byte the same for the same source and time."""
    order = sorted(range(len(source.items)), key=lambda i: (source.items[i].category, source.items[i].id))
    items = [source.items[i] for i in order]
    embeddings = source.embeddings[order]
    categories = [item.category for item in items]
    parts = _parts(categories)
    means = np.array([embeddings[p.start : p.start + p.count].mean(axis=0, dtype=np.float64) for p in parts])
    by_name = {part.name: mean.astype(np.float32) for part, mean in zip(parts, means, strict=True)}
    vectors = side_by_side(embeddings, residuals(embeddings, categories, by_name))
    np.save(directory / VECTORS, vectors)
    np.save(directory / MEANS, means.astype(np.float32))
    np.save(directory / KEYS, np.array([item_key(item.id) for item in items], np.uint64))
    attributes = [source.attributes[i] for i in order] if source.attributes else []
    _write_items(directory / ITEMS, items, attributes)
    forest = {part.name: _plant(directory / part.annoy_file, vectors, part) for part in parts}
    manifest = Manifest(
        version=_version(source, created),
        encoder=source.encoder,
        dim=vectors.shape[1],
        trees=TREES,
        seed=SEED,
        source=source.catalog,
        created=created.isoformat(),
        count=len(items),
        recall=measured_recall(forest, vectors, parts),
        categories=tuple(parts),
        canaries=tuple(_canary(forest[part.name], part) for part in parts),
        files={path.name: file_hash(path) for path in sorted(directory.iterdir())},
    )
    (directory / MANIFEST).write_bytes(manifest.to_json())
    return manifest


def item_key(item_id: str) -> int:
    """A catalog item's stable number: 64 bits of BLAKE2b of its id."""
    return int.from_bytes(hashlib.blake2b(item_id.encode(), digest_size=8).digest(), "little")


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
    digest = hashlib.sha256(f"{source.catalog} {source.encoder}".encode()).hexdigest()
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


def _write_items(path: Path, items: Sequence[CatalogItem], attributes: Sequence[Mapping[str, Shares]]) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "CREATE TABLE items (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
            " brand TEXT NOT NULL, category TEXT NOT NULL, gender TEXT NOT NULL, price REAL,"
            " currency TEXT NOT NULL, src TEXT NOT NULL,"
            " url TEXT NOT NULL) STRICT"
        )
        rows = [
            (row, i.id, i.name, i.brand, i.category, i.gender, i.price, i.currency, i.src, i.url)
            for row, i in enumerate(items)
        ]
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute(
            "CREATE TABLE attributes (row INTEGER NOT NULL, attribute TEXT NOT NULL, label TEXT NOT NULL,"
            " share REAL NOT NULL, PRIMARY KEY (row, attribute, label)) STRICT, WITHOUT ROWID"
        )
        told = [
            (row, attribute, label, share)
            for row, known in enumerate(attributes)
            for attribute, shares in known.items()
            for label, share in shares.items()
        ]
        connection.executemany("INSERT INTO attributes VALUES (?, ?, ?, ?)", told)
    connection.close()
