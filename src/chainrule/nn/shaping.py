"""Layers that only change the shape."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule._tensor import Tensor
from chainrule.core import shape as shapes
from chainrule.errors import ArgumentError
from chainrule.nn.module import Module
from chainrule.ops.convert import as_tensor


class Flatten(Module):
    """The dimensions from `start_dim` to `end_dim` as one: between pictures and `Linear`.

    Pictures are (H, W, C) here, so the features come row by row with the channels together; in PyTorch they come
    channel by channel.

    Args:
        start_dim: The first dimension that takes part; 1 leaves the batch as it is.
        end_dim: The last one.

    Shape:
        (N, H, W, C) to (N, H * W * C) by default.

    >>> cr.nn.Flatten()(cr.zeros(32, 28, 28, 1)).shape
    (32, 784)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return as_tensor(input).flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension as several: the reverse of `Flatten`.

    Args:
        dim: The dimension.
        unflattened_size: Its new lengths, such as (7, 7, 64); one of them may be -1.

    Shape:
        (N, H * W * C) to (N, H, W, C) for `Unflatten(1, (H, W, C))`.

    Raises:
        ShapeError: When called with an input whose dimension has not as many elements.

    >>> cr.nn.Unflatten(1, (7, 7, 64))(cr.zeros(2, 3136)).shape
    (2, 7, 7, 64)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim = dim
        if not isinstance(unflattened_size, Sequence):
            raise ArgumentError(
                "unflattened_size does not fit.", where="Unflatten", expected="several lengths", got=unflattened_size
            )
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        x = as_tensor(input)
        at = shapes.axis(self.dim, x.ndim)
        inner = shapes.resolve(self.unflattened_size, x.shape[at])
        return x.reshape(*x.shape[:at], *inner, *x.shape[at + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
