"""Losses of classes: one score a class in the last dimension, (N, C), or (N, H, W, C) for pictures.

(PyTorch has the classes in the second dimension: `scores.movedim(1, -1)` turns its order.)
"""

from __future__ import annotations

import numpy as np

from chainrule._tensor import Tensor
from chainrule.nn.functional import checks
from chainrule.nn.functional.reduction import REDUCTIONS, check_reduction, reduce
from chainrule.ops.activation import log_softmax
from chainrule.ops.compare import where
from chainrule.ops.exponential import exp, log
from chainrule.ops.movement import cast


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Minus the logarithm of the probability that the softmax of the scores gives the true class.

    Args:
        input: Logits, (..., C): the output of a layer without an activation.
        target: The index of the true class, (...), integers; or distributions over the classes, (..., C), floating.
        weight: How much each class counts, (C,).
        ignore_index: Targets of this index do not count, neither in the sum nor in the mean.
        reduction: "mean", "sum", or "none" for (...). The mean over class indices is divided by the sum of the
            weights of their classes, that over distributions by the number of rows. If nothing counts, it is NaN.
        label_smoothing: How much of the target is spread evenly over all classes, from 0 to 1.

    Raises:
        TargetShapeError: For targets that do not fit the scores.
        TargetDTypeError: For class indices that are not integers, or distributions that are not floating.
        ClassIndexError: For a class index below 0, or not below C.
        ArgumentError: For targets that are no distributions, or a smoothing outside of 0 ... 1.
        ShapeError: For weights that are not one a class.

    Source: label smoothing, Szegedy et al., "Rethinking the Inception architecture", CVPR 2016.

    >>> scores = cr.tensor([[2.0, 0.0, 0.0], [0.0, 5.0, 0.0]])
    >>> cr.nn.functional.cross_entropy(scores, cr.tensor([0, 1]))
    tensor(0.1265)
    """
    scores = checks.predictions("cross_entropy", input, "the classes")
    return _cross_entropy(
        "cross_entropy", log_softmax(scores, dim=-1), target, weight, ignore_index, reduction, label_smoothing
    )


def categorical_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """`cross_entropy` of probabilities in place of logits: Keras's, for models that end in a softmax.

    Keras takes probabilities for at least 1e-7; here the bound is the smallest normal number of the dtype (1e-38 in
    float32), below which the derivative is 0. From logits the result is exact.

    Args:
        input: Probabilities, (..., C), that add up to 1.
        target: As in `cross_entropy`, and so the other arguments.
        weight: How much each class counts, (C,).
        ignore_index: Targets of this index do not count.
        reduction: "mean", "sum" or "none".
        label_smoothing: From 0 to 1.

    Raises:
        OutputLayerError: For predictions that are no probabilities.
        TargetShapeError, TargetDTypeError, ClassIndexError, ArgumentError, ShapeError: As in `cross_entropy`.

    >>> cr.nn.functional.categorical_cross_entropy(cr.tensor([[0.7, 0.2, 0.1]]), cr.tensor([0]))
    tensor(0.3567)
    """
    name = "categorical_cross_entropy"
    log_probabilities = _log_probabilities(name, checks.predictions(name, input, "the classes"))
    return _cross_entropy(name, log_probabilities, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Minus the score of the true class: the negative log likelihood, for scores that are log-probabilities.

    Args:
        input: Log-probabilities, (..., C), such as `log_softmax` gives.
        target: The index of the true class, (...), integers.
        weight: How much each class counts, (C,).
        ignore_index: Targets of this index do not count.
        reduction: "mean", "sum" or "none", as in `cross_entropy`.

    Raises:
        TargetShapeError, TargetDTypeError, ClassIndexError, ShapeError: As in `cross_entropy`.

    >>> cr.nn.functional.nll_loss(cr.tensor([[-0.1, -2.5]]), cr.tensor([1]))
    tensor(2.5000)
    """
    scores = checks.predictions("nll_loss", input, "the classes")
    y = checks.class_targets("nll_loss", scores, target, distributions=False)
    w = checks.class_weight("nll_loss", weight, scores)
    values, share = _of_indices("nll_loss", scores, y, w, ignore_index, 0.0)
    return reduce(values, reduction, share)


