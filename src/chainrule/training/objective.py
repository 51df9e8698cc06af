"""What training minimises and measures: the loss and the metrics, and what they mean for the targets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.dtype import DType, float64, is_floating
from chainrule.core.modes import no_grad
from chainrule.core.shape import Shape
from chainrule.data import check_several_classes, check_training_classes
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.metrics import Metric, Task, resolve
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.output import check_output
from chainrule.ops.compare import where
from chainrule.ops.convert import constant
from chainrule.ops.movement import cast
from chainrule.training.precheck import Traced, check_spread, located, try_targets
from chainrule.training.rows import Rows, as_model_dtype, model_dtype


class Objective:
    """A loss and metrics, ready to be applied to batches.

    Args:
        loss: A loss of `chainrule.nn`, or a function of (prediction, target) that gives a tensor of one element.
        metrics: Names or metrics.
    """

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], metrics: Sequence[str | Metric] = ()) -> None:
        self.loss = loss
        self.task: Task = loss.task if isinstance(loss, Loss) else "regression"
        from_logits = isinstance(loss, Loss) and loss.takes in ("logits", "log_probabilities")
        self.metrics = [
            resolve(metric, task=self.task, from_logits=from_logits) if isinstance(metric, str) else metric
            for metric in metrics
        ]
        _check_metrics(self.metrics)
        self._each = _unreduced(loss)

    # The loss

    def __call__(self, output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss of a batch; rows count by their weights, if there are any."""
        if weight is not None:
            return self._weighed(output, target, weight)
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

    def _weighed(self, output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """The sum of the weighed losses, divided by what the loss's own mean divides by."""
        if self._each is None:
            raise ArgumentError(
                "this loss cannot weigh rows.",
                where=_name(self.loss),
                expected="a loss of chainrule.nn",
                got="your own function",
            )
        each: Tensor = self._each(output, target)
        total = (_of_rows(each) * weight).sum()
        match self.loss.reduction:  # type: ignore[attr-defined]  # only losses of nn come here
            case "sum":
                return total
            case "batchmean":
                return total / len(each)
        counts = self._counts(target, total.dtype)
        return total / (each.numel() if counts is None else counts.sum())

    @property
    def tells_rows_apart(self) -> bool:
        """Whether the loss of each row is known."""
        return self._each is not None

    @no_grad()
    def of_each_row(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of each row by itself, (N,), for a loss that tells rows apart."""
        return _of_rows(self._each(output, target))

    def count(self, target: Tensor) -> Tensor | float:
        """How much a batch counts among others: what its mean is a mean over.

        That is its rows, but for class indices of which some do not count (`ignore_index`) or count more than others.
        """
        counts = self._counts(target, float64)
        return float(len(target)) if counts is None else counts.sum()

    def counts_rows(self, targets: np.ndarray) -> bool:
        """Whether each batch of these targets counts by its number of rows."""
        if self._counts(constant(targets[:1]), float64) is None:
            return True
        return getattr(self.loss, "weight", None) is None and targets.ndim == 1 and not (targets == self.ignored).any()

    def _counts(self, target: Tensor, dtype: DType) -> Tensor | None:
        """How much each target counts in the loss's mean; None where all count the same."""
        if self.task != "multiclass" or is_floating(target.dtype) or self.ignored is None:
            return None
        counted = cast(target != self.ignored, dtype)
        weight: Tensor | None = getattr(self.loss, "weight", None)
        return counted if weight is None else counted * cast(weight[where(target == self.ignored, 0, target)], dtype)

    # The metrics

    def new_metrics(self) -> dict[str, Metric]:
        """The metrics by name, with nothing gathered yet."""
        for metric in self.metrics:
            metric.reset()
        return {metric.name: metric for metric in self.metrics}

    @property
    def ignored(self) -> int | None:
        """The class index that does not count, where there is one."""
        return getattr(self.loss, "ignore_index", None)

    # What the targets mean

    def prepare(self, model: Module, rows: Rows, traced: Traced, name: str) -> Rows:
        """Rows whose targets the loss can take, checked against the model's output.

        Labels of two classes become the numbers 0 and 1 in the output's shape; class indices become int64, one a row
        where they come as (N, 1), as Keras has it. Numbers are left as they are: a loss over shapes that do not agree
        is an error, never a broadcast.

        Raises:
            OutputLayerError, TargetShapeError, ClassIndexError, ...: For what does not fit.
        """
        targets = rows.targets
        if not isinstance(self.loss, Loss):
            check_spread(self.loss, traced.output, targets.shape)
            return replace(rows, targets=as_model_dtype(targets, model, name))
        if self.task == "binary":
            targets = _yes_or_no(targets, traced.output, model)
        elif self.task == "multiclass":
            targets = _classes(targets, traced.output, model)
        check_output(model, self.loss, traced.output, targets, traced.layer)
        targets = as_model_dtype(targets, model, name)
        with located(name):
            try_targets(self.loss, (len(targets), *traced.output[1:]), model_dtype(model), targets)
        return replace(rows, targets=targets)

    def labels(self, targets: np.ndarray) -> np.ndarray | None:
        """The class of each row, (N,); None where the targets are numbers, or several classes a row."""
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
                "there is not one class a row to weigh.",
                where="class_weight",
                expected="class indices (N,), one-hot rows, or yes and no",
                got=f"targets {targets.shape} for {_name(self.loss)}",
                remedy="sample_weight gives each row its own weight",
            )
        return labels

    def check_classes(self, targets: np.ndarray, output: Shape) -> None:
        """Raise where the training rows lack a class, or have only one."""
        labels = self.labels(targets)
        if labels is None:
            return
        if self.task == "binary":
            check_several_classes(labels, "y")
            return
        counted = labels[labels != self.ignored]
        check_several_classes(counted, "y")
        if self.ignored is not None and 0 <= self.ignored < output[-1]:
            # A class that does not count needs no rows.
            counted = np.append(counted, self.ignored)
        check_training_classes(counted, output[-1], where="y")


def _of_rows(each: Tensor) -> Tensor:
    """A loss for every element as one for every row."""
    return each.reshape(each.shape[0], -1).sum(dim=1)


def _unreduced(loss: Any) -> Any:
    """The loss of each row by itself; None for a function of the user's."""
    if not isinstance(loss, Loss):
        return None
    each = copy.copy(loss)
    each.reduction = "none"
    return each


def _name(loss: Any) -> str:
    return type(loss).__name__ if isinstance(loss, Module) else getattr(loss, "__name__", "loss")


def _check_metrics(metrics: Sequence[Any]) -> None:
    """Metrics that are metrics, each with a name of its own."""
    names = ["loss"]
    for metric in metrics:
        if not isinstance(metric, Metric):
            remedy = f"make an instance: {metric.__name__}()" if isinstance(metric, type) else None
            raise DTypeError("a metric is a name or a Metric.", where="metrics", got=repr(metric), remedy=remedy)
        if metric.name in names:
            raise ArgumentError(
                f"two measures are called {metric.name!r}.",
                where="metrics",
                expected="a name for each",
                got=", ".join([*names, metric.name]),
                remedy=f'rename one: metric.name = "{metric.name}_2"',
            )
        names.append(metric.name)


def _yes_or_no(targets: np.ndarray, output: Shape, model: Module) -> np.ndarray:
    """Labels as numbers, in the output's shape where that is (N, 1): a label is one answer a row, either way."""
    if targets.ndim == 1 and output[1:] == (1,):
        targets = targets[:, None]
    return targets.astype(model_dtype(model))


def _classes(targets: np.ndarray, output: Shape, model: Module) -> np.ndarray:
    """Class indices as int64, or a distribution over the classes as numbers."""
    if targets.ndim == len(output) and targets.shape[-1] == output[-1] > 1:
        return targets.astype(model_dtype(model))
    if targets.ndim == len(output) and targets.shape[-1] == 1:
        targets = targets[..., 0]
    return targets.astype(np.int64) if targets.dtype.kind in "iu" else targets
