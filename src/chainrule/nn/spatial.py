"""Checks of inputs with channels last, and the remedies for the mistakes that are made with them."""

from __future__ import annotations

from chainrule.core.shape import Shape
from chainrule.errors import ShapeError

_SPATIAL = {1: "L", 2: "H, W"}


def check_channels_last(shape: Shape, ndim: int, channels: int) -> None:
    """Raise unless `shape` is (N, *spatial, channels) with `ndim` spatial dimensions."""
    if len(shape) == ndim + 2 and shape[-1] == channels:
        return
    raise ShapeError(
        f"the input must have {ndim + 2} dimensions, the channels last, and {channels} of them."
        if channels != 1
        else f"the input must have {ndim + 2} dimensions, the last of them the one channel.",
        expected=f"(N, {_SPATIAL[ndim]}, {channels})",
        got=shape,
        remedy=_remedy(shape, ndim, channels),
    )


def _remedy(shape: Shape, ndim: int, channels: int) -> str:
    if len(shape) == ndim + 2 and shape[1] == channels:
        order = (0, *range(2, ndim + 2), 1)
        return f"channels come last here: x.permute{order} turns PyTorch's order"
    if len(shape) == ndim + 1 and channels == 1 and shape[-1] != 1:
        return "x.unsqueeze(-1) adds the dimension of the one channel"
    if len(shape) == ndim + 1 and shape[-1] == channels:
        return "x.unsqueeze(0) makes a batch of the one input"
    if len(shape) == ndim + 2:
        return f"build the layer for {shape[-1]} channels, or check the layer before it"
    return f"reshape the input to a batch with {ndim} spatial dimensions and the channels last"
