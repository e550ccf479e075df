"""The labels that a person wears, estimated from their closet."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.taste.membership import MAX_PARTIAL_MEMBERSHIP, LabelMembership, estimate_membership

BLACK, BLUE, WHITE, GREY, NAVY, RED, RUST = range(7)
BASE_RATES = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.06, 0.04], np.float32)

Closet = list[tuple[int, float]]


def predicted(labels: Sequence[int], certainty: float = 0.95) -> FloatArray:
    """Return a head's posteriors of items with these labels; the rest of the probability has the base rates."""
    return closet([(label, certainty) for label in labels])


def closet(items: Closet) -> FloatArray:
    rows = [p * np.eye(len(BASE_RATES))[label] + (1 - p) * BASE_RATES for label, p in items]
    return np.array(rows, np.float32).reshape(-1, len(BASE_RATES))


def named(count: int) -> NDArray[np.bool_]:
    return np.ones(count, np.bool_)


def estimate(rows: FloatArray, *, are_named: bool = True) -> LabelMembership:
    return estimate_membership(rows, np.tile(BASE_RATES, (len(rows), 1)), np.full(len(rows), are_named))


def members(rows: FloatArray) -> FloatArray:
    return estimate(rows).member


closets = st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1)), min_size=1, max_size=30)


def test_memberships_of_certain_labels_depend_on_their_number_of_items() -> None:
    """Four of twenty items are a fair share; three items of a colour count for little more than one."""
    labels = [BLACK] * 10 + [BLUE] * 4 + [WHITE] * 3 + [GREY] * 2 + [RED]
    certain, base_rates = np.eye(7, dtype=np.float32)[labels], np.full((20, 7), 1 / 7, np.float32)
    member = estimate_membership(certain, base_rates, named(20)).member
    np.testing.assert_allclose(member[[BLACK, BLUE]], 1, atol=1e-6)
    np.testing.assert_allclose(member[[WHITE, GREY, RED]], MAX_PARTIAL_MEMBERSHIP * np.array([3, 2, 1]) / 3, atol=1e-6)
    np.testing.assert_allclose(member[[NAVY, RUST]], 0, atol=1e-6)


@pytest.mark.parametrize("palette", [(BLACK, NAVY), (WHITE, RUST), (RED, RUST)])
def test_closet_of_two_colours_has_exactly_these_members(palette: tuple[int, int]) -> None:
    member = members(predicted([palette[0]] * 6 + [palette[1]] * 5))
    assert member[list(palette)].min() > 0.9
    assert np.delete(member, palette).max() < 0.05


def test_closet_of_five_colours_has_all_of_them_as_members() -> None:
    member = members(predicted([BLACK, BLUE, WHITE, RED, RUST] * 3))
    assert member[[BLACK, BLUE, WHITE, RED, RUST]].min() > 0.8


def test_items_of_a_rare_colour_count_for_more_than_those_of_a_common_one() -> None:
    rare, common = (members(predicted([label] * 2 + [BLUE] * 8, 0.6))[label] for label in (RUST, BLACK))
    assert rare > common


def test_stray_item_in_a_large_closet_is_no_member() -> None:
    assert members(predicted([BLACK] * 20 + [RED]))[RED] < 0.1


def test_every_label_in_a_small_closet_is_a_member() -> None:
    assert members(predicted([BLACK, BLUE, RED]))[[BLACK, BLUE, RED]].min() > 0.8


def test_uncertain_items_count_for_less() -> None:
    by_certainty = [float(members(predicted([RUST, RUST], certainty))[RUST]) for certainty in (0.9, 0.6, 0.3, 0.1, 0)]
    assert by_certainty == sorted(by_certainty, reverse=True)
    assert by_certainty[0] > by_certainty[-1] + 0.5


def test_many_low_probabilities_of_a_label_are_no_evidence_of_it() -> None:
    """A head that gives navy a small probability for every black item has seen no navy item."""
    hints = np.tile(np.array([0.85, 0, 0, 0, 0.15, 0, 0], np.float32), (12, 1))
    assert members(hints)[NAVY] < 0.1


@given(closets)
def test_memberships_are_between_zero_and_one_and_shares_sum_to_one(items: Closet) -> None:
    result = estimate(closet(items))
    assert result.member.min() >= 0
    assert result.member.max() <= 1 + 1e-6
    assert result.share.sum() == pytest.approx(1, abs=1e-5)
    assert result.share.min() >= 0
    assert result.member.dtype == result.share.dtype == np.float32


@given(closets, st.randoms())
def test_order_of_items_does_not_matter(items: Closet, random: Random) -> None:
    shuffled = random.sample(items, len(items))
    np.testing.assert_allclose(members(closet(shuffled)), members(closet(items)), atol=1e-5)


def test_base_rates_are_those_of_each_items_category() -> None:
    """Black shoes are weak evidence if most shoes are black; a black dress is stronger."""
    base_rates = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], np.float32)
    black = np.array([[0.9, 0.05, 0.05]], np.float32)
    shoes, dress = (estimate_membership(black, rows[None], named(1)).share[0] - rows[0] for rows in base_rates)
    assert dress > shoes


def test_rare_label_that_a_head_suspects_in_photos_is_no_certain_member() -> None:
    """Of a product with a name, the same answer is evidence: the head has learned how rare the label is."""
    suspected = closet([(BLACK, 0.7)] * 8) * np.float32(0.85) + closet([(RUST, 1)] * 8) * np.float32(0.15)
    of_items, of_photos = (estimate(suspected, are_named=are_named).member[RUST] for are_named in (True, False))
    assert of_items > 0.9
    assert of_photos < 0.2


def test_fewer_photos_than_named_items_are_a_fair_share() -> None:
    rows = predicted([BLACK] * 22 + [WHITE] * 3, 1)
    of_items, of_photos = (estimate(rows, are_named=are_named).member[WHITE] for are_named in (True, False))
    assert of_items < 0.2
    assert of_photos > 0.9


def test_single_label_is_a_member() -> None:
    certain = np.ones((3, 1), np.float32)
    assert estimate_membership(certain, certain, named(3)).member.tolist() == [1]


def test_label_with_base_rate_zero_gives_finite_memberships() -> None:
    base_rates = np.array([[1, 0, 0]] * 5, np.float32)
    member = estimate_membership(np.eye(3, dtype=np.float32)[[0, 1, 1, 1, 2]], base_rates, named(5)).member
    assert np.isfinite(member).all()
    assert member[1] > 0.9


@pytest.mark.parametrize("count", [1, 300, 5_000])
def test_closets_of_any_size_have_finite_memberships(count: int) -> None:
    member = members(predicted([(BLACK, NAVY, RED)[number % 3] for number in range(count)], 1))
    assert np.isfinite(member).all()
    assert member[BLACK] > 0.5
