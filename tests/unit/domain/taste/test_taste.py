"""Tastes as they are derived from closets."""

import numpy as np

from closetspace.domain.taste.taste import derive_taste
from tests.support.recommending import CLOSET, person_with


def test_taste_has_the_mean_of_the_closets_vectors() -> None:
    taste = derive_taste(person_with(CLOSET).closet, "hash-1")
    vectors = np.array([entry.vector for entry in CLOSET.values()], np.float64)
    np.testing.assert_allclose(taste.mean, vectors.mean(axis=0), atol=1e-6)
    assert taste.count == 12
