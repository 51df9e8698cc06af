"""Metrics as scikit-learn computes them, on data drawn once and in degenerate cases.

Our functions bear scikit-learn's names, so that a case runs on `chainrule.metrics` as it stands.
"""

import numpy as np

from tests.oracle.case import Cases, integers, uniform

cases = Cases("sklearn.metrics")

LABELS = {"y_true": integers(60, high=5), "y_pred": integers(60, high=5)}
WEIGHT = {"weight": uniform(60, low=0.5, high=2.0)}
# Nothing is of class 3, nothing is taken for class 2.
ABSENT = {"y_true": np.array([0, 1, 2, 2, 4, 0]), "y_pred": np.array([0, 1, 1, 0, 4, 4])}

for average in ("micro", "macro", "weighted", None):
    for score in ("precision_score", "recall_score", "f1_score"):

        def averaged(metrics, y_true, y_pred, weight=None, score=score, average=average):
            function = getattr(metrics, score)
            return function(y_true, y_pred, average=average, sample_weight=weight, zero_division=0)

        cases.add(f"{score}-{average}", averaged, **LABELS)
        cases.add(f"{score}-{average}-weighted-rows", averaged, **LABELS, **WEIGHT)
        cases.add(f"{score}-{average}-absent-classes", averaged, **ABSENT)


def f1_without_undefined(metrics, y_true, y_pred):
    return metrics.f1_score(y_true, y_pred, labels=[1, 3], average="macro", zero_division=np.nan)


cases.add("f1_score-labels-nan", f1_without_undefined, **ABSENT)
cases.add("accuracy_score", lambda metrics, y_true, y_pred: metrics.accuracy_score(y_true, y_pred), **LABELS)
for normalize in (None, "true", "pred", "all"):

    def matrix(metrics, y_true, y_pred, weight=None, normalize=normalize):
        return metrics.confusion_matrix(y_true, y_pred, sample_weight=weight, normalize=normalize)

    cases.add(f"confusion_matrix-{normalize}", matrix, **LABELS)
    cases.add(f"confusion_matrix-{normalize}-weighted-rows", matrix, **LABELS, **WEIGHT)

SHARES = np.array([[4, 2, 2], [1, 6, 1], [0, 3, 5], [3, 3, 2], [2, 5, 1], [4, 4, 0]]) / 8
CLASSES = np.array([0, 1, 2, 1, 2, 0])


def top_2(metrics, y_true, y_score):
    return metrics.top_k_accuracy_score(y_true, y_score, k=2)


def roc_auc(metrics, y_true, y_score):
    # Only scikit-learn must be told how to compare more than two classes.
    several = {"multi_class": "ovr"} if metrics.__name__.startswith("sklearn") else {}
    return metrics.roc_auc_score(y_true, y_score, **several)


def average_precision(metrics, y_true, y_score):
    return metrics.average_precision_score(y_true, y_score)


cases.add("top_k_accuracy_score", top_2, y_true=CLASSES, y_score=SHARES)
for name, area in {"roc_auc_score": roc_auc, "average_precision_score": average_precision}.items():
    cases.add(f"{name}-classes", area, y_true=CLASSES, y_score=SHARES)
    cases.add(f"{name}-binary", area, y_true=integers(60, high=2), y_score=uniform(60))
    cases.add(f"{name}-ties", area, y_true=integers(60, high=2), y_score=integers(60, high=5, dtype=np.float64))

NUMBERS = {"y_true": uniform(30, 2, low=-3, high=3), "y_pred": uniform(30, 2, low=-3, high=3)}
for score in ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "r2_score"):

    def error(metrics, y_true, y_pred, weight=None, score=score):
        return getattr(metrics, score)(y_true, y_pred, sample_weight=weight)

    cases.add(score, error, **NUMBERS)
    cases.add(f"{score}-weighted-rows", error, **NUMBERS, weight=uniform(30, low=0.5, high=2.0))
    cases.add(f"{score}-equal-targets", error, y_true=np.full(4, 2.0), y_pred=np.array([2.0, 2.0, 2.0, 3.0]))
