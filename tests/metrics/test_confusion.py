import numpy as np
import pytest
from hypothesis import given

from chainrule.errors import ArgumentError
from chainrule.metrics import (
    ConfusionMatrix,
    FalseNegatives,
    FalsePositives,
    TrueNegatives,
    TruePositives,
    confusion_matrix,
)
from tests.metrics.strategies import binary_scores, class_scores, label_pairs


def test_rows_are_true_and_columns_predicted():
    np.testing.assert_array_equal(confusion_matrix([0, 0, 1, 2], [0, 1, 1, 0]), [[1, 1, 0], [0, 1, 0], [1, 0, 0]])


def test_labels_choose_classes_and_their_order():
    y_true, y_pred = ["owl", "cat", "dog", "cat"], ["owl", "dog", "dog", "cat"]
    got = confusion_matrix(y_true, y_pred, labels=["dog", "cat", "cow"])
    np.testing.assert_array_equal(got, [[1, 0, 0], [1, 1, 0], [0, 0, 0]])


def test_texts_in_object_arrays_are_texts():
    y_true, y_pred = (np.array(labels, dtype=object) for labels in (["no", "yes"], ["yes", "yes"]))
    np.testing.assert_array_equal(confusion_matrix(y_true, y_pred), [[0, 1], [0, 1]])


def test_a_class_that_is_never_true_has_an_empty_row():
    metric = ConfusionMatrix(normalize="true")
    metric.update(np.eye(3)[[0, 2, 2]], [0, 2, 0])
    np.testing.assert_array_equal(metric.compute(), [[0.5, 0, 0.5], [0, 0, 0], [0, 0, 1]])


def test_the_four_counts_of_single_scores_are_those_of_class_1():
    scores, targets = [0.9, 0.8, 0.7, 0.1, 0.2, 0.3], [1, 1, 0, 1, 0, 0]
    counts = []
    for cls in (TruePositives, FalsePositives, TrueNegatives, FalseNegatives):
        metric = cls()
        metric.update(scores, targets)
        counts.append(metric.compute())
    assert counts == [2.0, 1.0, 2.0, 1.0]


@pytest.mark.filterwarnings("ignore:A single label was found")
@given(batch=label_pairs())
def test_confusion_matrix_is_scikit_learns(sk, batch):
    for normalize in (None, "true", "pred", "all"):
        for labels in (None, [2, 0, 1, 3, 5]):
            got = confusion_matrix(
                batch.targets,
                batch.predictions,
                labels=labels,
                sample_weight=batch.weights,
                normalize=normalize,
            )
            expected = sk.confusion_matrix(
                batch.targets,
                batch.predictions,
                labels=labels,
                sample_weight=batch.weights,
                normalize=normalize,
            )
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=0, strict=True)


@given(batch=class_scores())
def test_counts_of_each_class_are_scikit_learns(sk, batch):
    expected = sk.multilabel_confusion_matrix(
        batch.targets, batch.predictions.argmax(1), sample_weight=batch.weights, labels=range(4)
    )
    places = {TrueNegatives: (0, 0), FalsePositives: (0, 1), FalseNegatives: (1, 0), TruePositives: (1, 1)}
    for cls, (row, column) in places.items():
        metric = cls()
        metric.update(*batch)
        np.testing.assert_allclose(metric.compute(), expected[:, row, column], rtol=1e-12, atol=1e-12)


@given(batch=binary_scores())
def test_the_matrix_of_single_scores_is_two_by_two(sk, batch):
    metric = ConfusionMatrix()
    metric.update(*batch)
    expected = sk.confusion_matrix(batch.targets, batch.predictions > 0.5, labels=[0, 1], sample_weight=batch.weights)
    np.testing.assert_allclose(metric.compute(), expected, rtol=1e-12)


def test_an_unknown_normalization_is_refused():
    with pytest.raises(ArgumentError, match="normalize"):
        confusion_matrix([0], [0], normalize="rows")
