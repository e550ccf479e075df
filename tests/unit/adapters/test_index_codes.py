"""Codes: how nearly they tell what vectors tell."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from closetspace.adapters.index.codes import CODE_LENGTH, MOST_STEPS, CodedRows, Coding, derive_coding
from closetspace.domain.encoder.attributes import PackedAttributes
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.index import Score


def garments(count: int, dim: int, seed: int = 1) -> FloatArray:
    """Vectors that vary in few directions, as those of an encoder do."""
    random = np.random.default_rng(seed)
    directions = np.random.default_rng(0).standard_normal((20, dim))
    noise = random.standard_normal((count, dim))
    return unit((random.standard_normal((count, 20)) @ directions + noise).astype(np.float32))


def score_of(directions: FloatArray) -> Score:
    """The score that adds the first label, the first product, and the second one over the spread."""

    def fit(attributes: PackedAttributes) -> FloatArray:
        return attributes[:, 0].astype(np.float32)

    return Score(directions, fit, lambda products, spread: products[:, 0] + products[:, 1] / spread)


def test_scores_by_codes_are_nearly_those_by_vectors() -> None:
    vectors, directions = garments(2_000, 256), garments(2, 256, seed=2)
    random = np.random.default_rng(3)
    spread = random.uniform(0.5, 1, 2_000).astype(np.float32)
    attributes = random.integers(0, 2, (2_000, 3), dtype=np.uint8)
    score, coding = score_of(directions), derive_coding(vectors)
    codes = coding.encode(vectors)
    assert codes.shape == (2_000, CODE_LENGTH)
    by_codes = coding.score_by(score)(CodedRows(codes, spread, attributes))
    exact = score(vectors @ directions.T, spread, attributes)
    np.testing.assert_allclose(by_codes, exact, atol=0.15)
    assert np.corrcoef(by_codes - attributes[:, 0], exact - attributes[:, 0])[0, 1] > 0.99


@given(count=st.integers(1, 50), dim=st.integers(1, 100), seed=st.integers(1, 9))
def test_codes_are_as_long_as_vectors_up_to_a_limit(count: int, dim: int, seed: int) -> None:
    vectors = garments(count, dim, seed)
    coding = derive_coding(vectors)
    codes = coding.encode(vectors)
    assert codes.shape == (count, min(dim, CODE_LENGTH))
    if dim <= CODE_LENGTH:
        np.testing.assert_allclose(codes * coding.steps @ coding.basis.T, vectors, atol=0.05)


def test_coordinates_beyond_those_of_the_sample_are_the_largest() -> None:
    coding = Coding(np.eye(2, dtype=np.float32), np.full(2, 1 / MOST_STEPS, np.float32))
    assert coding.encode(np.array([[2, -3]], np.float32)).tolist() == [[MOST_STEPS, -MOST_STEPS]]


def test_rows_are_picked_by_places_and_by_slices() -> None:
    rows = CodedRows(np.eye(4, dtype=np.int8), np.arange(4, dtype=np.float32), np.eye(4, dtype=np.uint8))
    for picked in (rows.of(np.array([1, 2])), rows.of(slice(1, 3))):
        assert picked.codes.argmax(axis=1).tolist() == picked.spread.tolist() == [1, 2]
        assert picked.attributes.argmax(axis=1).tolist() == [1, 2]
