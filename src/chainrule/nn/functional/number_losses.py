"""Losses of numbers and of directions: predictions and targets are floating and of one shape."""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.errors import ClassIndexError, ShapeError, TargetShapeError
from chainrule.nn.functional import checks
from chainrule.nn.functional.reduction import reduce
from chainrule.nn.functional.vectors import cosine_similarity
from chainrule.ops.activation import relu
from chainrule.ops.compare import where


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The squared error, `(input - target)**2`.

    Args:
        input: Predictions, any shape.
        target: Numbers, in the shape of the predictions.
        reduction: "mean" over all elements, "sum", or "none" for each by itself.

    Raises:
        TargetShapeError: For another shape: nothing is broadcast.
        TargetDTypeError: For targets that are not floating.

    >>> cr.nn.functional.mse_loss(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 4.0]))
    tensor(2.)
    """
    x, y = checks.pairs("mse_loss", input, target)
    return reduce((x - y).square(), reduction)


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The absolute error, `abs(input - target)`; its derivative at 0 is 0. Arguments and errors as in `mse_loss`.

    >>> cr.nn.functional.l1_loss(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 4.0]))
    tensor(1.)
    """
    x, y = checks.pairs("l1_loss", input, target)
    return reduce((x - y).abs(), reduction)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Squared for errors up to `delta`, straight beyond: outliers pull no harder than `delta`.

    Args:
        input: Predictions, any shape.
        target: Numbers, in the shape of the predictions.
        reduction: "mean", "sum" or "none".
        delta: Where the parabola `0.5 * e**2` goes over into the line `delta * (abs(e) - 0.5 * delta)`; above 0.

    Raises:
        TargetShapeError, TargetDTypeError: As in `mse_loss`.
        ArgumentError: If `delta` is not above 0.

    Source: Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).

    >>> cr.nn.functional.huber_loss(cr.tensor([1.0, 2.0]), cr.tensor([1.5, 5.0]), reduction="none")
    tensor([0.1250, 2.5000])
    """
    x, y = checks.pairs("huber_loss", input, target)
    return reduce(_huber(x - y, checks.positive("huber_loss", "delta", delta)), reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """`huber_loss` with `delta=beta`, divided by `beta`: of slope 1 beyond it; `l1_loss` for `beta=0`.

    Source: Girshick, "Fast R-CNN", ICCV 2015.

    >>> cr.nn.functional.smooth_l1_loss(cr.tensor([1.0, 2.0]), cr.tensor([1.5, 5.0]), reduction="none", beta=0.5)
    tensor([0.2500, 2.7500])
    """
    if beta == 0:
        return l1_loss(input, target, reduction)
    x, y = checks.pairs("smooth_l1_loss", input, target)
    return reduce(_huber(x - y, checks.positive("smooth_l1_loss", "beta", beta)) / beta, reduction)


def _huber(error: Tensor, delta: float) -> Tensor:
    """Both sides at once: with the error limited to c, 0.5 * e * e is c * (e - 0.5 * c) within, and the line beyond."""
    limited = error.clip(-delta, delta)
    return limited * (error - limited * 0.5)


def cosine_similarity_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The cosine of the angle between predicted and true vectors, negated: -1 for the same direction. Keras's.

    Args:
        input: Predicted vectors, (..., D).
        target: True vectors, in the shape of the predictions.
        reduction: "mean", "sum", or "none" for (...).

    Raises:
        TargetShapeError, TargetDTypeError: As in `mse_loss`.

    >>> cr.nn.functional.cosine_similarity_loss(cr.tensor([[1.0, 1.0]]), cr.tensor([[2.0, 2.0]]))
    tensor(-1.0000)
    """
    x, y = checks.pairs("cosine_similarity_loss", input, target)
    return reduce(-cosine_similarity(x, y, dim=-1), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """Pulls vectors that belong together to one direction, and pushes others apart. PyTorch's.

    Args:
        input1: Vectors, (N, D) or (D,).
        input2: Vectors of the same shape.
        target: (N,) or (): 1 where the two belong together (the loss is `1 - cos`), -1 where they do not (it is
            `max(0, cos - margin)`).
        margin: Which cosine is apart enough, from -1 to 1.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: If the vectors differ in shape.
        TargetShapeError: If there is not one target for each pair.
        ClassIndexError: For targets other than 1 and -1.

    >>> together, apart = cr.tensor([1.0]), cr.tensor([-1.0])
    >>> a, b = cr.tensor([[1.0, 0.0]]), cr.tensor([[1.0, 0.0]])
    >>> cr.nn.functional.cosine_embedding_loss(a, b, together), cr.nn.functional.cosine_embedding_loss(a, b, apart)
    (tensor(0.), tensor(1.))
    """
    name = "cosine_embedding_loss"
    a, b = (checks.predictions(name, x, "the vectors") for x in (input1, input2))
    if a.shape != b.shape:
        raise ShapeError("both sides need one shape.", where=checks.location(name), expected=a.shape, got=b.shape)
    y = checks.targets(name, target)
    if y.shape != a.shape[:-1]:
        raise TargetShapeError(
            "there must be one target for each pair.", where=checks.location(name), expected=a.shape[:-1], got=y.shape
        )
    _check_signs(name, y)
    cosine = cosine_similarity(a, b, dim=-1)
    return reduce(where(y > 0, 1 - cosine, relu(cosine - margin)), reduction)


def _check_signs(name: str, y: Tensor) -> None:
    value = y.node.value
    if value is None:
        return
    wrong = np.abs(value.astype(np.float64)) != 1
    if wrong.any():
        at, spot = checks.first(wrong)
        raise ClassIndexError(
            "a pair belongs together or not.",
            where=checks.location(name),
            expected="1 or -1",
            got=f"{value[at]} in {spot}",
            remedy="labels 0 and 1: target * 2 - 1",
        )
