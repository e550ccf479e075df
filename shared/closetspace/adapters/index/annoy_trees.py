"""Annoy files: how they are built and searched. Each holds the search vectors of one category."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import annoy
import numpy as np

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.bundle import CategoryPart

TREES = 24
"""Trees of a file: recall@50 of .99 and more at the measured catalog sizes (see the manifest's ``recall``)."""

SEED = 20

SEARCH_NODES_PER_RESULT = 12
"""Nodes that a search inspects for each result and each tree: a measured trade-off of recall and time."""


def build_annoy(path: Path, vectors: FloatArray) -> annoy.AnnoyIndex:
    """Build and save the file of ``vectors (n, 2d)``; the same vectors give the same bytes."""
    index = annoy.AnnoyIndex(vectors.shape[1], "angular")
    index.set_seed(SEED)
    for position, vector in enumerate(vectors):
        index.add_item(position, vector)
    # One job, because with more the same seed gives other bytes.
    index.build(TREES, n_jobs=1)
    index.save(str(path))
    return index


def load_annoy(path: Path, dim: int) -> annoy.AnnoyIndex:
    """Map a file of vectors of length ``2 * dim`` into memory. Raises `OSError` if that fails."""
    index = annoy.AnnoyIndex(2 * dim, "angular")
    index.load(str(path))
    return index


def nearest(index: annoy.AnnoyIndex, query: FloatArray, k: int) -> list[int]:
    """Return the ``k`` nearest positions within a category, the nearest first."""
    positions: list[int] = index.get_nns_by_vector(query, k, search_k=k * TREES * SEARCH_NODES_PER_RESULT)
    return positions


def measure_recall(
    indexes: Mapping[str, annoy.AnnoyIndex], vectors: FloatArray, parts: Sequence[CategoryPart], k: int = 50
) -> float:
    """Return the mean recall@k against an exact scan, for up to twenty items of each category as queries."""
    hits = total = 0
    for part in parts:
        block = vectors[part.start : part.start + part.count]
        for position in range(0, part.count, max(1, part.count // 20)):
            exact = set(np.argsort(-(block @ block[position]), kind="stable")[:k].tolist())
            hits += len(exact & set(nearest(indexes[part.name], block[position], k)))
            total += len(exact)
    return hits / total
