import math

import numpy as np
import pytest
from hypothesis import given

from chainrule import metrics
from chainrule.errors import NonFiniteDataError, TargetShapeError
from tests.metrics.strategies import number_pairs

SCORES = [
    metrics.mean_absolute_error,
    metrics.mean_squared_error,
    metrics.root_mean_squared_error,
    metrics.r2_score,
]


def test_worked_by_hand():
    y_true, y_pred = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
    assert metrics.mean_absolute_error(y_true, y_pred) == 0.5
    assert metrics.mean_squared_error(y_true, y_pred) == 0.375
    assert metrics.root_mean_squared_error(y_true, y_pred) == math.sqrt(0.375)
    # 1 - 1.5 / 29.1875
    assert metrics.r2_score(y_true, y_pred) == pytest.approx(0.948608137, abs=1e-9)


@pytest.mark.parametrize("function", SCORES, ids=lambda function: function.__name__)
@given(batch=number_pairs())
def test_functions_are_scikit_learns(sk, function, batch):
    got = function(batch.targets, batch.predictions, sample_weight=batch.weights)
    expected = getattr(sk, function.__name__)(batch.targets, batch.predictions, sample_weight=batch.weights)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


def test_equal_targets_that_no_float_holds_exactly():
    # Their mean is not exactly 0.1; a variance of rounding errors must not become a score of minus millions.
    assert metrics.r2_score([0.1] * 3, [0.1] * 3) == 1.0
    assert metrics.r2_score([0.1] * 3, [0.1, 0.1, 0.2]) == 0.0


def test_r2_far_from_zero_keeps_its_digits():
    near = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.5, 1.0, 2.0, 3.5])
    metric = metrics.R2Score()
    for rows in (slice(0, 1), slice(1, 4)):
        metric.update(near[1][rows] + 1e9, near[0][rows] + 1e9)
    assert metric.compute() == metrics.r2_score(*near)


def test_r2_of_a_single_row_is_not_defined():
    assert math.isnan(metrics.r2_score([1.0], [1.0]))


def test_a_column_and_a_row_of_numbers_never_broadcast():
    assert metrics.mean_absolute_error([[1.0], [2.0]], [1.0, 4.0]) == 1.0
    with pytest.raises(TargetShapeError):
        metrics.mean_absolute_error([[1.0, 2.0]], [1.0, 2.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_must_be_finite(bad):
    with pytest.raises(NonFiniteDataError, match=r"predictions: 1 of 2 .*\n.*\n.*\(1,\)"):
        metrics.mean_squared_error([1.0, 2.0], [1.0, bad])
    with pytest.raises(NonFiniteDataError, match="targets"):
        metrics.r2_score([bad, 2.0], [1.0, 1.0])
