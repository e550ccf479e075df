"""Parts of scores that are kept from one request to the next."""

import numpy as np
import pytest

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Rows
from closetspace.domain.taste.kept_scores import MAX_KEPT, KeptScores


class Computing:
    """Counts how often a part is computed."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> FloatArray:
        self.times += 1
        return np.full(3, self.times, np.float32)


@pytest.fixture
def compute() -> Computing:
    return Computing()


ROWS = np.array([4, 5, 6])


def test_part_of_the_same_rows_is_computed_once(compute: Computing) -> None:
    kept = KeptScores()
    assert all(kept.get("v1", "Shoes", ROWS, compute).tolist() == [1, 1, 1] for _ in range(3))
    assert compute.times == 1


@pytest.mark.parametrize(
    ("version", "category", "rows"),
    [("v2", "Shoes", ROWS), ("v1", "Ties", ROWS), ("v1", "Shoes", ROWS + 1), ("v1", "Shoes", ROWS[:2])],
)
def test_another_version_category_or_range_is_computed_anew(
    version: str, category: str, rows: Rows, compute: Computing
) -> None:
    kept = KeptScores()
    kept.get("v1", "Shoes", ROWS, compute)
    assert kept.get(version, category, rows, compute).tolist() == [2, 2, 2]


@pytest.mark.parametrize("rows", [np.array([4, 6, 7]), np.zeros(0, np.int64)])
def test_rows_with_gaps_are_not_kept(rows: Rows, compute: Computing) -> None:
    kept = KeptScores()
    kept.get("v1", "Shoes", rows, compute)
    kept.get("v1", "Shoes", rows, compute)
    assert compute.times == 2


def test_a_large_catalog_does_not_fill_the_memory(compute: Computing) -> None:
    kept = KeptScores()
    for rows in (ROWS, np.arange(MAX_KEPT)):
        kept.get("v1", "Shoes", rows, lambda: np.zeros(len(rows), np.float32))  # noqa: B023
    kept.get("v1", "Shoes", ROWS, compute)
    assert compute.times == 0
    kept.get("v1", "Shoes", np.arange(MAX_KEPT), compute)
    assert compute.times == 1
