"""Packed attributes: what they hold of a garment, and the likeliest label of each."""

import numpy as np
import pytest

from closetspace.domain.encoder.attributes import UNKNOWN, likeliest_labels


@pytest.mark.parametrize(
    ("least", "labels"), [(0.0, [1, 0, 2]), (0.3, [1, 0, UNKNOWN]), (0.5, [1, UNKNOWN, UNKNOWN]), (1.0, [1, -1, -1])]
)
def test_label_counts_from_the_least_probability_on(least: float, labels: list[int]) -> None:
    rows = np.array([[0, 255, 0], [77, 60, 70], [20, 10, 76]], np.uint8)
    assert likeliest_labels(rows, least).tolist() == labels


def test_no_garments_have_no_labels() -> None:
    assert likeliest_labels(np.zeros((0, 3), np.uint8), 0.3).tolist() == []
