"""Losses of yes or no, element by element: one class against another, or several labels at once."""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.errors import ClassIndexError
from chainrule.nn.functional import checks
from chainrule.nn.functional.activation import log1p_exp
from chainrule.nn.functional.reduction import reduce
from chainrule.ops.activation import relu
from chainrule.ops.compare import where
from chainrule.ops.exponential import log, log1p

# PyTorch's bounds, behind which a probability counts as 0 or 1: of p * (1 - p) in the derivative (where it has 1e-12
# in single precision), and of the logarithms.
_LEAST_VARIANCE = float(np.float32(1e-12))
_LEAST_LOG = -100.0


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """`-(target * log(input) + (1 - target) * log(1 - input))`, of probabilities.

    Args:
        input: Probabilities of "yes", such as a sigmoid gives, any shape.
        target: 0 or 1 (or a probability), floating, in the shape of the predictions.
        weight: How much each element counts; broadcast to the predictions. The mean is still over their number.
        reduction: "mean", "sum" or "none".

    Raises:
        OutputLayerError: For predictions outside of 0 ... 1.
        TargetShapeError: For targets of another shape: nothing is broadcast.
        TargetDTypeError: For targets that are not floating.
        ClassIndexError: For targets outside of 0 ... 1.
        ShapeError: For a weight that does not fit.

    As in PyTorch, logarithms are at least -100 and derivatives at most 1e12, so that both stay finite at 0 and 1.
    `binary_cross_entropy_with_logits` needs no such bounds.

    >>> cr.nn.functional.binary_cross_entropy(cr.tensor([0.9, 0.2]), cr.tensor([1.0, 0.0]))
    tensor(0.1643)
    """
    name = "binary_cross_entropy"
    p, y = checks.pairs(name, input, target)
    checks.probabilities(name, p, over_classes=False, remedy="end the model with Sigmoid, or take BCEWithLogitsLoss")
    checks.yes_or_no(name, y)
    sure = p * (1 - p) < _LEAST_VARIANCE
    within = _cross_entropy(where(sure, 0.5, p), y)
    # Where the model is sure: the value of p itself, and PyTorch's derivative with respect to it.
    slope = ((p - y) / _LEAST_VARIANCE).detach()
    beyond = _cross_entropy(p.detach(), y) + slope * (p - p.detach())
    values = where(sure, beyond, within)
    w = checks.element_weight(name, "weight", weight, p)
    return reduce(values if w is None else values * w, reduction)


def _cross_entropy(p: Tensor, y: Tensor) -> Tensor:
    return -(y * log(p).clip(min=_LEAST_LOG) + (1 - y) * log1p(-p).clip(min=_LEAST_LOG))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy(sigmoid(input), target)`, exact however large the logits are.

    Args:
        input: Logits, any shape: the output of a layer without an activation.
        target: 0 or 1 (or a probability), floating, in the shape of the predictions.
        weight: How much each element counts; broadcast to the predictions.
        reduction: "mean", "sum" or "none".
        pos_weight: How many times a "yes" counts; broadcast to the predictions, so that (C,) has one for each label.

    Raises:
        TargetShapeError, TargetDTypeError, ClassIndexError, ShapeError: As in `binary_cross_entropy`.

    >>> cr.nn.functional.binary_cross_entropy_with_logits(cr.tensor([100.0, -1.0]), cr.tensor([0.0, 0.0]))
    tensor(50.1566)
    """
    name = "binary_cross_entropy_with_logits"
    x, y = checks.pairs(name, input, target)
    checks.yes_or_no(name, y)
    # Both terms are from 0 on, so that nothing cancels.
    yes, no = y * log1p_exp(-x), (1 - y) * log1p_exp(x)
    more = checks.element_weight(name, "pos_weight", pos_weight, x)
    values = (yes if more is None else yes * more) + no
    w = checks.element_weight(name, "weight", weight, x)
    return reduce(values if w is None else values * w, reduction)


def hinge_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """`max(0, 1 - target * input)`, the loss of support vector machines. Keras's.

    Args:
        input: Scores, any shape: above 0 for "yes"; a model that ends in Tanh or without an activation.
        target: -1 or 1; or 0 or 1, where 0 counts as -1. Floating, in the shape of the predictions.
        reduction: "mean", "sum" or "none".

    Raises:
        TargetShapeError, TargetDTypeError: As in `mse_loss`.
        ClassIndexError: For targets other than these, or with all three of them.

    >>> cr.nn.functional.hinge_loss(cr.tensor([0.3, -2.0]), cr.tensor([1.0, 0.0]))
    tensor(0.3500)
    """
    x, y = checks.pairs("hinge_loss", input, target)
    _check_labels(y)
    return reduce(relu(1 - where(y == 0, -1.0, y) * x), reduction)


def _check_labels(y: Tensor) -> None:
    value = y.node.value
    if value is None:
        return
    wrong = ~np.isin(value, (-1, 0, 1))
    if wrong.any() or {-1, 0} <= set(np.unique(value).tolist()):
        at, spot = checks.first(wrong if wrong.any() else value == 0)
        raise ClassIndexError(
            "the hinge loss tells two classes apart.",
            where=checks.location("hinge_loss"),
            expected="-1 and 1, or 0 and 1",
            got=f"{value[at]} in {spot}",
        )
