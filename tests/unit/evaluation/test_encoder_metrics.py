"""Metrics of encoders, computed by hand."""

import numpy as np
import pytest

from catalog_jobs.evaluation.encoders.measurement import fit_probe
from catalog_jobs.evaluation.metrics.encoders import (
    confusion,
    head_quality,
    nearest,
    nearest_others,
    neighbour_agreement,
    reliability,
)
from catalog_jobs.evaluation.metrics.estimates import group_mean_estimate, mean_estimate

VECTORS = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)


def test_nearest_sorts_by_cosine_and_ties_go_to_the_earlier_row() -> None:
    assert nearest(np.array([[1, 0]], np.float32), VECTORS, 3).tolist() == [[0, 2, 3]]
    assert nearest(np.array([[0, 1]], np.float32), VECTORS, 9).tolist() == [[1, 3, 0, 2]]
    assert nearest(np.empty((0, 2), np.float32), VECTORS, 2).shape == (0, 2)


def test_nearest_others_exclude_the_row_itself() -> None:
    assert nearest_others(VECTORS, 2).tolist() == [[2, 3], [3, 0], [0, 3], [1, 0]]
    assert nearest_others(VECTORS, 10).shape == (4, 3)
    assert nearest_others(np.ones((1, 2), np.float32), 10).shape == (1, 0)


def test_nearest_others_of_equal_rows_exclude_the_row_itself() -> None:
    rows = nearest_others(np.ones((30, 1), np.float32), 4)
    assert rows.shape == (30, 4)
    assert not (rows == np.arange(30)[:, None]).any()


def test_neighbour_agreement_is_the_share_of_equal_labels_over_labelled_rows() -> None:
    neighbours = np.array([[1, 2], [0, 3], [0, 1], [0, 1]])
    assert neighbour_agreement(neighbours, ["a", "a", "b", ""]) == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert neighbour_agreement(neighbours, ["", "", "", ""]) is None
    assert neighbour_agreement(np.empty((1, 0), np.int64), ["a"]) is None


def test_head_quality_equals_values_computed_by_hand() -> None:
    quality = head_quality(["a", "a", "b", "b", ""], ["a", "b", "b", "a", "a"], [0.9, 0.9, 0.6, 0.3, 0.99])
    assert quality is not None
    assert (quality.n, quality.accuracy, quality.answered) == (4, 0.5, 0.75)
    assert quality.accuracy_answered == pytest.approx(2 / 3)
    # Bins: .9 twice, half of them right; .6, right; .3, wrong.
    assert quality.calibration_error == pytest.approx((2 * 0.4 + 0.4 + 0.3) / 4)
    assert head_quality(["", ""], ["a", "b"], [1, 1]) is None


def test_head_without_answers_has_no_accuracy_of_answers() -> None:
    quality = head_quality(["a"], [""], [0.0])
    assert quality is not None
    assert (quality.answered, quality.accuracy_answered) == (0, None)


def test_reliability_counts_certain_answers_in_the_last_bin() -> None:
    last, first = sorted(reliability(np.array([1.0, 0.99, 0.0]), np.array([True, True, False])), key=lambda b: -b.count)
    assert (last.count, last.accuracy, first.count, first.confidence) == (2, 1, 1, 0)


def test_confusion_counts_predictions_by_true_label() -> None:
    matrix = confusion(["a", "b", "b", "", "b"], ["b", "b", "c", "a", "b"])
    assert matrix.labels == ("b", "a", "c")
    assert matrix.counts == ((2, 0, 1), (1, 0, 0), (0, 0, 0))


def test_intervals_contain_the_mean_and_are_reproducible() -> None:
    values = np.array([0.0, 1.0] * 50)
    estimate = mean_estimate(values)
    assert estimate == mean_estimate(values)
    assert (estimate.value, estimate.n) == (0.5, 100)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.05, rel=0.1)


def test_group_mean_weights_groups_equally() -> None:
    estimate = group_mean_estimate({"large": np.ones(99), "small": np.zeros(1)})
    assert (estimate.value, estimate.n) == (0.5, 100)


def test_probe_separates_classes_despite_a_constant_feature() -> None:
    pytest.importorskip("sklearn")
    random = np.random.default_rng(2)
    labels = np.arange(200) % 4
    features = (np.eye(4, 6)[labels] + random.normal(0, 0.1, (200, 6))).astype(np.float32)
    features[:, 5] = 7
    probe = fit_probe(features, labels)
    assert (probe.predict(features) == labels).mean() > 0.98


def test_probe_accepts_too_few_examples_to_hold_any_out() -> None:
    pytest.importorskip("sklearn")
    features = np.array([[-1.0], [1.0]], np.float32)
    assert fit_probe(features, np.array([0, 1])).predict(features).tolist() == [0, 1]
