"""Annoy files: how they are built and searched. Each holds the search vectors of one category."""

from pathlib import Path

import annoy
import numpy as np

from closetspace.domain.encoder.vectors import FloatArray, unit

TREES = 24
"""Trees of a file: recall@50 of .99 and more at the measured catalog sizes (see the manifest's ``recall``)."""

SEED = 20

OWNED = 4
"""Items of a category in a usual closet."""

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


def measure_recall(index: annoy.AnnoyIndex, vectors: FloatArray, k: int = 50) -> tuple[int, int]:
    """Return how many of the ``k`` nearest a search finds, against an exact scan, and how many there are.

    Up to twenty queries are means of `OWNED` vectors: closets ask with means, which lie between the items.
    """
    found = total = 0
    count = len(vectors)
    for position in range(0, count, max(1, count // 20)):
        owned = vectors[(position + np.arange(OWNED) * (count // OWNED + 1)) % count]
        query = np.concatenate([unit(half.mean(axis=0)) for half in np.split(owned, 2, axis=1)])
        exact = set(np.argsort(-(vectors @ query), kind="stable")[:k].tolist())
        found += len(exact & set(nearest(index, query, k)))
        total += len(exact)
    return found, total
