import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import metrics
from chainrule.errors import ArgumentError
from tests.metrics.strategies import binary_scores, class_scores, label_pairs

SCORES = {
    metrics.Precision: metrics.precision_score,
    metrics.Recall: metrics.recall_score,
    metrics.F1Score: metrics.f1_score,
}
averages = st.sampled_from(["micro", "macro", "weighted", None])
undefined = st.sampled_from([0.0, 1.0, np.nan])


def test_worked_by_hand():
    # TP 3, FP 1, FN 2, TN 4.
    y_true, y_pred = [1] * 5 + [0] * 5, [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert metrics.precision_score(y_true, y_pred) == 3 / 4
    assert metrics.recall_score(y_true, y_pred) == 3 / 5
    assert metrics.specificity_score(y_true, y_pred) == 4 / 5
    assert metrics.f1_score(y_true, y_pred) == pytest.approx(6 / 9)


@pytest.mark.parametrize("function", SCORES.values(), ids=lambda function: function.__name__)
@given(batch=label_pairs(), average=averages, labels=st.none() | st.just([3, 1, 5]), zero_division=undefined)
def test_functions_are_scikit_learns(sk, function, batch, average, labels, zero_division):
    arguments = {
        "labels": labels,
        "average": average,
        "sample_weight": batch.weights,
        "zero_division": zero_division,
    }
    got = function(batch.targets, batch.predictions, **arguments)
    expected = getattr(sk, function.__name__)(batch.targets, batch.predictions, **arguments)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("function", SCORES.values(), ids=lambda function: function.__name__)
@given(batch=label_pairs(n_classes=2), zero_division=undefined)
def test_functions_of_two_classes_are_scikit_learns(sk, function, batch, zero_division):
    arguments = {"sample_weight": batch.weights, "zero_division": zero_division}
    got = function(batch.targets, batch.predictions, **arguments)
    expected = getattr(sk, function.__name__)(batch.targets, batch.predictions, **arguments)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("cls", SCORES, ids=lambda cls: cls.__name__)
@given(batch=class_scores(), average=st.sampled_from(["micro", "macro", "weighted"]), zero_division=undefined)
def test_classes_are_scikit_learns(sk, cls, batch, average, zero_division):
    metric = cls(average, zero_division=zero_division)
    metric.update(*batch)
    expected = getattr(sk, SCORES[cls].__name__)(
        batch.targets,
        batch.predictions.argmax(1),
        average=average,
        sample_weight=batch.weights,
        zero_division=zero_division,
    )
    np.testing.assert_allclose(metric.compute(), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("cls", SCORES, ids=lambda cls: cls.__name__)
@given(batch=class_scores())
def test_without_average_every_class_has_its_value(sk, cls, batch):
    metric = cls(None)
    metric.update(*batch)
    expected = getattr(sk, SCORES[cls].__name__)(
        batch.targets,
        batch.predictions.argmax(1),
        average=None,
        labels=range(4),
        sample_weight=batch.weights,
        zero_division=0,
    )
    np.testing.assert_allclose(metric.compute(), expected, rtol=1e-12, atol=1e-15)


@given(batch=binary_scores())
def test_specificity_is_the_recall_of_class_0(sk, batch):
    metric = metrics.Specificity()
    metric.update(*batch)
    expected = sk.recall_score(
        batch.targets, batch.predictions > 0.5, pos_label=0, sample_weight=batch.weights, zero_division=0
    )
    assert metric.compute() == pytest.approx(expected, rel=1e-12)


@given(batch=class_scores())
def test_specificity_of_a_class_is_the_recall_of_all_others(sk, batch):
    metric = metrics.Specificity(None)
    metric.update(*batch)
    expected = [
        sk.recall_score(
            batch.targets != c,
            batch.predictions.argmax(1) != c,
            sample_weight=batch.weights,
            zero_division=0,
        )
        for c in range(4)
    ]
    np.testing.assert_allclose(metric.compute(), expected, rtol=1e-12, atol=1e-15)


def test_two_columns_of_scores_are_binary_too():
    single, double = metrics.F1Score(), metrics.F1Score()
    p, y = np.array([0.9, 0.8, 0.3, 0.1]), [1, 0, 1, 1]
    single.update(p, y)
    double.update(np.stack([1 - p, p], axis=1), y)
    assert single.compute() == double.compute() == 0.4


def test_several_classes_need_an_average():
    metric = metrics.Precision()
    metric.update(np.eye(3), [0, 1, 2])
    with pytest.raises(ArgumentError, match='average="macro"'):
        metric.compute()
    with pytest.raises(ArgumentError, match="pos_label 1 and the labels"):
        metrics.precision_score([0, 1, 2], [0, 1, 2])


def test_the_positive_label_must_be_one_of_two():
    assert metrics.recall_score(["no", "yes", "yes"], ["no", "no", "yes"], pos_label="yes") == 0.5
    with pytest.raises(ArgumentError, match="'maybe'"):
        metrics.recall_score(["no", "yes"], ["no", "no"], pos_label="maybe")
    with pytest.raises(ArgumentError, match="pos_label"):
        metrics.recall_score(["no", "yes"], ["no", "no"])


@pytest.mark.parametrize("wrong", [{"average": "mean"}, {"zero_division": 0.5}])
def test_unknown_options_are_refused(wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        metrics.F1Score(**wrong)
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        metrics.f1_score([0, 1], [0, 1], **wrong)
