"""What no metric may take silently."""

import numpy as np
import pytest

from chainrule import errors
from chainrule.metrics import (
    BinaryAccuracy,
    CategoricalAccuracy,
    F1Score,
    MeanAbsoluteError,
    R2Score,
    accuracy_score,
    confusion_matrix,
)

SCORES = np.array([[0.75, 0.25, 0.0], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("targets", "error"),
    [
        ([0, 3], errors.ClassIndexError),
        ([0, -1], errors.ClassIndexError),
        ([0.5, 1.0], errors.TargetDTypeError),
        ([0.0, np.nan], errors.TargetDTypeError),
        ([0, 1, 2], errors.TargetShapeError),
        ([[0, 1], [1, 0]], errors.TargetShapeError),
        (["cat", "dog"], errors.LabelError),
        (np.array([0, None]), errors.LabelError),
        (1, errors.ShapeError),
    ],
)
def test_targets_that_are_no_class_indices(targets, error):
    metric = F1Score("macro")
    with pytest.raises(error, match="targets"):
        metric.update(SCORES, targets)


@pytest.mark.parametrize(
    ("targets", "error"),
    [
        ([0, 2], errors.ClassIndexError),
        ([-1, 1], errors.ClassIndexError),
        ([0.0, 0.9], errors.TargetDTypeError),
        ([[1.0, 0.0], [0.0, 1.0]], errors.TargetShapeError),
    ],
)
def test_targets_that_are_not_0_or_1(targets, error):
    with pytest.raises(error, match="targets"):
        BinaryAccuracy().update([0.5, 0.75], targets)


def test_nan_is_never_the_highest_score():
    with pytest.raises(errors.NonFiniteDataError, match=r"1 of 6 values are NaN"):
        CategoricalAccuracy().update([[0.5, 0.5, 0.0], [np.nan, 1.0, 0.0]], [0, 1])


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ([1.0], errors.DataLengthError),
        ([[1.0, 1.0]], errors.DataLengthError),
        ([1.0, -1.0], errors.ArgumentError),
        ([1.0, np.nan], errors.ArgumentError),
        (["a", "b"], errors.LabelError),
    ],
)
def test_weights_that_weigh_nothing_sensible(weights, error):
    for metric, predictions in ((CategoricalAccuracy(), SCORES), (MeanAbsoluteError(), [0.0, 1.0])):
        with pytest.raises(error, match="sample_weight"):
            metric.update(predictions, [0, 1], weights)


@pytest.mark.parametrize("metric", [CategoricalAccuracy(), F1Score("macro"), R2Score()])
def test_nothing_measured_is_an_error(metric):
    with pytest.raises(errors.EmptyDataError, match="update"):
        metric.compute()
    metric.update(SCORES, [0, 1] if not isinstance(metric, R2Score) else SCORES, [0.0, 0.0])
    with pytest.raises(errors.EmptyDataError, match="weights"):
        metric.compute()


def test_a_batch_of_another_width_is_refused():
    for metric in (F1Score("macro"), R2Score()):
        metric.update(np.eye(3), [0, 1, 2] if isinstance(metric, F1Score) else np.eye(3))
        with pytest.raises(errors.ShapeError, match="reset"):
            metric.update(np.eye(4), [0, 1, 2, 3] if isinstance(metric, F1Score) else np.eye(4))


@pytest.mark.parametrize("function", [accuracy_score, confusion_matrix])
@pytest.mark.parametrize(
    ("y_true", "y_pred", "error"),
    [
        ([], [], errors.EmptyDataError),
        ([0, 1], [0], errors.DataLengthError),
        ([0, 1], ["a", "b"], errors.ArgumentError),
        ([0, 1], [0.3, 0.8], errors.LabelError),
        ([0, 1], [0.0, np.nan], errors.LabelError),
        ([0, 1], [[0.3, 0.7], [0.8, 0.2]], errors.ShapeError),
        ([0, 1], np.array(["a", None]), errors.LabelError),
    ],
)
def test_labels_that_cannot_be_compared(function, y_true, y_pred, error):
    with pytest.raises(error):
        function(y_true, y_pred)


def test_a_label_asked_for_twice():
    with pytest.raises(errors.ArgumentError, match="twice"):
        confusion_matrix([0, 1], [0, 1], labels=[1, 0, 1])


def test_whatever_numpy_can_read_is_taken():
    class Tensor:
        def __init__(self, values):
            self.values = np.array(values)

        def __array__(self, dtype=None, copy=None):
            return self.values.astype(dtype or self.values.dtype)

    metric = CategoricalAccuracy()
    metric.update(Tensor(SCORES), Tensor([0, 0]), Tensor([3.0, 1.0]))
    assert metric.compute() == 0.75
