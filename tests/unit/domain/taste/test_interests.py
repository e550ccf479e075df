"""Interests: what a closet is parted into, and how near a candidate is to it."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.encoder.vectors import FloatArray, mean_vector, residuals, spread_of, unit
from closetspace.domain.taste.interests import (
    EMBEDDING_SHARE,
    Anchor,
    build_anchor,
    derive_interests,
    similarity,
    style_direction,
)
from closetspace.domain.wardrobe.closet import ClosetArrays
from tests.support.structured import Piece, profile_of

DIM = 4
CATEGORIES = ("Bottomwear", "Shoes", "Topwear")
USUAL = {"Shoes": np.array([0.5, 0, 0, 0], np.float32), "Topwear": np.array([0, 0.5, 0, 0], np.float32)}
ANYTHING = st.integers(0, 2**32 - 1)


def closet(vectors: FloatArray, categories: Sequence[str]) -> ClosetArrays:
    count = len(vectors)
    return ClosetArrays(
        ids=tuple(f"item-{number}" for number in range(count)),
        vectors=vectors,
        categories=tuple(categories),
        attributes=np.zeros((count, 0), np.uint8),
        titles=("",) * count,
        products=np.zeros(count, np.uint64),
    )


def drawn(seed: int, count: int) -> ClosetArrays:
    """A closet by chance."""
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((count, DIM)).astype(np.float32))
    return closet(vectors, random.choice(CATEGORIES, count).tolist())


FOUR = closet(
    np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0.8, 0.6, 0], [0, 0, 1, 0]], np.float32),
    ["Shoes", "Topwear", "Topwear", "Topwear"],
)


def anchor_in(owned: ClosetArrays, category: str) -> Anchor:
    interests = derive_interests(owned)
    return build_anchor(interests, category, style_direction(interests, USUAL))


@given(ANYTHING, st.integers(1, 50))
def test_mean_is_the_same_in_any_order_of_what_the_database_kept(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, DIM)).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(mean_vector(vectors), mean_vector(random.permutation(vectors)))


def test_empty_closet_has_no_interest() -> None:
    nothing = closet(np.zeros((0, DIM), np.float32), [])
    assert derive_interests(nothing) == ()
    assert mean_vector(nothing.vectors).shape == (0,)


@given(ANYTHING, st.integers(1, 30))
def test_interests_part_the_closet(seed: int, count: int) -> None:
    owned = drawn(seed, count)
    interests = derive_interests(owned)
    assert sum(interest.count for interest in interests) == count
    whole = np.sum([interest.mean * interest.count for interest in interests], axis=0)
    np.testing.assert_allclose(whole, owned.vectors.sum(axis=0), atol=1e-4)
    assert [interest.category for interest in interests] == sorted(set(owned.categories))


def test_candidates_are_compared_with_what_is_owned_of_their_category() -> None:
    to = anchor_in(FOUR, "Topwear")
    np.testing.assert_allclose(to.embedding, unit(np.array([0, 1.8, 1.6, 0], np.float32)), atol=1e-6)
    assert to.interest == 1


def test_all_of_the_closet_stands_in_for_a_category_that_it_lacks() -> None:
    to = anchor_in(FOUR, "Bottomwear")
    np.testing.assert_allclose(to.embedding, unit(np.array([1, 1.8, 1.6, 0], np.float32)), atol=1e-6)
    assert to.interest == 1, "the largest interest"


def test_style_is_what_the_whole_closet_has_beyond_its_categories() -> None:
    to = anchor_in(FOUR, "Bottomwear")
    np.testing.assert_allclose(to.style, unit(np.array([0.5, 0.3, 1.6, 0], np.float32)), atol=1e-6)


def test_first_of_equally_large_interests_stands_for_all() -> None:
    two = closet(np.eye(DIM, dtype=np.float32)[:2], ["Topwear", "Shoes"])
    assert anchor_in(two, "Bottomwear").interest == 0


@given(ANYTHING, st.integers(1, 20), st.sampled_from(CATEGORIES))
def test_similarity_is_the_cosine_and_that_of_the_residuals(seed: int, count: int, category: str) -> None:
    to = anchor_in(drawn(seed, count), category)
    candidates = drawn(seed + 1, 30).vectors
    mean = USUAL.get(category, np.zeros(DIM, np.float32))
    residual = residuals(candidates, [category] * 30, USUAL)
    expected = EMBEDDING_SHARE * candidates @ to.embedding + (1 - EMBEDDING_SHARE) * residual @ to.style
    found = similarity(candidates, mean, spread_of(candidates, mean), to)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (np.abs(found) <= 1 + 1e-5).all()


def test_candidate_on_its_categorys_mean_has_no_style_and_does_no_harm() -> None:
    to = anchor_in(FOUR, "Shoes")
    mean = USUAL["Shoes"][None]
    found = similarity(mean, mean[0], spread_of(mean, mean[0]), to)
    np.testing.assert_allclose(found, EMBEDDING_SHARE * mean @ to.embedding, atol=1e-6)


def test_taste_is_the_same_in_any_order_of_uploads() -> None:
    owned = [Piece(c, colour, "Men", "Casual", n) for n in range(4) for colour in ("Red", "Blue") for c in CATEGORIES]
    one, other = profile_of(owned).taste, profile_of(owned[::-1]).taste
    assert [(i.category, i.count, i.mean.tobytes()) for i in one.interests] == [
        (i.category, i.count, i.mean.tobytes()) for i in other.interests
    ]
    assert one.mean.tobytes() == other.mean.tobytes()
