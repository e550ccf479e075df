"""Calibration of class probabilities."""

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog_jobs.encoders.training.calibration import fit_temperature, softmax


@pytest.fixture(scope="module")
def calibrated() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn from their probabilities."""
    random = np.random.default_rng(7)
    logits = 2 * random.normal(size=(5000, 6))
    drawn = softmax(logits).cumsum(axis=1) < random.random((5000, 1))
    return logits, drawn.sum(axis=1)


@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_temperature_is_the_factor_of_scaled_logits(
    calibrated: tuple[NDArray[np.float64], NDArray[np.int64]], factor: float
) -> None:
    logits, labels = calibrated
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.05)


def test_few_correct_predictions_do_not_make_probabilities_certain() -> None:
    logits = 9 * np.eye(3)
    certain = softmax(logits / fit_temperature(logits, np.arange(3))).max()
    assert certain < 0.9


def test_temperature_is_one_without_labels() -> None:
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, np.int64)) == 1
