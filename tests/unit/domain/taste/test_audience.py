"""The audience of a closet, estimated from all its items."""

import numpy as np
import pytest

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.taste.audience import UNISEX_FIT, estimate_audience, has_audience_labels

LABELS = ("Men", "Women", "Unisex", "Boys", "Girls")
MEN, WOMEN, UNISEX, BOYS, GIRLS = range(5)
UNIFORM = np.full(5, 0.2, np.float32)


def closet(counts: dict[int, int], certainty: float = 0.8) -> FloatArray:
    """Return a head's posteriors of items with these labels."""
    rows = [
        certainty * np.eye(5)[label] + (1 - certainty) * UNIFORM
        for label, count in counts.items()
        for _ in range(count)
    ]
    return np.array(rows, np.float32)


def fit(rows: FloatArray) -> FloatArray:
    return estimate_audience(rows, LABELS).member


def test_womans_closet_fits_womens_things_and_unisex_ones_a_little_less() -> None:
    by_label = fit(closet({WOMEN: 8, UNISEX: 2}))
    assert by_label[WOMEN] > 0.98
    assert by_label[UNISEX] == pytest.approx(UNISEX_FIT)
    assert max(by_label[MEN], by_label[BOYS], by_label[GIRLS]) < 0.1


def test_single_item_of_the_other_gender_does_not_make_a_shared_closet() -> None:
    assert fit(closet({MEN: 9, WOMEN: 1}))[WOMEN] < 0.3


def test_shared_closet_fits_both_genders() -> None:
    by_label = fit(closet({MEN: 6, WOMEN: 6}))
    assert min(by_label[MEN], by_label[WOMEN]) > 0.95


def test_childrens_things_fit_only_closets_that_hold_several() -> None:
    assert fit(closet({WOMEN: 6, GIRLS: 7}))[GIRLS] > 0.9
    assert fit(closet({WOMEN: 10, GIRLS: 1}))[GIRLS] < 0.3


def test_low_probabilities_of_childrens_labels_are_no_evidence_of_children() -> None:
    hints = np.tile(np.array([0.05, 0.8, 0.05, 0.05, 0.05], np.float32), (12, 1))
    assert max(fit(hints)[[BOYS, GIRLS]]) < 0.1


def test_many_uncertain_items_are_strong_evidence_together() -> None:
    few, many = (fit(closet({WOMEN: count}, certainty=0.4))[MEN] for count in (1, 12))
    assert many < 0.1 < few


def test_unisex_closet_fits_unisex_things_best() -> None:
    by_label = fit(closet({UNISEX: 6}))
    assert by_label[UNISEX] > max(by_label[MEN], by_label[WOMEN]) > 0.3
    assert by_label[MEN] == pytest.approx(by_label[WOMEN])


def test_closets_of_any_size_have_finite_fit() -> None:
    for count in (1, 5_000):
        assert np.isfinite(fit(closet({MEN: count}))).all()


def test_audience_needs_a_head_with_women_and_men() -> None:
    assert has_audience_labels(LABELS)
    assert not has_audience_labels(("Herren", "Damen"))
