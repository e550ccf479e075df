"""Interests: the parts of a closet, and the similarity of candidates to them."""

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
CATEGORY_MEANS = {"Shoes": np.array([0.5, 0, 0, 0], np.float32), "Topwear": np.array([0, 0.5, 0, 0], np.float32)}
SEEDS = st.integers(0, 2**32 - 1)


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


def random_closet(seed: int, count: int) -> ClosetArrays:
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((count, DIM)).astype(np.float32))
    return closet(vectors, random.choice(CATEGORIES, count).tolist())


FOUR = closet(
    np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0.8, 0.6, 0], [0, 0, 1, 0]], np.float32),
    ["Shoes", "Topwear", "Topwear", "Topwear"],
)


def anchor_in(owned: ClosetArrays, category: str) -> Anchor:
    interests = derive_interests(owned)
    return build_anchor(interests, category, style_direction(interests, CATEGORY_MEANS))


@given(SEEDS, st.integers(1, 50))
def test_mean_of_stored_vectors_does_not_depend_on_their_order(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, DIM)).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(mean_vector(vectors), mean_vector(random.permutation(vectors)))


def test_empty_closet_has_no_interests() -> None:
    empty = closet(np.zeros((0, DIM), np.float32), [])
    assert derive_interests(empty) == ()
    assert mean_vector(empty.vectors).shape == (0,)


@given(SEEDS, st.integers(1, 30))
def test_interests_cover_every_item_once(seed: int, count: int) -> None:
    owned = random_closet(seed, count)
    interests = derive_interests(owned)
    assert sum(interest.count for interest in interests) == count
    total = np.sum([interest.mean * interest.count for interest in interests], axis=0)
    np.testing.assert_allclose(total, owned.vectors.sum(axis=0), atol=1e-4)
    assert [interest.category for interest in interests] == sorted(set(owned.categories))


def test_anchor_is_the_mean_of_the_owned_items_of_the_category() -> None:
    anchor = anchor_in(FOUR, "Topwear")
    np.testing.assert_allclose(anchor.embedding, unit(np.array([0, 1.8, 1.6, 0], np.float32)), atol=1e-6)
    assert anchor.interest == 1


def test_anchor_of_a_category_that_is_not_owned_is_the_mean_of_the_closet() -> None:
    anchor = anchor_in(FOUR, "Bottomwear")
    np.testing.assert_allclose(anchor.embedding, unit(np.array([1, 1.8, 1.6, 0], np.float32)), atol=1e-6)
    assert anchor.interest == 1, "the largest interest"


def test_style_is_the_closets_mean_offset_from_the_category_means() -> None:
    anchor = anchor_in(FOUR, "Bottomwear")
    np.testing.assert_allclose(anchor.style, unit(np.array([0.5, 0.3, 1.6, 0], np.float32)), atol=1e-6)


def test_first_of_equally_large_interests_is_named_for_the_closet() -> None:
    two = closet(np.eye(DIM, dtype=np.float32)[:2], ["Topwear", "Shoes"])
    assert anchor_in(two, "Bottomwear").interest == 0


@given(SEEDS, st.integers(1, 20), st.sampled_from(CATEGORIES))
def test_similarity_is_the_weighted_sum_of_two_cosines(seed: int, count: int, category: str) -> None:
    anchor = anchor_in(random_closet(seed, count), category)
    candidates = random_closet(seed + 1, 30).vectors
    mean = CATEGORY_MEANS.get(category, np.zeros(DIM, np.float32))
    residual = residuals(candidates, [category] * 30, CATEGORY_MEANS)
    expected = EMBEDDING_SHARE * candidates @ anchor.embedding + (1 - EMBEDDING_SHARE) * residual @ anchor.style
    similarities = similarity(candidates, mean, spread_of(candidates, mean), anchor)
    np.testing.assert_allclose(similarities, expected, atol=1e-5)
    assert (np.abs(similarities) <= 1 + 1e-5).all()


def test_candidate_at_its_categorys_mean_has_a_finite_similarity_without_style() -> None:
    anchor = anchor_in(FOUR, "Shoes")
    mean = CATEGORY_MEANS["Shoes"][None]
    similarities = similarity(mean, mean[0], spread_of(mean, mean[0]), anchor)
    np.testing.assert_allclose(similarities, EMBEDDING_SHARE * mean @ anchor.embedding, atol=1e-6)


def test_taste_does_not_depend_on_the_order_of_uploads() -> None:
    owned = [Piece(c, colour, "Men", "Casual", n) for n in range(4) for colour in ("Red", "Blue") for c in CATEGORIES]
    one, other = profile_of(owned).taste, profile_of(owned[::-1]).taste
    assert [(i.category, i.count, i.mean.tobytes()) for i in one.interests] == [
        (i.category, i.count, i.mean.tobytes()) for i in other.interests
    ]
    assert one.mean.tobytes() == other.mean.tobytes()
