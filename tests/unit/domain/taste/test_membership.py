"""Which labels belong to a person, as far as their closet shows."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.taste.membership import MAX_PARTIAL_MEMBERSHIP, LabelMembership, estimate_membership

BLACK, BLUE, WHITE, GREY, NAVY, RED, RUST = range(7)
USUAL = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.06, 0.04], np.float32)

Closet = list[tuple[int, float]]


def says(labels: Sequence[int], sure: float = 0.95) -> FloatArray:
    """The posteriors of a head that is so sure of each label, and leaves the rest to what is usual."""
    return closet([(label, sure) for label in labels])


def closet(items: Closet) -> FloatArray:
    rows = [sure * np.eye(len(USUAL))[label] + (1 - sure) * USUAL for label, sure in items]
    return np.array(rows, np.float32).reshape(-1, len(USUAL))


def worn(rows: FloatArray) -> LabelMembership:
    return estimate_membership(rows, np.tile(USUAL, (len(rows), 1)))


def members(rows: FloatArray) -> FloatArray:
    return worn(rows).member


closets = st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1)), min_size=1, max_size=30)


def test_certain_labels_count_as_their_number_of_items_says() -> None:
    """Of twenty items four are a fair share: three items of a colour are nearly as little as one."""
    labels = [BLACK] * 10 + [BLUE] * 4 + [WHITE] * 3 + [GREY] * 2 + [RED]
    found = estimate_membership(np.eye(7, dtype=np.float32)[labels], np.full((20, 7), 1 / 7, np.float32)).member
    np.testing.assert_allclose(found[[BLACK, BLUE]], 1, atol=1e-6)
    np.testing.assert_allclose(found[[WHITE, GREY, RED]], MAX_PARTIAL_MEMBERSHIP * np.array([3, 2, 1]) / 3, atol=1e-6)
    np.testing.assert_allclose(found[[NAVY, RUST]], 0, atol=1e-6)


@pytest.mark.parametrize("palette", [(BLACK, NAVY), (WHITE, RUST), (RED, RUST)])
def test_closet_of_two_colours_shows_its_palette(palette: tuple[int, int]) -> None:
    found = members(says([palette[0]] * 6 + [palette[1]] * 5))
    assert found[list(palette)].min() > 0.9
    assert np.delete(found, palette).max() < 0.05


def test_closet_of_five_colours_shows_all_of_them() -> None:
    found = members(says([BLACK, BLUE, WHITE, RED, RUST] * 3))
    assert found[[BLACK, BLUE, WHITE, RED, RUST]].min() > 0.8


def test_two_items_in_a_rare_colour_count_for_more_than_two_in_a_common_one() -> None:
    rare, common = (members(says([label] * 2 + [BLUE] * 8, 0.6))[label] for label in (RUST, BLACK))
    assert rare > common


def test_stray_item_in_a_large_closet_is_no_member() -> None:
    assert members(says([BLACK] * 20 + [RED]))[RED] < 0.1


def test_every_item_of_a_small_closet_shows_what_its_owner_wears() -> None:
    assert members(says([BLACK, BLUE, RED]))[[BLACK, BLUE, RED]].min() > 0.8


def test_item_that_the_head_is_not_sure_of_counts_for_less() -> None:
    by_sureness = [float(members(says([RUST, RUST], sure))[RUST]) for sure in (0.9, 0.6, 0.3, 0.1, 0)]
    assert by_sureness == sorted(by_sureness, reverse=True)
    assert by_sureness[0] > by_sureness[-1] + 0.5


def test_many_weak_hints_at_a_label_are_no_evidence_of_it() -> None:
    """A head that leaves a tenth to navy for every black item has seen no navy."""
    hints = np.tile(np.array([0.85, 0, 0, 0, 0.15, 0, 0], np.float32), (12, 1))
    assert members(hints)[NAVY] < 0.1


@given(closets)
def test_memberships_are_likelihoods_and_shares_sum_to_one(items: Closet) -> None:
    found = worn(closet(items))
    assert found.member.min() >= 0
    assert found.member.max() <= 1 + 1e-6
    assert found.share.sum() == pytest.approx(1, abs=1e-5)
    assert found.share.min() >= 0
    assert found.member.dtype == found.share.dtype == np.float32


@given(closets, st.randoms())
def test_order_of_items_does_not_matter(items: Closet, random: Random) -> None:
    shuffled = random.sample(items, len(items))
    np.testing.assert_allclose(members(closet(shuffled)), members(closet(items)), atol=1e-5)


def test_items_are_compared_with_what_is_usual_in_their_own_category() -> None:
    """Black shoes say little where all shoes are black; a black dress says more."""
    usual = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], np.float32)
    says_black = np.array([[0.9, 0.05, 0.05]], np.float32)
    shoes, dress = (estimate_membership(says_black, rows[None]).share[0] - rows[0] for rows in usual)
    assert dress > shoes


def test_only_label_is_the_persons() -> None:
    assert estimate_membership(np.ones((3, 1), np.float32), np.ones((3, 1), np.float32)).member.tolist() == [1]


def test_label_that_no_product_has_does_no_harm() -> None:
    usual = np.array([[1, 0, 0]] * 5, np.float32)
    found = estimate_membership(np.eye(3, dtype=np.float32)[[0, 1, 1, 1, 2]], usual).member
    assert np.isfinite(found).all()
    assert found[1] > 0.9


@pytest.mark.parametrize("count", [1, 300, 5_000])
def test_closets_of_any_size_have_finite_memberships(count: int) -> None:
    found = members(says([(BLACK, NAVY, RED)[number % 3] for number in range(count)], 1))
    assert np.isfinite(found).all()
    assert found[BLACK] > 0.5
