import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ArgumentError
from chainrule.metrics import CalibrationError, calibration_curve, calibration_error
from tests.metrics.strategies import binary_scores, class_scores


def test_worked_by_hand():
    # Two bins: (0.25 + 0.5) / 2 said, 1/2 came true; (0.75 + 1) / 2 said, 1/2 came true.
    assert calibration_error([0, 1, 1, 0], [0.25, 0.5, 0.75, 1.0], n_bins=2) == pytest.approx((0.125 + 0.375) / 2)


def test_a_model_that_is_as_sure_as_it_is_right():
    assert calibration_error([1, 1, 1, 0], [0.75] * 4) == 0.0


@given(batch=binary_scores(), n_bins=st.integers(1, 9))
def test_bins_are_scikit_learns(sk, batch, n_bins):
    calibration = pytest.importorskip("sklearn.calibration", reason="scikit-learn is not installed")
    right, said = calibration.calibration_curve(batch.targets, batch.predictions, n_bins=n_bins)
    edges = np.linspace(0, 1, n_bins + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], batch.predictions))
    expected = np.average(np.abs(right - said), weights=counts[counts > 0])
    got = calibration_error(batch.targets, batch.predictions, n_bins=n_bins)
    assert got == pytest.approx(expected, abs=1e-12)


@given(batch=binary_scores(), n_bins=st.integers(1, 9))
def test_the_curve_is_scikit_learns(sk, batch, n_bins):
    calibration = pytest.importorskip("sklearn.calibration", reason="scikit-learn is not installed")
    expected = calibration.calibration_curve(batch.targets, batch.predictions, n_bins=n_bins)
    right, said, rows = calibration_curve(batch.targets, batch.predictions, n_bins=n_bins)
    np.testing.assert_allclose([right, said], expected, rtol=1e-12)
    assert rows.sum() == len(batch.targets)


@given(batch=class_scores())
def test_several_classes_are_binary_in_being_right(batch):
    """By the definition: the confidence is the highest probability, the event is that its class is true."""
    confidence = batch.predictions.max(axis=1)
    right = (batch.predictions.argmax(axis=1) == batch.targets).astype(int)
    got = calibration_error(batch.targets, batch.predictions, sample_weight=batch.weights)
    expected = calibration_error(right, confidence, sample_weight=batch.weights)
    assert got == pytest.approx(expected, abs=1e-12)


def test_logits_become_probabilities():
    logits = np.array([2.0, -1.0, 700.0, -800.0])
    metric = CalibrationError(from_logits=True)
    metric.update(logits, [1, 0, 1, 0])
    expected = calibration_error([1, 0, 1, 0], [1 / (1 + np.exp(-2)), 1 / (1 + np.e), 1.0, 0.0])
    assert metric.compute() == pytest.approx(expected, rel=1e-12)


def test_what_cannot_be_a_probability_is_refused():
    with pytest.raises(ArgumentError, match="from_logits=True"):
        calibration_error([0, 1], [0.5, 1.5])
    with pytest.raises(ArgumentError, match="n_bins"):
        CalibrationError(0)