def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """How far the predicted distribution is from the true one: `target * (log(target) - input)`, element by element.

    Args:
        input: Log-probabilities, (..., C), such as `log_softmax` gives.
        target: Probabilities in the shape of the predictions; their logarithms with `log_target`.
        reduction: "mean" over all elements, as in PyTorch; "batchmean": the sum divided by the first dimension, which
            is the divergence as it is defined; "sum"; or "none".
        log_target: Whether the targets are logarithms.

    Raises:
        TargetShapeError, TargetDTypeError: As in `mse_loss`.
        UnknownNameError: For another reduction.

    Source: Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951).

    >>> p, q = cr.tensor([[0.5, 0.5]]), cr.tensor([[0.25, 0.75]])
    >>> cr.nn.functional.kl_div(q.log(), p, reduction="batchmean")
    tensor(0.1438)
    """
    x, y = checks.pairs("kl_div", input, target)
    check_reduction(reduction, (*REDUCTIONS, "batchmean"))
    p, log_p = (exp(y), y) if log_target else (y, log(where(y == 0, 1.0, y)))
    values = _times(p, log_p) - _times(p, x)
    return reduce(values, "sum") / x.shape[0] if reduction == "batchmean" else reduce(values, reduction)


def kl_divergence(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The Kullback-Leibler divergence of probabilities, a number for each row. Keras's.

    Args:
        input: Probabilities, (..., C), that add up to 1.
        target: Probabilities in the shape of the predictions.
        reduction: "mean" over the rows, "sum", or "none" for (...).

    Raises:
        OutputLayerError: For predictions that are no probabilities.
        TargetShapeError, TargetDTypeError: As in `mse_loss`.

    >>> cr.nn.functional.kl_divergence(cr.tensor([[0.25, 0.75]]), cr.tensor([[0.5, 0.5]]))
    tensor(0.1438)
    """
    x = checks.predictions("kl_divergence", input, "the classes")
    checks.pairs("kl_divergence", x, target)
    values = kl_div(_log_probabilities("kl_divergence", x), target, reduction="none")
    return reduce(values.sum(dim=-1), reduction)


def _log_probabilities(name: str, p: Tensor) -> Tensor:
    checks.probabilities(name, p, over_classes=True, remedy="end the model with Softmax, or take CrossEntropyLoss")
    return log(p.clip(min=float(np.finfo(p.dtype).tiny)))


def _cross_entropy(
    name: str,
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    smoothing = checks.fraction(name, "label_smoothing", label_smoothing)
    y = checks.class_targets(name, log_probabilities, target)
    w = checks.class_weight(name, weight, log_probabilities)
    if y.shape == log_probabilities.shape:
        return reduce(_of_distributions(log_probabilities, y, w, smoothing), reduction)
    values, share = _of_indices(name, log_probabilities, y, w, ignore_index, smoothing)
    return reduce(values, reduction, share)


def _of_distributions(log_probabilities: Tensor, y: Tensor, w: Tensor | None, smoothing: float) -> Tensor:
    if smoothing:
        y = y * (1 - smoothing) + smoothing / y.shape[-1]
    products = _times(y, log_probabilities)
    return -(products if w is None else products * w).sum(dim=-1)


def _of_indices(
    name: str, log_probabilities: Tensor, y: Tensor, w: Tensor | None, ignore_index: int, smoothing: float
) -> tuple[Tensor, Tensor]:
    """The loss of each target, and how much each counts in the mean."""
    classes = log_probabilities.shape[-1]
    checks.indices_in_range(name, y, classes, ignore_index)
    counted = y != ignore_index
    index = where(counted, y, 0)
    own_weight = cast(counted, log_probabilities.dtype) if w is None else w[index]
    values = -log_probabilities.gather(-1, index.unsqueeze(-1)).squeeze(-1) * own_weight
    if smoothing:
        weighed = log_probabilities if w is None else log_probabilities * w
        values = values * (1 - smoothing) - weighed.sum(dim=-1) * (smoothing / classes)
    return where(counted, values, 0.0), where(counted, own_weight, 0.0)


def _times(p: Tensor, logarithm: Tensor) -> Tensor:
    """The product, where 0 times -inf is 0: what is not expected costs nothing, however impossible it is."""
    return p * where((p == 0) & logarithm.isinf(), 0.0, logarithm)
