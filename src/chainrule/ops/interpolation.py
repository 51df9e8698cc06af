"""Resizing pictures: nearest and bilinear, one spatial dimension after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.convert import as_floating, constant
from chainrule.ops.index import TAKE
from chainrule.ops.window_arguments import lengths


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Tensor:
    """Channels-last data in another size.

    Args:
        input: (N, L, C) or (N, H, W, C).
        size: The new spatial size.
        scale_factor: Or by what to multiply it (rounded down).
        mode: "nearest"; or "bilinear" (for sequences "linear"), which weighs the two nearest.
        align_corners: For bilinear: whether the corner pixels' centres stay in place, rather than the picture's edges.

    Returns:
        (N, *size, C).

    Raises:
        ArgumentError: Unless exactly one of size and scale is given, or for another mode.
        ShapeError: If the input is no batch of sequences or pictures.

    >>> cr.interpolate(cr.tensor([1.0, 2.0]).reshape(1, 2, 1), 4).flatten()
    tensor([1., 1., 2., 2.])
    """
    x = as_floating(input)
    ndim = x.ndim - 2
    if ndim not in (1, 2):
        raise ShapeError("interpolate takes a batch with channels last.", expected="3 or 4 dimensions", got=x.shape)
    if (size is None) == (scale_factor is None):
        raise ArgumentError(
            "interpolate takes a size or a scale factor.",
            expected="one of the two",
            got="both" if size else "none",
        )
    if mode not in ("nearest", "linear", "bilinear"):
        raise ArgumentError("unknown mode.", expected="'nearest' or 'bilinear'", got=repr(mode))
    scales: list[float | None]
    if scale_factor is not None:
        scales = [float(s) for s in (scale_factor if isinstance(scale_factor, Sequence) else [scale_factor] * ndim)]
        target = tuple(int(n * s) for n, s in zip(x.shape[1:-1], scales, strict=True) if s)
    else:
        scales = [None] * ndim
        target = lengths("size", size or 0, ndim)
    if any(n < 1 for n in target):
        raise ArgumentError("nothing would be left of the picture.", got=f"size {target}")
    for dim, (m, scale) in enumerate(zip(target, scales, strict=True), start=1):
        ratio = 1 / scale if scale else x.shape[dim] / m
        x = _nearest(x, dim, m, ratio) if mode == "nearest" else _linear(x, dim, m, ratio, align_corners)
    return x


def _nearest(x: Tensor, dim: int, m: int, ratio: float) -> Tensor:
    # In single precision, as PyTorch: where a place falls on a border, its rounding decides, and so does ours.
    places = np.floor(np.arange(m, dtype=np.float32) * np.float32(ratio))
    index = np.minimum(places.astype(np.int64), x.shape[dim] - 1)
    return TAKE(x, constant(index), axis=dim)


def _linear(x: Tensor, dim: int, m: int, ratio: float, align_corners: bool) -> Tensor:
    n = x.shape[dim]
    if align_corners:
        place = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0.0)
    else:
        place = np.maximum((np.arange(m) + 0.5) * ratio - 0.5, 0)
    low = np.minimum(np.floor(place).astype(np.int64), n - 1)
    high = np.minimum(low + 1, n - 1)
    weight = constant((place - low).astype(x.dtype)).reshape((-1,) + (1,) * (x.ndim - dim - 1))
    below, above = TAKE(x, constant(low), axis=dim), TAKE(x, constant(high), axis=dim)
    return below * (1 - weight) + above * weight
