"""For whom a closet is, from the evidence of all its items."""

import numpy as np
import pytest

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.taste.audience import UNISEX_FIT, estimate_audience, has_audience_labels

LABELS = ("Men", "Women", "Unisex", "Boys", "Girls")
MEN, WOMEN, UNISEX, BOYS, GIRLS = range(5)
ALIKE = np.full(5, 0.2, np.float32)


def closet(counts: dict[int, int], sure: float = 0.8) -> FloatArray:
    """The posteriors of a head that is so sure of each label."""
    rows = [sure * np.eye(5)[label] + (1 - sure) * ALIKE for label, count in counts.items() for _ in range(count)]
    return np.array(rows, np.float32)


def fits(rows: FloatArray) -> FloatArray:
    return estimate_audience(rows, LABELS).member


def test_womans_closet_wants_womens_things_and_unisex_ones_a_little_less() -> None:
    found = fits(closet({WOMEN: 8, UNISEX: 2}))
    assert found[WOMEN] > 0.98
    assert found[UNISEX] == pytest.approx(UNISEX_FIT)
    assert max(found[MEN], found[BOYS], found[GIRLS]) < 0.1


def test_one_borrowed_thing_does_not_make_a_closet_of_two() -> None:
    assert fits(closet({MEN: 9, WOMEN: 1}))[WOMEN] < 0.3


def test_closet_of_two_people_wants_both() -> None:
    found = fits(closet({MEN: 6, WOMEN: 6}))
    assert min(found[MEN], found[WOMEN]) > 0.95


def test_childrens_things_come_only_where_there_are_some() -> None:
    assert fits(closet({WOMEN: 6, GIRLS: 7}))[GIRLS] > 0.9
    assert fits(closet({WOMEN: 10, GIRLS: 1}))[GIRLS] < 0.3


def test_labels_that_a_head_only_hints_at_are_no_children() -> None:
    hints = np.tile(np.array([0.05, 0.8, 0.05, 0.05, 0.05], np.float32), (12, 1))
    assert max(fits(hints)[[BOYS, GIRLS]]) < 0.1


def test_many_weak_items_together_are_strong_evidence() -> None:
    few, many = (fits(closet({WOMEN: count}, sure=0.4))[MEN] for count in (1, 12))
    assert many < 0.1 < few


def test_closet_that_says_nothing_prefers_what_fits_everybody() -> None:
    found = fits(closet({UNISEX: 6}))
    assert found[UNISEX] > max(found[MEN], found[WOMEN]) > 0.3
    assert found[MEN] == pytest.approx(found[WOMEN])


def test_closets_of_any_size_have_finite_fits() -> None:
    for count in (1, 5_000):
        assert np.isfinite(fits(closet({MEN: count}))).all()


def test_only_heads_that_know_men_and_women_tell_an_audience() -> None:
    assert has_audience_labels(LABELS)
    assert not has_audience_labels(("Herren", "Damen"))
