"""What training minimises and measures: the loss and the metrics, and what they mean for the targets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.shape import Shape
from chainrule.data import check_class_indices, check_several_classes, check_training_classes
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.metrics import Metric, Task, resolve
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.output import check_output
from chainrule.train.precheck import Traced
from chainrule.train.rows import Rows, as_model_dtype, model_dtype


class Objective:
    """A loss and metrics, ready to be applied to batches.

    Args:
        loss: A loss of `chainrule.nn`, or a function of (prediction, target) that gives a tensor of one element.
        metrics: Names or metrics.
    """

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], metrics: Sequence[str | Metric] = ()) -> None:
        self.loss = loss
        self.task: Task = loss.task if isinstance(loss, Loss) else "regression"
        from_logits = isinstance(loss, Loss) and loss.takes == "logits"
        self._metrics = [
            resolve(metric, task=self.task, from_logits=from_logits) if isinstance(metric, str) else metric
            for metric in metrics
        ]
        for metric in self._metrics:
            if not isinstance(metric, Metric):
                raise DTypeError("a metric is a name or a Metric.", where="metrics", got=repr(metric))
        self._each = _unreduced(loss)

    def __call__(self, output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss of a batch: a mean over its rows, each counted by its weight."""
        if weight is None:
            loss = self.loss(output, target)
            if not isinstance(loss, Tensor) or loss.numel() != 1:
                raise ShapeError(
                    "the loss must be a single number.",
                    where=_name(self.loss),
                    expected="a tensor of one element",
                    got=loss.shape if isinstance(loss, Tensor) else type(loss).__name__,
                    remedy='reduction="mean", or take the mean in your own loss',
                )
            return loss
        if self._each is None:
            raise ArgumentError(
                "this loss cannot weigh rows.",
                where=_name(self.loss),
                expected="a loss of chainrule.nn",
                got="your own function",
            )
        each: Tensor = self._each(output, target)
        rows = each.reshape(each.shape[0], -1).mean(dim=1)
        return (rows * weight).sum() / len(rows)

    def new_metrics(self) -> dict[str, Metric]:
        """The metrics by name, with nothing gathered yet."""
        for metric in self._metrics:
            metric.reset()
        return {metric.name: metric for metric in self._metrics}

    # What the targets mean

    def prepare(self, model: Module, rows: Rows, traced: Traced, where: str) -> Rows:
        """Rows whose targets the loss can take, checked against the model's output.

        Labels of two classes become the numbers 0 and 1 in the output's shape; class indices become int64. Numbers
        are left as they are: a loss over shapes that do not agree is an error, never a broadcast.

        Raises:
            OutputLayerError, TargetShapeError, ClassIndexError, ...: For what does not fit.
        """
        targets = rows.targets
        if not isinstance(self.loss, Loss):
            return replace(rows, targets=as_model_dtype(targets, model))
        if self.task == "binary":
            targets = _yes_or_no(targets, traced.output, model)
        elif self.task == "multiclass":
            targets = _classes(targets, traced.output, model)
        check_output(model, self.loss, traced.output, targets, traced.layer)
        if self.task == "multiclass" and targets.dtype.kind in "iu" and traced.output is not None:
            counted = targets[targets != getattr(self.loss, "ignore_index", None)]
            check_class_indices(counted, traced.output[-1], where)
        return replace(rows, targets=as_model_dtype(targets, model))

    def labels(self, targets: np.ndarray) -> np.ndarray | None:
        """The class of each row, (N,); None where the targets are numbers."""
        if self.task == "multiclass" and targets.ndim == 1:
            return targets
        if self.task == "multiclass" and targets.ndim == 2 and targets.dtype.kind == "f":
            return np.asarray(targets.argmax(axis=1))
        if self.task == "binary" and targets[0].size == 1:
            return (targets.reshape(len(targets)) > 0.5).astype(np.int64)
        return None

    def required_labels(self, targets: np.ndarray) -> np.ndarray:
        """The class of each row, where classes are what is weighed."""
        labels = self.labels(targets)
        if labels is None:
            raise ArgumentError(
                "there are no classes to weigh.",
                where="class_weight",
                expected="one class a row",
                got=f"{self.task} targets",
            )
        return labels

    def check_classes(self, targets: np.ndarray, output: Shape | None) -> None:
        """Raise where the training rows lack a class, or have only one."""
        labels = self.labels(targets)
        if labels is not None:
            check_several_classes(labels, "y")
            if self.task == "multiclass" and output is not None:
                check_training_classes(labels, output[-1], where="y")


def _unreduced(loss: Any) -> Any:
    """The loss of each row by itself; None for a function of the user's."""
    if not isinstance(loss, Loss):
        return None
    each = copy.copy(loss)
    each.reduction = "none"
    return each


def _name(loss: Any) -> str:
    return type(loss).__name__ if isinstance(loss, Module) else getattr(loss, "__name__", "loss")


def _yes_or_no(targets: np.ndarray, output: Shape | None, model: Module) -> np.ndarray:
    """Labels as numbers, in the output's shape where that is (N, 1): a label is one answer a row, either way."""
    if targets.ndim == 1 and output is not None and output[1:] == (1,):
        targets = targets[:, None]
    return targets.astype(model_dtype(model))


def _classes(targets: np.ndarray, output: Shape | None, model: Module) -> np.ndarray:
    """Class indices as int64, or a distribution over the classes as numbers."""
    one_hot = output is not None and targets.ndim == len(output) and targets.shape[-1] == output[-1] > 1
    if one_hot:
        return targets.astype(model_dtype(model))
    return targets.astype(np.int64) if targets.dtype.kind in "iu" else targets
