"""Measures of predictions: accuracies, confusion, ranking, calibration, regression.

Each metric is a class that is fed batch by batch (`update`, `compute`, `reset`), and most have a function
in scikit-learn's style beside it (`f1_score(y_true, y_pred)`). Classes take the scores of the model's last
layer, predictions first; functions take labels, true ones first, as scikit-learn's do.

The files: `base` (what a metric is), `inputs` and `labels` (what metrics and functions are given, checked),
`running` (means over batches), one file for each family (`accuracy`, `confusion`, `precision_recall`,
`ranking`, `calibration`, `regression`), `rendering` (a confusion matrix as text), `registry` (metrics by
name).
"""

from chainrule.metrics.accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    TopKAccuracy,
    accuracy_score,
    top_k_accuracy_score,
)
from chainrule.metrics.base import Metric
from chainrule.metrics.calibration import CalibrationError, calibration_curve, calibration_error
from chainrule.metrics.confusion import (
    ConfusionMatrix,
    FalseNegatives,
    FalsePositives,
    TrueNegatives,
    TruePositives,
    confusion_matrix,
)
from chainrule.metrics.precision_recall import (
    F1Score,
    Precision,
    Recall,
    Specificity,
    f1_score,
    precision_score,
    recall_score,
    specificity_score,
)
from chainrule.metrics.ranking import PRAUC, ROCAUC, average_precision_score, roc_auc_score, roc_curve
from chainrule.metrics.registry import Task, metric_names, resolve
from chainrule.metrics.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    R2Score,
    RootMeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)
from chainrule.metrics.rendering import format_confusion_matrix

__all__ = [
    "PRAUC",
    "ROCAUC",
    "BinaryAccuracy",
    "CalibrationError",
    "CategoricalAccuracy",
    "ConfusionMatrix",
    "F1Score",
    "FalseNegatives",
    "FalsePositives",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "Specificity",
    "Task",
    "TopKAccuracy",
    "TrueNegatives",
    "TruePositives",
    "accuracy_score",
    "average_precision_score",
    "calibration_curve",
    "calibration_error",
    "confusion_matrix",
    "f1_score",
    "format_confusion_matrix",
    "mean_absolute_error",
    "mean_squared_error",
    "metric_names",
    "precision_score",
    "r2_score",
    "recall_score",
    "resolve",
    "roc_auc_score",
    "roc_curve",
    "root_mean_squared_error",
    "specificity_score",
    "top_k_accuracy_score",
]
