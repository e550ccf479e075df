"""Which labels belong to a person, as far as their closet tells."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.encoding import FloatArray
from closetspace.domain.membership import MOST_LABELS, Weighed, weigh

BLACK, BLUE, WHITE, GREY, NAVY, RED, RUST = range(7)
USUAL = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.06, 0.04], np.float32)

Closet = list[tuple[int, float]]


def told(labels: Sequence[int], sure: float = 0.9) -> FloatArray:
    """What a head says that is so sure of each label, and leaves the rest to what is usual."""
    return closet([(label, sure) for label in labels])


def closet(items: Closet) -> FloatArray:
    rows = [sure * np.eye(len(USUAL))[label] + (1 - sure) * USUAL for label, sure in items]
    return np.array(rows, np.float32).reshape(-1, len(USUAL))


def weighed(rows: FloatArray, free: int | None = None) -> Weighed:
    usual = np.tile(USUAL, (len(rows), 1))
    return weigh(rows, usual, None if free is None else np.arange(len(USUAL)) == free)


def members(rows: FloatArray, free: int | None = None) -> FloatArray:
    return weighed(rows, free).worn().member


closets = st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1)), min_size=1, max_size=30)


def test_one_item_and_two_labels_weigh_what_they_weigh_by_hand() -> None:
    even = np.full((1, 2), 0.5, np.float32)
    worn = weigh(np.array([[1, 0]], np.float32), even).worn()
    # The sets {first}, {second} and {both} make the item 1.8, 0.2 and 1 times as likely as it is usual; a set of two
    # is e times less likely than both sets of one together.
    whole = (1.8 + 0.2) / 2 + 1 / np.e
    np.testing.assert_allclose(worn.member, [(1.8 / 2 + 1 / np.e) / whole, (0.2 / 2 + 1 / np.e) / whole], rtol=1e-6)


@pytest.mark.parametrize("palette", [(BLACK, NAVY), (WHITE, RUST), (RED, RUST)])
def test_closet_of_two_colours_shows_its_palette(palette: tuple[int, int]) -> None:
    found = members(told([palette[0]] * 6 + [palette[1]] * 5))
    others = np.delete(found, palette)
    assert found[list(palette)].min() > 0.9
    assert others.max() < 0.05


def test_two_items_in_a_rare_colour_count_for_more_than_two_in_a_common_one() -> None:
    rare, common = (members(told([label] * 2 + [BLUE] * 9))[label] for label in (RUST, BLACK))
    assert rare > 0.5 > common


def test_stray_item_in_a_large_closet_is_no_member() -> None:
    assert members(told([BLACK] * 20 + [RED]))[RED] < 0.1


def test_large_closet_may_hold_every_colour() -> None:
    as_often_as_sold = [label for label, share in enumerate(USUAL) for _ in range(round(200 * share))]
    assert members(told(as_often_as_sold)).min() > 0.8


def test_item_that_the_head_is_not_sure_of_counts_for_less() -> None:
    by_sureness = [float(members(told([RUST, RUST], sure))[RUST]) for sure in (0.9, 0.6, 0.3, 0.1, 0)]
    assert by_sureness == sorted(by_sureness, reverse=True)
    assert by_sureness[0] > by_sureness[1] + 0.02 > by_sureness[-1] + 0.5


@given(closets, st.integers(1, 5))
def test_item_that_nothing_is_told_of_changes_nothing(items: Closet, silent: int) -> None:
    rows = closet(items)
    np.testing.assert_allclose(members(np.vstack([rows, told([BLACK] * silent, 0)])), members(rows), atol=1e-4)


@given(closets)
def test_memberships_are_likelihoods_and_shares_sum_to_one(items: Closet) -> None:
    worn = weighed(closet(items)).worn()
    assert worn.member.min() >= 0
    assert worn.member.max() <= 1 + 1e-6
    assert worn.member.sum() >= 1 - 1e-5, "everybody wears something"
    assert worn.share.sum() == pytest.approx(1, abs=1e-5)
    assert worn.share.min() >= 0
    assert worn.member.dtype == worn.share.dtype == np.float32


@given(closets, st.randoms())
def test_order_of_items_does_not_matter(items: Closet, random: Random) -> None:
    shuffled = random.sample(items, len(items))
    np.testing.assert_allclose(members(closet(shuffled)), members(closet(items)), atol=1e-5)


@given(closets.filter(lambda items: len(items) > 1))
def test_closet_without_an_item_is_weighed_as_if_it_had_never_been_there(items: Closet) -> None:
    rows = closet(items)
    expected = [members(np.delete(rows, place, axis=0)) for place in range(len(rows))]
    np.testing.assert_allclose(weighed(rows).without_each(), expected, atol=1e-5)


def test_without_its_only_item_a_closet_tells_what_one_of_unknown_items_does() -> None:
    np.testing.assert_allclose(weighed(told([RED])).without_each()[0], members(told([RED], 0)), atol=1e-6)


@given(closets, st.integers(0, 6))
def test_free_label_is_always_a_member(items: Closet, free: int) -> None:
    weights = weighed(closet(items), free)
    assert weights.worn().member[free] == pytest.approx(1)
    np.testing.assert_allclose(weights.without_each()[:, free], 1, atol=1e-6)


def test_free_label_hides_no_other() -> None:
    """Most of the closet is unisex, and what is not is of one gender."""
    found = members(told([RED] * 10 + [NAVY] * 3), free=RED)
    assert found[NAVY] > 0.9
    assert np.delete(found, [RED, NAVY]).max() < 0.2


def test_items_are_compared_with_what_is_usual_in_their_own_category() -> None:
    """Black shoes tell little where all shoes are black; a black dress tells more."""
    usual = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], np.float32)
    says_black = np.array([[0.9, 0.05, 0.05]], np.float32)
    shoes, dress = (weigh(says_black, rows[None]).worn().member[0] for rows in usual)
    assert dress > shoes


def test_one_label_is_the_persons() -> None:
    assert weigh(np.ones((3, 1), np.float32), np.ones((3, 1), np.float32)).worn().member.tolist() == [1]


@pytest.mark.parametrize("labels", [2, MOST_LABELS - 1, MOST_LABELS, MOST_LABELS + 1, 46])
def test_labels_that_the_closet_shows_most_are_combined_however_many_there_are(labels: int) -> None:
    usual = np.full((8, labels), 1 / labels, np.float32)
    rows = 0.9 * np.eye(labels, dtype=np.float32)[[labels - 1] * 4 + [0] * 4] + 0.1 * usual
    weights = weigh(rows, usual)
    assert weights.sets.shape == (2 ** min(labels, MOST_LABELS) - 1, labels)
    found = weights.worn().member
    assert found[[0, labels - 1]].min() > 0.9
    assert (found > 0).sum() <= MOST_LABELS


def test_label_that_no_product_has_does_no_harm() -> None:
    usual = np.array([[1, 0, 0]] * 5, np.float32)
    found = weigh(np.eye(3, dtype=np.float32)[[0, 1, 1, 1, 2]], usual).worn().member
    assert np.isfinite(found).all()
    assert found[1] > 0.9


@pytest.mark.parametrize("count", [1, 300, 5_000])
def test_closets_of_any_size_are_weighed_without_overflow(count: int) -> None:
    weights = weighed(told([(BLACK, NAVY, RED)[number % 3] for number in range(count)], 1))
    assert np.isfinite(weights.without_each()).all()
    assert weights.worn().member[BLACK] > 0.5


def test_attribute_whose_labels_are_all_free_says_nothing() -> None:
    told = np.ones((3, 1), np.float32)
    worn = weigh(told, told, np.array([True])).worn()
    assert (worn.member.tolist(), worn.share.tolist()) == ([1.0], [1.0])
