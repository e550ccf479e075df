"""Calibration: probabilities that mean what they say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog_jobs.encoders.training.calibration import expected_calibration_error, fit_temperature, softmax


@pytest.fixture(scope="module")
def honest() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn from the probabilities that they stand for."""
    random = np.random.default_rng(7)
    logits = 2 * random.normal(size=(5000, 6))
    drawn = softmax(logits).cumsum(axis=1) < random.random((5000, 1))
    return logits, drawn.sum(axis=1)


@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_the_temperature_undoes_what_logits_were_multiplied_by(
    honest: tuple[NDArray[np.float64], NDArray[np.int64]], factor: float
) -> None:
    logits, labels = honest
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.05)


def test_the_calibration_error_tells_boasting_from_knowing(
    honest: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    logits, labels = honest
    assert expected_calibration_error(softmax(logits), labels) < 0.02
    assert expected_calibration_error(softmax(4 * logits), labels) > 0.2
    assert expected_calibration_error(np.array([[0.8, 0.2]] * 10), np.array([0] * 6 + [1] * 4)) == pytest.approx(0.2)


def test_a_few_that_are_all_right_are_no_reason_to_be_certain() -> None:
    logits = 9 * np.eye(3)
    certain = softmax(logits / fit_temperature(logits, np.arange(3))).max()
    assert certain < 0.9


def test_without_anything_to_go_by_logits_stay_as_they_are() -> None:
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, np.int64)) == 1
    assert expected_calibration_error(np.zeros((0, 3)), np.zeros(0, np.int64)) == 0
