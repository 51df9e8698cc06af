"""Normalisation of each row by itself: by layer, by group of channels, by root mean square."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.dtype import DTypeLike
from chainrule.core.shape import Shape, size
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.arguments import between, weight_dtype, whole
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter
from chainrule.ops.convert import as_floating
from chainrule.ops.creation import ones, zeros


def _normalized(x: Tensor, dims: Shape, eps: float) -> Tensor:
    """`x` with mean 0 and variance 1 over `dims`."""
    distance = x - x.mean(dim=dims, keepdim=True)
    return distance * ((distance * distance).mean(dim=dims, keepdim=True) + eps).rsqrt()


def _trailing(layer: Module, normalized_shape: int | Sequence[int]) -> Shape:
    given = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not given:
        raise ArgumentError("normalized_shape is empty.", where=type(layer).__name__, expected="at least one length")
    return tuple(whole(layer, "normalized_shape", length) for length in given)


def _check_trailing(shape: Shape, normalized_shape: Shape) -> Shape:
    """The dimensions that are normalised over; an error unless the last ones of `shape` are as they must be."""
    if shape[-len(normalized_shape) :] != normalized_shape:
        raise ShapeError(
            "the input's last dimensions are not those that the layer normalises over.",
            expected="(..., " + ", ".join(map(str, normalized_shape)) + ")",
            got=shape,
            remedy="build the layer with the lengths of the input's last dimensions, or check the layer before it",
        )
    return tuple(range(-len(normalized_shape), 0))


class LayerNorm(Module):
    """The last dimensions of each row with mean 0 and variance 1, then scaled and shifted.

    J. Ba, J. Kiros, G. Hinton, "Layer normalization" (2016).

    Args:
        normalized_shape: The lengths of the last dimensions, over which is normalised.
        eps: Added to the variance (divided by the count), so that nothing is divided by 0.
        elementwise_affine: Whether to scale and shift: weight 1 and bias 0 at first.
        bias: Whether to shift.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: `normalized_shape`, ones at first; or None.
        bias: `normalized_shape`, zeros at first; or None.

    Shape:
        (..., *normalized_shape) to the same.

    Raises:
        ShapeError: When called with an input whose last dimensions are others.

    >>> y = cr.nn.LayerNorm(8)(cr.randn(2, 5, 8))
    >>> bool((y.mean(dim=-1).abs() < 1e-5).all())
    True
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _trailing(self, normalized_shape)
        self.eps = between(self, "eps", eps, 0.0, 1.0)
        kind, affine = weight_dtype(self, dtype), elementwise_affine
        self.register_parameter("weight", Parameter(ones(self.normalized_shape, dtype=kind)) if affine else None)
        self.register_parameter(
            "bias", Parameter(zeros(self.normalized_shape, dtype=kind)) if affine and bias else None
        )

    def forward(self, input: Tensor) -> Tensor:
        x = as_floating(input)
        out = _normalized(x, _check_trailing(x.shape, self.normalized_shape), self.eps)
        out = out if self.weight is None else out * self.weight
        return out if self.bias is None else out + self.bias

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.weight is not None}"


class RMSNorm(Module):
    """The last dimensions of each row divided by their root mean square, then scaled.

    B. Zhang, R. Sennrich, "Root mean square layer normalization" (NeurIPS 2019).

    Args:
        normalized_shape: The lengths of the last dimensions, over which is normalised.
        eps: Added to the mean square; None is the input dtype's spacing at 1 (1.2e-7 for float32), as in PyTorch.
        elementwise_affine: Whether to scale: weight 1 at first.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: `normalized_shape`, ones at first; or None.

    Shape:
        (..., *normalized_shape) to the same.

    Raises:
        ShapeError: When called with an input whose last dimensions are others.

    >>> cr.nn.RMSNorm(2)(cr.tensor([3.0, 3.0]))
    tensor([1., 1.], grad_fn=<mul>)
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _trailing(self, normalized_shape)
        self.eps = None if eps is None else between(self, "eps", eps, 0.0, 1.0)
        kind = weight_dtype(self, dtype)
        self.register_parameter(
            "weight", Parameter(ones(self.normalized_shape, dtype=kind)) if elementwise_affine else None
        )

    def forward(self, input: Tensor) -> Tensor:
        x = as_floating(input)
        dims = _check_trailing(x.shape, self.normalized_shape)
        eps = float(np.finfo(x.dtype).eps) if self.eps is None else self.eps
        out = x * ((x * x).mean(dim=dims, keepdim=True) + eps).rsqrt()
        return out if self.weight is None else out * self.weight

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.weight is not None}"


class GroupNorm(Module):
    """The channels of each row in groups, each group with mean 0 and variance 1, then scaled and shifted.

    Y. Wu, K. He, "Group normalization" (ECCV 2018). Unlike batch normalisation it works with any batch.

    Args:
        num_groups: Into how many groups the channels are divided; 1 is all channels together, `num_channels` is each
            by itself (instance normalisation).
        num_channels: The number of channels.
        eps: Added to the variance (divided by the count), so that nothing is divided by 0.
        affine: Whether to scale and shift each channel: weight 1 and bias 0 at first.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (num_channels,), ones at first; or None.
        bias: (num_channels,), zeros at first; or None.

    Shape:
        (N, ..., num_channels), channels last, to the same.

    Raises:
        ArgumentError: If the channels cannot be divided into the groups.
        ShapeError: When called with another number of channels.

    >>> cr.nn.GroupNorm(4, 16)(cr.randn(2, 7, 7, 16)).shape
    (2, 7, 7, 16)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.num_groups = whole(self, "num_groups", num_groups)
        self.num_channels = whole(self, "num_channels", num_channels)
        if num_channels % num_groups:
            raise ArgumentError(
                "the channels cannot be divided into the groups.",
                where="GroupNorm",
                expected=f"num_channels divisible by {num_groups}",
                got=num_channels,
            )
        self.eps = between(self, "eps", eps, 0.0, 1.0)
        kind = weight_dtype(self, dtype)
        self.register_parameter("weight", Parameter(ones(num_channels, dtype=kind)) if affine else None)
        self.register_parameter("bias", Parameter(zeros(num_channels, dtype=kind)) if affine else None)

    def forward(self, input: Tensor) -> Tensor:
        x = as_floating(input)
        if x.ndim < 2 or x.shape[-1] != self.num_channels:
            raise ShapeError(
                f"the input must have {self.num_channels} channels, in its last dimension.",
                expected=f"(N, ..., {self.num_channels})",
                got=x.shape,
                remedy="channels come last here: x.movedim(1, -1) turns PyTorch's order",
            )
        positions = size(x.shape[1:-1])
        grouped = x.reshape(x.shape[0], positions, self.num_groups, self.num_channels // self.num_groups)
        out = _normalized(grouped, (1, 3), self.eps).reshape(x.shape)
        return out if self.weight is None or self.bias is None else out * self.weight + self.bias

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.weight is not None}"
