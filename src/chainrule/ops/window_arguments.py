"""Checks of what convolutions and pooling are told: how windows move, the weight, the bias, the groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.core.shape import Shape
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, ShapeError, nearest
from chainrule.ops.convert import as_floating, promote
from chainrule.ops.movement import Pairs

Lengths = int | Sequence[int]

_NAMES_OF_PADDING = ("same", "valid")


def lengths(name: str, value: Lengths, ndim: int, least: int = 1) -> Shape:
    """One number for each of `ndim` dimensions, from one for all or one each; none below `least`."""
    found = tuple(value) if isinstance(value, Sequence) else (value,) * ndim
    if len(found) != ndim or any(not isinstance(n, (int, np.integer)) or n < least for n in found):
        raise ArgumentError(
            f"{name} does not fit.",
            expected=f"a whole number of at least {least}, or {ndim} of them",
            got=repr(value),
        )
    return tuple(int(n) for n in found)


def group_count(groups: int) -> int:
    """The number of groups, a whole number of at least 1."""
    if not isinstance(groups, (int, np.integer)) or groups < 1:
        raise ArgumentError("groups does not fit.", expected="a whole number of at least 1", got=repr(groups))
    return int(groups)


def check_padding_name(padding: str, stride: Shape, where: str | None = None) -> None:
    """Raise unless it is "valid", or "same" and windows do not step."""
    if padding not in _NAMES_OF_PADDING:
        close = nearest(padding, _NAMES_OF_PADDING)
        raise ArgumentError(
            "padding does not fit.",
            where=where,
            expected="whole numbers, 'valid' or 'same'",
            got=repr(padding),
            remedy=f"did you mean {close!r}?" if close else None,
        )
    if padding == "same" and any(step != 1 for step in stride):
        raise ArgumentError(
            "padding 'same' does not fit the stride.", where=where, expected="stride 1", got=f"stride {stride}"
        )


def pairs_of_padding(padding: Lengths | str, kernel: Shape, stride: Shape, dilation: Shape) -> Pairs:
    """The padding before and after, for numbers as for "same" and "valid"."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in lengths("padding", padding, len(kernel), least=0))
    check_padding_name(padding, stride)
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    reach = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    return tuple((r // 2, r - r // 2) for r in reach)


def operands(
    name: str, input: Tensor, weight: Tensor, bias: Tensor | None, ndim: int, layout: str
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Input, weight and bias as floating tensors of one dtype, with the right number of dimensions.

    Args:
        name: The function that they were given to.
        input: A batch with channels last.
        weight: The weight.
        bias: Its form is for `check_bias`.
        ndim: How many spatial dimensions there are.
        layout: The form of the weight, for messages.
    """
    x, w, *b = promote(*[as_floating(t) for t in (input, weight, bias) if t is not None])
    if x.ndim != ndim + 2:
        spatial = ("length",) if ndim == 1 else ("height", "width")
        raise ShapeError(
            f"{name} takes a batch with channels last.",
            expected=f"(batch, {', '.join(spatial)}, channels)",
            got=x.shape,
            remedy="add the missing dimension with x.unsqueeze(...), or move the channels: x.movedim(1, -1)",
        )
    if w.ndim != ndim + 2:
        raise ShapeError(f"the weight of {name} has {ndim + 2} dimensions.", expected=layout, got=w.shape)
    if 0 in w.shape[1:-1]:
        raise ShapeError(f"the kernel of {name} has no elements.", expected=f"{layout}, kernel 1 or more", got=w.shape)
    return x, w, b[0] if b else None


def check_bias(bias: Tensor | None, outputs: int) -> None:
    """Raise unless there is one number for each output channel, or no bias."""
    if bias is not None and bias.shape != (outputs,):
        raise ShapeError(
            "bias has one number for each output channel.",
            expected=(outputs,),
            got=bias.shape,
            remedy="add what has another shape to the result",
        )


def check_divisible(channels: int, groups: int, got: str) -> None:
    """Raise unless as many channels can be divided into the groups."""
    if channels % groups:
        raise ShapeError(
            "the channels cannot be divided into the groups.", expected=f"channels divisible by {groups}", got=got
        )
