"""Running a training step without numbers, so that mistakes in a model are found before training starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.abstract import shapes_only
from chainrule.core.node import Handle, Node
from chainrule.core.shape import Shape
from chainrule.errors import UntracedValueError
from chainrule.nn.module import Module
from chainrule.nn.output import LastLayer, last_layer, traced_layer

if TYPE_CHECKING:
    from chainrule.train.objective import Objective


def _unknown(array: np.ndarray, rows: int) -> Tensor:
    """A tensor with the shape and dtype of a batch, and no value."""
    return Handle.of(Node((rows, *array.shape[1:]), array.dtype, None))


class Traced(NamedTuple):
    """What is known of a model's output without running it.

    Attributes:
        output: Its shape for a batch of two rows; None if `forward` depends on values, or gives no tensor.
        layer: What the model ends in.
    """

    output: Shape | None
    layer: LastLayer


def trace(model: Module, inputs: np.ndarray) -> Traced:
    """Run `model` without numbers.

    Raises:
        ShapeError, DTypeError, ...: What the layer that cannot take its input raises, with its name.
    """
    layer = last_layer(model)
    try:
        with shapes_only():
            output = model(_unknown(inputs, 2))
    except UntracedValueError:
        return Traced(None, layer)
    if not isinstance(output, Tensor):
        return Traced(None, layer)
    return Traced(output.shape, layer if layer.kind else traced_layer(output))


def rehearse(model: Module, objective: Objective, arrays: tuple[np.ndarray, ...], rows: int) -> None:
    """Forward, loss and backward without numbers: every shape and dtype is checked, nothing is changed."""
    x, y, *w = [_unknown(array, rows) for array in arrays]
    try:
        with shapes_only():
            objective(model(x), y, w[0] if w else None).backward()
    except UntracedValueError:
        # A forward that depends on values can only be known by running it.
        return
