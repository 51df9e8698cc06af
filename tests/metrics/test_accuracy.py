import numpy as np
import pytest
from hypothesis import given

from chainrule.errors import ArgumentError
from chainrule.metrics import (
    BinaryAccuracy,
    CategoricalAccuracy,
    TopKAccuracy,
    accuracy_score,
    top_k_accuracy_score,
)
from tests.metrics.strategies import binary_scores, class_scores, label_pairs


def test_the_threshold_is_half_a_probability():
    metric = BinaryAccuracy()
    metric.update(np.array([[0.9], [0.5], [0.2], [0.6]]), np.array([[1.0], [0.0], [0.0], [0.0]]))
    assert metric.compute() == 0.75


def test_the_threshold_of_logits_is_zero():
    metric = BinaryAccuracy(from_logits=True)
    metric.update([3.0, -0.25, 0.25, 0.0], [1, 0, 0, 0])
    assert metric.compute() == 0.75


def test_a_threshold_is_a_probability_for_logits_too():
    metric = BinaryAccuracy(threshold=0.75, from_logits=True)
    metric.update([1.0, 1.2], [0, 1])  # log(0.75 / 0.25) is 1.0986
    assert metric.compute() == 1.0


def test_logits_taken_for_probabilities_are_refused():
    with pytest.raises(ArgumentError, match="from_logits=True"):
        BinaryAccuracy().update([3.0, -2.0], [1, 0])


def test_answers_of_several_questions_count_one_by_one():
    metric = BinaryAccuracy()
    metric.update([[0.9, 0.9, 0.1], [0.9, 0.1, 0.1]], [[1, 0, 0], [1, 1, 1]], sample_weight=[3, 1])
    assert metric.compute() == (3 * 2 + 1) / 12


def test_one_hot_targets_and_positions_of_sequences():
    scores = np.array([[[2.0, 1.0], [0.0, 1.0]], [[5.0, 1.0], [0.0, 9.0]]])
    targets = np.array([[0, 1], [1, 1]])
    for truth in (targets, np.eye(2)[targets], targets[..., None]):
        metric = CategoricalAccuracy()
        metric.update(scores, truth)
        assert metric.compute() == 0.75


@given(batch=binary_scores())
def test_binary_accuracy_is_scikit_learns(sk, batch):
    metric = BinaryAccuracy()
    metric.update(*batch)
    expected = sk.accuracy_score(batch.targets, batch.predictions > 0.5, sample_weight=batch.weights)
    assert metric.compute() == pytest.approx(expected, rel=1e-12)


@given(batch=class_scores())
def test_categorical_accuracy_is_scikit_learns(sk, batch):
    metric = CategoricalAccuracy()
    metric.update(*batch)
    expected = sk.accuracy_score(batch.targets, batch.predictions.argmax(1), sample_weight=batch.weights)
    assert metric.compute() == pytest.approx(expected, rel=1e-12)


@given(batch=class_scores())
def test_top_k_is_scikit_learns(sk, batch):
    for k in (1, 2, 3):
        got = top_k_accuracy_score(batch.targets, batch.predictions, k=k, sample_weight=batch.weights)
        expected = sk.top_k_accuracy_score(
            batch.targets, batch.predictions, k=k, sample_weight=batch.weights, labels=range(4)
        )
        assert got == pytest.approx(expected, rel=1e-12)


@given(batch=label_pairs())
def test_accuracy_score_is_scikit_learns(sk, batch):
    arguments = {"y_true": batch.targets, "y_pred": batch.predictions, "sample_weight": batch.weights}
    assert accuracy_score(**arguments) == pytest.approx(sk.accuracy_score(**arguments), rel=1e-12)


def test_a_k_that_is_always_right_is_refused():
    with pytest.raises(ArgumentError, match="below the number of classes, 3"):
        TopKAccuracy(3).update(np.eye(3), [0, 1, 2])


def test_categorical_accuracy_refuses_single_scores():
    with pytest.raises(ArgumentError, match="accuracy_score"):
        CategoricalAccuracy().update([0, 2, 1], [0, 1, 1])


@pytest.mark.parametrize("threshold", [0.0, 1.0, 2.0, float("nan")])
def test_a_threshold_outside_of_probabilities_is_refused(threshold):
    with pytest.raises(ArgumentError, match="threshold"):
        BinaryAccuracy(threshold)
