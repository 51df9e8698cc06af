"""Losses of numbers and of directions: floating targets in the shape of the predictions."""

from __future__ import annotations

import chainrule.nn.functional as F
from chainrule._tensor import Tensor
from chainrule.nn.functional.checks import positive
from chainrule.nn.losses.base import Loss


class MSELoss(Loss):
    """The mean squared error: see `functional.mse_loss`. Keras's name for it is "mse".

    Shape:
        Predictions and targets of any one shape; (N, 1) against (N,) is an error.

    >>> cr.nn.MSELoss()(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 4.0]))
    tensor(2.)
    """

    task = "regression"
    takes = "numbers"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, self.reduction)


class L1Loss(Loss):
    """The mean absolute error: see `functional.l1_loss`. Keras's name for it is "mae".

    Shape:
        Predictions and targets of any one shape.

    >>> cr.nn.L1Loss()(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 4.0]))
    tensor(1.)
    """

    task = "regression"
    takes = "numbers"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, self.reduction)


class HuberLoss(Loss):
    """Squared for errors up to `delta`, straight beyond: see `functional.huber_loss`.

    Args:
        reduction: "mean", "sum" or "none".
        delta: Where the parabola goes over into the line, above 0.

    Shape:
        Predictions and targets of any one shape.

    >>> cr.nn.HuberLoss(reduction="none")(cr.tensor([1.0, 2.0]), cr.tensor([1.5, 5.0]))
    tensor([0.1250, 2.5000])
    """

    task = "regression"
    takes = "numbers"

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = positive("HuberLoss", "delta", delta)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)

    def extra_repr(self) -> str:
        return ", ".join(filter(None, [f"delta={self.delta:g}", super().extra_repr()]))


class SmoothL1Loss(Loss):
    """`HuberLoss` of slope 1 far away: see `functional.smooth_l1_loss`.

    Args:
        reduction: "mean", "sum" or "none".
        beta: Where the parabola goes over into the line; 0 makes it `L1Loss`.

    Shape:
        Predictions and targets of any one shape.

    >>> cr.nn.SmoothL1Loss(beta=0.5)(cr.tensor([1.0]), cr.tensor([1.5]))
    tensor(0.2500)
    """

    task = "regression"
    takes = "numbers"

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = positive("SmoothL1Loss", "beta", beta) if beta else 0.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)

    def extra_repr(self) -> str:
        return ", ".join(filter(None, [f"beta={self.beta:g}", super().extra_repr()]))


class CosineSimilarityLoss(Loss):
    """The cosine of the angle to the true vector, negated: Keras's, see `functional.cosine_similarity_loss`.

    Shape:
        Predictions and targets (..., D).

    >>> cr.nn.CosineSimilarityLoss()(cr.tensor([[1.0, 1.0]]), cr.tensor([[2.0, 2.0]]))
    tensor(-1.0000)
    """

    task = "regression"
    takes = "numbers"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cosine_similarity_loss(input, target, self.reduction)


class CosineEmbeddingLoss(Loss):
    """Pulls vectors that belong together to one direction: PyTorch's, see `functional.cosine_embedding_loss`.

    Args:
        margin: Which cosine is apart enough for vectors that do not belong together, from -1 to 1.
        reduction: "mean", "sum" or "none".

    Shape:
        Two sides (N, D), and targets (N,): 1 together, -1 apart.

    >>> a, b = cr.tensor([[1.0, 0.0]]), cr.tensor([[1.0, 0.0]])
    >>> cr.nn.CosineEmbeddingLoss()(a, b, cr.tensor([-1.0]))
    tensor(1.)
    """

    task = "regression"
    takes = "numbers"

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)

    def extra_repr(self) -> str:
        return ", ".join(filter(None, [f"margin={self.margin:g}", super().extra_repr()]))
