"""Losses of yes or no, element by element."""

from __future__ import annotations

from typing import Any

import chainrule.nn.functional as F
from chainrule._tensor import Tensor
from chainrule.nn.losses.base import Loss
from chainrule.ops.creation import asarray


class BCELoss(Loss):
    """Binary cross entropy of probabilities, behind a Sigmoid: see `functional.binary_cross_entropy`.

    Args:
        weight: How much each element counts; broadcast to the predictions.
        reduction: "mean", "sum" or "none".

    Shape:
        Predictions (from 0 to 1) and targets (0 or 1, floating) of any one shape; (N, 1) against (N,) is an error.

    >>> cr.nn.BCELoss()(cr.tensor([0.9, 0.2]), cr.tensor([1.0, 0.0]))
    tensor(0.1643)
    """

    task = "binary"
    takes = "probabilities"
    weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", None if weight is None else asarray(weight))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """Binary cross entropy of logits, behind no activation: see `functional.binary_cross_entropy_with_logits`.

    Args:
        weight: How much each element counts; broadcast to the predictions.
        reduction: "mean", "sum" or "none".
        pos_weight: How many times a "yes" counts; broadcast to the predictions: (C,) has one for each label.

    Shape:
        Predictions and targets (0 or 1, floating) of any one shape.

    >>> cr.nn.BCEWithLogitsLoss()(cr.tensor([100.0, -1.0]), cr.tensor([0.0, 0.0]))
    tensor(50.1566)
    """

    task = "binary"
    takes = "logits"
    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", None if weight is None else asarray(weight))
        self.register_buffer("pos_weight", None if pos_weight is None else asarray(pos_weight))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class HingeLoss(Loss):
    """`max(0, 1 - target * input)`: Keras's, see `functional.hinge_loss`.

    Shape:
        Predictions (scores around 0) and targets (-1 and 1, or 0 and 1, floating) of any one shape.

    >>> cr.nn.HingeLoss()(cr.tensor([0.3, -2.0]), cr.tensor([1.0, -1.0]))
    tensor(0.3500)
    """

    task = "binary"
    takes = "logits"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_loss(input, target, self.reduction)
