"""Running a training step without numbers, so that mistakes in a model are found before training starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.abstract import shapes_only
from chainrule.core.dtype import DType, is_floating
from chainrule.core.modes import enable_grad, no_grad
from chainrule.core.node import Handle, Node
from chainrule.core.rewind import rewind
from chainrule.core.shape import Shape
from chainrule.errors import (
    ChainruleError,
    DTypeError,
    GradientError,
    ShapeError,
    TargetShapeError,
    UntracedValueError,
)
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.output import LastLayer, last_layer, traced_layer
from chainrule.ops.convert import constant

if TYPE_CHECKING:
    from chainrule.training.objective import Objective

_Result = TypeVar("_Result")


class Traced(NamedTuple):
    """What is known of a model's output before training.

    Attributes:
        output: Its shape for all rows (for two, if there is but one: a single row may be too few for a BatchNorm).
        layer: What the model ends in.
    """

    output: Shape
    layer: LastLayer


def trace(model: Module, inputs: np.ndarray) -> Traced:
    """What `model` makes of the inputs, worked out without numbers.

    Raises:
        ShapeError, DTypeError, ...: What the layer that cannot take its input raises, with its name.
    """
    layer = last_layer(model)
    rows = max(len(inputs), 2)

    def forward(x: Tensor) -> Any:
        # From inputs with a gradient, so that what the output came from is remembered even if all weights are frozen.
        return model(x.requires_grad_() * 1 if is_floating(x.dtype) else x)

    try:
        with enable_grad():
            output = single(model, _without_numbers(forward, (inputs,), rows, look_at=2))
    except ShapeError as error:
        if inputs.ndim == 1:
            error.remedy = "x has no columns: x[:, None], or x.reshape(-1, 1), makes one"
        raise
    if output.ndim == 0 or output.shape[0] not in (rows, 2):
        raise ShapeError(
            "the model gives another number of rows than it gets.",
            where=type(model).__name__,
            expected="(N, ...), as many rows as come in",
            got=f"{output.shape} from {(rows, *inputs.shape[1:])}",
            remedy="keep the first dimension in forward: x.flatten(1) for x.flatten(), x.squeeze(-1) for x.squeeze()",
        )
    return Traced(output.shape, layer if layer.kind else traced_layer(output))


def single(model: Module, output: Any) -> Tensor:
    """The output of `model`, if it is one tensor."""
    if not isinstance(output, Tensor):
        what = f"{type(output).__name__} of {len(output)}" if isinstance(output, (tuple, list, dict)) else repr(output)
        raise DTypeError(
            "the model's output is not one tensor.",
            where=type(model).__name__,
            expected="a tensor (N, ...)",
            got=what[:60],
            remedy="return one tensor from forward; or train by hand: loss.backward(); optimizer.step()",
        )
    return output


def rehearse(model: Module, objective: Objective, arrays: tuple[np.ndarray, ...], rows: int) -> None:
    """Forward, loss and backward of a batch: every shape and dtype is checked, nothing is changed.

    Raises:
        GradientError: If the loss does not depend on a weight that is trained.
        ChainruleError: What does not fit.
    """

    def step(x: Tensor, y: Tensor, *weight: Tensor) -> None:
        loss = objective(model(x), y, *weight)
        if not loss.requires_grad:
            frozen = not any(parameter.requires_grad for parameter in model.parameters())
            raise GradientError(
                "all weights are frozen." if frozen else "the loss does not depend on any weight that is trained.",
                where=type(model).__name__,
                expected="a weight that requires a gradient on the way to the loss",
                remedy="model.requires_grad_()" if frozen else "keep detach(), numpy() and no_grad() out of the way",
            )
        loss.backward()

    _without_numbers(step, arrays, rows)


def rehearse_evaluation(model: Module, objective: Objective, arrays: tuple[np.ndarray, ...], rows: int) -> None:
    """Forward and loss of a batch in evaluation mode; nothing is changed."""
    with evaluating(model), no_grad():
        _without_numbers(lambda x, y, *weight: objective(model(x), y, *weight), arrays, rows)


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Within the block the model is in evaluation mode."""
    with same_modes(model):
        model.eval()
        yield


@contextmanager
def same_modes(model: Module) -> Iterator[None]:
    """After the block every module is in training or evaluation as it was before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def located(what: str) -> Iterator[None]:
    """Within the block errors say that it is about `what`, besides the layer."""
    try:
        yield
    except ChainruleError as error:
        error.where = f"{what}, {error.where}" if error.where else what
        raise


def try_targets(loss: Loss, output: Shape, dtype: DType, targets: np.ndarray) -> None:
    """Raise what `loss` raises for all these targets beside an output of this shape, whose values are not known."""
    with shapes_only():
        loss(Handle.of(Node(output, dtype, None)), constant(targets))


def check_spread(loss: Callable[..., Any], output: Shape, targets: Shape) -> None:
    """Raise a `TargetShapeError` if a loss of the user's own compares every row with every other, unmeant.

    (N, 1) against (N,) is broadcast to (N, N): the loss is a number all the same, and a wrong one.
    """
    rows = 7
    shapes = {(rows, *output[1:]), (rows, *targets[1:])}
    if shapes != {(rows,), (rows, 1)}:
        return
    spread: list[bool] = []
    prediction, target = (_unknown(np.empty(shape, np.float32), rows) for shape in (output, targets))
    with suppress(UntracedValueError), shapes_only(lambda *heard: spread.append(heard[-1].shape == (rows, rows))):
        loss(prediction, target)
    if any(spread):
        raise TargetShapeError(
            "the loss compares every row with every other: targets and predictions are broadcast to (N, N).",
            where=getattr(loss, "__name__", type(loss).__name__),
            expected=f"targets of shape {output}, as the predictions",
            got=targets,
            remedy="y[:, None]" if len(targets) == 1 else "y.squeeze(-1)",
        )


def _without_numbers(
    compute: Callable[..., _Result], arrays: tuple[np.ndarray, ...], rows: int, look_at: int | None = None
) -> _Result:
    """What `compute` makes of so many rows: shapes alone, or numbers if it depends on them. Nothing is changed.

    Args:
        compute: Tensor code.
        arrays: What its arguments are rows of.
        rows: How many.
        look_at: How many rows with numbers, where these are needed. Default: as many.
    """
    try:
        with shapes_only():
            return compute(*[_unknown(array, rows) for array in arrays])
    except UntracedValueError:
        with rewind():
            return compute(*[constant(array[: look_at or rows]) for array in arrays])


def _unknown(array: np.ndarray, rows: int) -> Tensor:
    """A tensor with the shape and dtype of so many rows, and no value."""
    return Handle.of(Node((rows, *array.shape[1:]), array.dtype, None))
