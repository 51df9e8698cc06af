import numpy as np
import pytest

from chainrule import metrics
from chainrule.errors import ArgumentError, UnknownNameError

EXAMPLES = {
    "binary": (np.array([0.25, 0.75, 0.5]), np.array([0, 1, 1])),
    "multiclass": (np.eye(6), np.array([0, 1, 2, 3, 4, 4])),
    "regression": (np.array([0.5, 1.0]), np.array([0.0, 1.0])),
}


@pytest.mark.parametrize("task", EXAMPLES)
def test_every_name_of_a_task_measures_it(task):
    for name in metrics.metric_names(task):
        metric = metrics.resolve(name, task=task)
        metric.update(*EXAMPLES[task])
        value = metric.compute()
        # Nothing is of the last class, which then has no ROC curve.
        assert np.isfinite(value).all() or (name in {"auc", "roc_auc"} and task == "multiclass")
        assert metric.name == name


@pytest.mark.parametrize("task", EXAMPLES)
def test_every_other_name_is_refused(task):
    for name in set(metrics.metric_names()) - set(metrics.metric_names(task)):
        with pytest.raises(ArgumentError, match=f"'{name}' cannot measure"):
            metrics.resolve(name, task=task)


def test_a_name_means_what_the_task_makes_of_it():
    assert isinstance(metrics.resolve("accuracy", task="binary"), metrics.BinaryAccuracy)
    assert isinstance(metrics.resolve("accuracy", task="multiclass"), metrics.CategoricalAccuracy)
    assert metrics.resolve("f1", task="binary").average == "binary"
    assert metrics.resolve("f1", task="multiclass").average == "macro"
    assert metrics.resolve("f1_micro", task="multiclass").average == "micro"
    assert metrics.resolve("top_7_accuracy", task="multiclass").k == 7


def test_metrics_that_depend_on_logits_hear_of_them():
    assert metrics.resolve("accuracy", task="binary", from_logits=True).from_logits
    assert metrics.resolve("auc", task="multiclass", from_logits=True).from_logits
    assert not metrics.resolve("precision", task="binary").from_logits
    metrics.resolve("accuracy", task="multiclass", from_logits=True)


def test_each_call_gives_a_fresh_metric():
    first, second = (metrics.resolve("acc", task="binary") for _ in range(2))
    assert first is not second
    assert first.name == "acc"
    assert metrics.BinaryAccuracy().name == "accuracy"


def test_an_unknown_name_gets_the_nearest():
    for wrong, right in {"acuracy": "accuracy", "mean_square_error": "mean_squared_error", "F1": "f1"}.items():
        with pytest.raises(UnknownNameError, match=f"did you mean '{right}'"):
            metrics.resolve(wrong, task="binary")


@pytest.mark.parametrize(
    ("name", "task", "expected"),
    [
        ("accuracy", "regression", "one of mae, mse, r2, rmse"),
        ("rmse", "multiclass", "it measures a regression"),
        ("top_5_accuracy", "binary", "it measures a task of several classes"),
        ("accuracy", "ranking", "binary, multiclass, regression"),
    ],
)
def test_a_metric_that_does_not_fit_the_task(name, task, expected):
    with pytest.raises(ArgumentError, match=expected):
        metrics.resolve(name, task=task)


def test_which_way_is_better():
    assert metrics.resolve("auc", task="binary").higher_is_better is True
    assert metrics.resolve("rmse", task="regression").higher_is_better is False
