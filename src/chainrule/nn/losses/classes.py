"""Losses of classes, whose scores stand in the last dimension: (N, C), or (N, H, W, C) for pictures."""

from __future__ import annotations

from typing import Any

import chainrule.nn.functional as F
from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.functional.checks import fraction
from chainrule.nn.functional.reduction import REDUCTIONS
from chainrule.nn.losses.base import Loss
from chainrule.ops.convert import as_floating
from chainrule.ops.creation import asarray


class _ClassLoss(Loss):
    """Class weights, and an index that does not count."""

    task = "multiclass"
    weight: Tensor | None

    def __init__(self, weight: Any, ignore_index: int, reduction: str) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", None if weight is None else self._checked(weight))
        self.ignore_index = ignore_index

    def _checked(self, weight: Any) -> Tensor:
        name, w = type(self).__name__, as_floating(asarray(weight))
        if w.ndim != 1:
            raise ShapeError("there must be one weight for each class.", where=name, expected="(C,)", got=w.shape)
        if w.node.value is not None and not (w.node.value >= 0).all():
            raise ArgumentError("weights must not be negative.", where=name, got=w.tolist())
        return w

    def extra_repr(self) -> str:
        ignoring = "" if self.ignore_index == -100 else f"ignore_index={self.ignore_index}"
        return ", ".join(filter(None, [ignoring, super().extra_repr()]))


class CrossEntropyLoss(_ClassLoss):
    """Cross entropy from logits, behind no activation: see `functional.cross_entropy`.

    Args:
        weight: How much each class counts, (C,).
        ignore_index: Targets of this index do not count.
        reduction: "mean", "sum" or "none".
        label_smoothing: How much of the target is spread evenly over all classes, from 0 to 1.

    Shape:
        Predictions (..., C), the classes last (PyTorch has them second). Targets (...), class indices (Keras's sparse
        categorical cross entropy); or (..., C), distributions (its categorical one).

    Raises:
        ArgumentError: For a smoothing outside of 0 ... 1.

    >>> cr.nn.CrossEntropyLoss()(cr.tensor([[2.0, 0.0, 0.0], [0.0, 5.0, 0.0]]), cr.tensor([0, 1]))
    tensor(0.1265)
    """

    takes = "logits"

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = fraction(type(self).__name__, "label_smoothing", label_smoothing)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)

    def extra_repr(self) -> str:
        smoothing = f"label_smoothing={self.label_smoothing:g}" if self.label_smoothing else ""
        return ", ".join(filter(None, [super().extra_repr(), smoothing]))


class CategoricalCrossEntropy(_ClassLoss):
    """Cross entropy from probabilities, behind a Softmax: Keras's, see `functional.categorical_cross_entropy`.

    Args:
        weight: How much each class counts, (C,).
        ignore_index: Targets of this index do not count.
        reduction: "mean", "sum" or "none".
        label_smoothing: From 0 to 1.

    Shape:
        Predictions (..., C) that add up to 1. Targets as for `CrossEntropyLoss`: indices or distributions.

    Raises:
        ArgumentError: For a smoothing outside of 0 ... 1.

    >>> cr.nn.CategoricalCrossEntropy()(cr.tensor([[0.7, 0.2, 0.1]]), cr.tensor([0]))
    tensor(0.3567)
    """

    takes = "probabilities"

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = fraction(type(self).__name__, "label_smoothing", label_smoothing)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.categorical_cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class NLLLoss(_ClassLoss):
    """The negative log likelihood, behind a LogSoftmax: see `functional.nll_loss`.

    Args:
        weight: How much each class counts, (C,).
        ignore_index: Targets of this index do not count.
        reduction: "mean", "sum" or "none".

    Shape:
        Predictions (log-probabilities) (..., C); targets (class indices) (...).

    >>> cr.nn.NLLLoss()(cr.tensor([[-0.1, -2.5]]), cr.tensor([1]))
    tensor(2.5000)
    """

    takes = "log_probabilities"

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, ignore_index, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence of log-probabilities: PyTorch's, see `functional.kl_div`.

    Args:
        reduction: "mean" over all elements, which PyTorch has by default; "batchmean", which is the divergence as it
            is defined; "sum" or "none".
        log_target: Whether the targets are logarithms too.

    Shape:
        Predictions (log-probabilities) and targets (probabilities) (..., C).

    >>> p, q = cr.tensor([[0.5, 0.5]]), cr.tensor([[0.25, 0.75]])
    >>> cr.nn.KLDivLoss(reduction="batchmean")(q.log(), p)
    tensor(0.1438)
    """

    task = "multiclass"
    takes = "log_probabilities"
    reductions = (*REDUCTIONS, "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, self.reduction, self.log_target)


class KLDivergence(Loss):
    """The Kullback-Leibler divergence of probabilities, behind a Softmax: Keras's, see `functional.kl_divergence`.

    Shape:
        Predictions and targets (probabilities) (..., C).

    >>> cr.nn.KLDivergence()(cr.tensor([[0.25, 0.75]]), cr.tensor([[0.5, 0.5]]))
    tensor(0.1438)
    """

    task = "multiclass"
    takes = "probabilities"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_divergence(input, target, self.reduction)
