"""Interests: what a closet is parted into, and how near a candidate is to it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.background import Background
from closetspace.domain.closet import Wearables
from closetspace.domain.encoding import FloatArray
from closetspace.domain.interests import (
    LEAST_PARTED,
    MOST_STYLES,
    Variant,
    anchors,
    interests_of,
    similarities,
    styles_of,
    without,
)
from closetspace.domain.style import mean_of, residuals, spread_of, unit
from tests.structured import Piece, background, wearer_of
from tests.test_index import ENCODER as HASH

DIM = 4
CATEGORIES = ("Bottomwear", "Shoes", "Topwear")
USUAL = {"Shoes": np.array([0.5, 0, 0, 0], np.float32), "Topwear": np.array([0, 0.5, 0, 0], np.float32)}
ANYTHING = st.integers(0, 2**32 - 1)


def closet(vectors: FloatArray, categories: Sequence[str]) -> Wearables:
    count = len(vectors)
    return Wearables(
        ids=tuple(f"item-{number}" for number in range(count)),
        vectors=vectors,
        categories=tuple(categories),
        attributes=np.zeros((count, 0), np.uint8),
        titles=("",) * count,
        products=np.zeros(count, np.uint64),
    )


def drawn(seed: int, count: int) -> tuple[Wearables, np.ndarray]:
    """A closet by chance, and a style for each item."""
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((count, DIM)).astype(np.float32))
    return closet(vectors, random.choice(CATEGORIES, count).tolist()), random.integers(0, 3, count)


FOUR = closet(
    np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0.8, 0.6, 0], [0, 0, 1, 0]], np.float32),
    ["Shoes", "Topwear", "Topwear", "Topwear"],
)
STYLE = np.array([0, 1, 1, 0])


@given(ANYTHING, st.integers(1, 50))
def test_mean_is_the_same_in_any_order_of_what_the_database_kept(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, DIM)).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(mean_of(vectors), mean_of(random.permutation(vectors)))


def test_empty_closet_has_no_interest_and_no_style() -> None:
    nothing = closet(np.zeros((0, DIM), np.float32), [])
    assert interests_of(nothing) == ()
    assert styles_of(nothing, Background(HASH.heads)).tolist() == []
    assert mean_of(nothing.vectors).shape == (0,)


@given(ANYTHING, st.integers(1, 30))
def test_interests_part_the_closet(seed: int, count: int) -> None:
    worn, style = drawn(seed, count)
    for parted in (None, style):
        interests = interests_of(worn, parted)
        assert sum(interest.count for interest in interests) == count
        whole = np.sum([interest.mean * interest.count for interest in interests], axis=0)
        np.testing.assert_allclose(whole, worn.vectors.sum(axis=0), atol=1e-4)
    assert [interest.category for interest in interests_of(worn)] == sorted(set(worn.categories))


@given(ANYTHING, st.integers(1, 30))
def test_interests_without_an_item_are_those_of_the_closet_without_it(seed: int, count: int) -> None:
    worn, style = drawn(seed, count)
    item = seed % count
    others = np.delete(np.arange(count), item)
    left = without(interests_of(worn, style), worn.categories[item], int(style[item]), worn.vectors[item])
    again = interests_of(worn.only(others), style[others])
    assert [(one.category, one.style, one.count) for one in left] == [(o.category, o.style, o.count) for o in again]
    for one, other in zip(left, again, strict=True):
        np.testing.assert_allclose(one.mean, other.mean, atol=1e-4)


def two_of_each_style(count: int) -> list[Piece]:
    """Of three ways to dress, two categories each."""
    ways = [("Red", "Formal"), ("Blue", "Sports"), ("Yellow", "Casual")]
    return [
        Piece(category, colour, "Men", usage, number)
        for number in range(count)
        for colour, usage in ways
        for category in ("Topwear", "Shoes")
    ]


def test_small_closet_is_of_one_style() -> None:
    worn = wearer_of(two_of_each_style(1)[: LEAST_PARTED - 1]).worn
    assert set(styles_of(worn, background()).tolist()) == {0}


@given(ANYTHING)
def test_styles_that_lie_apart_are_told_apart_in_any_order(seed: int) -> None:
    owned = np.random.default_rng(seed).permutation(np.array(two_of_each_style(3), object)).tolist()
    worn = closet(np.array([piece.vector for piece in owned]), [piece.category for piece in owned])
    found = styles_of(worn, background()).tolist()
    pairs = {(piece.usage, style) for piece, style in zip(owned, found, strict=True)}
    assert len(pairs) == len({style for _, style in pairs}) == 3


def test_twenty_copies_of_one_item_are_parted_without_harm() -> None:
    worn = closet(np.tile(unit(np.ones(DIM, np.float32)), (20, 1)), ["Topwear"] * 20)
    assert set(styles_of(worn, Background(HASH.heads)).tolist()) <= set(range(MOST_STYLES))


def test_items_on_their_categorys_mean_have_a_style_nevertheless() -> None:
    mean = background().usual_means["Topwear"]
    worn = closet(np.tile(mean, (8, 1)), ["Topwear"] * 8)
    assert len(set(styles_of(worn, background()).tolist())) == 1


def test_one_mean_stands_for_every_category() -> None:
    to = anchors(interests_of(FOUR), "Shoes", Variant.MEAN, USUAL)
    np.testing.assert_allclose(to.near, [unit(np.array([1, 1.8, 1.6, 0], np.float32))], atol=1e-6)
    assert to.share == 1
    assert not to.style.any()
    assert to.interests == (0,)


@pytest.mark.parametrize("variant", [Variant.CATEGORY, Variant.STYLE])
def test_candidates_are_compared_with_what_is_owned_of_their_category(variant: Variant) -> None:
    to = anchors(interests_of(FOUR), "Topwear", variant, USUAL)
    np.testing.assert_allclose(to.near, [unit(np.array([0, 1.8, 1.6, 0], np.float32))], atol=1e-6)
    assert to.interests == (1,)


@pytest.mark.parametrize("variant", [Variant.CATEGORY, Variant.STYLE])
def test_all_of_the_closet_stands_in_for_a_category_that_it_lacks(variant: Variant) -> None:
    to = anchors(interests_of(FOUR), "Bottomwear", variant, USUAL)
    np.testing.assert_allclose(to.near, [unit(np.array([1, 1.8, 1.6, 0], np.float32))], atol=1e-6)
    assert to.interests == (1,), "the largest interest"


def test_style_is_what_the_whole_closet_has_beyond_its_categories() -> None:
    to = anchors(interests_of(FOUR), "Bottomwear", Variant.STYLE, USUAL)
    np.testing.assert_allclose(to.style, [unit(np.array([0.5, 0.3, 1.6, 0], np.float32))], atol=1e-6)
    assert to.share == 0.5


def test_each_style_has_an_anchor_and_borrows_what_it_lacks_of_a_category() -> None:
    to = anchors(interests_of(FOUR, STYLE), "Shoes", Variant.STYLES, USUAL)
    np.testing.assert_allclose(to.near, [[1, 0, 0, 0]] * 2, atol=1e-6)
    of_style = np.array([[0.5, -0.5, 1, 0], [0, 0.8, 0.6, 0]], np.float32)
    np.testing.assert_allclose(to.style, unit(of_style), atol=1e-6)
    assert to.interests == (0, 2), "the second style has no shoes: its tops are what it stands for"


def test_each_styles_anchor_stands_for_what_is_owned_of_the_category_in_that_style() -> None:
    to = anchors(interests_of(FOUR, STYLE), "Topwear", Variant.STYLES, USUAL)
    np.testing.assert_allclose(to.near, unit(np.array([[0, 0, 1, 0], [0, 1.8, 0.6, 0]], np.float32)), atol=1e-6)
    assert to.interests == (1, 2), "the first style has a pair of shoes too, which serves nobody who looks for tops"


def test_first_of_equally_large_interests_stands_for_all() -> None:
    two = closet(np.eye(DIM, dtype=np.float32)[:2], ["Topwear", "Shoes"])
    assert anchors(interests_of(two), "Bottomwear", Variant.CATEGORY, USUAL).interests == (0,)


@given(ANYTHING, st.integers(1, 20), st.sampled_from(Variant), st.sampled_from(CATEGORIES))
def test_similarity_is_the_cosine_and_that_of_the_residuals(
    seed: int, count: int, variant: Variant, category: str
) -> None:
    worn, style = drawn(seed, count)
    to = anchors(interests_of(worn, style if variant.by_style else None), category, variant, USUAL)
    candidates = drawn(seed + 1, 30)[0].vectors
    mean = USUAL.get(category, np.zeros(DIM, np.float32))
    residual = residuals(candidates, [category] * 30, USUAL)
    expected = to.share * candidates @ to.near.T + (1 - to.share) * residual @ to.style.T
    found = similarities(candidates, mean, spread_of(candidates, mean), to)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (np.abs(found) <= 1 + 1e-5).all()


def test_candidate_on_its_categorys_mean_has_no_style_and_does_no_harm() -> None:
    to = anchors(interests_of(FOUR), "Shoes", Variant.STYLE, USUAL)
    mean = USUAL["Shoes"][None]
    found = similarities(mean, mean[0], spread_of(mean, mean[0]), to)
    np.testing.assert_allclose(found, 0.5 * mean @ to.near.T, atol=1e-6)


def test_taste_is_the_same_in_any_order_of_uploads() -> None:
    owned = two_of_each_style(4)
    one, other = wearer_of(owned).taste, wearer_of(owned[::-1]).taste
    assert [(i.category, i.style, i.count, i.mean.tobytes()) for i in one.interests] == [
        (i.category, i.style, i.count, i.mean.tobytes()) for i in other.interests
    ]
    assert one.choice == other.choice
    assert one.mean.tobytes() == other.mean.tobytes()
