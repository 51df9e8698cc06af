"""More elements around the borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.core.dtype import is_floating
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.convert import as_tensor, constant
from chainrule.ops.index import TAKE
from chainrule.ops.movement import PAD


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """More elements around the borders.

    Args:
        input: Any shape.
        pad: `(before, after)` of the last dimension, then of the last but one, and so on, as PyTorch has it.
            For pictures (N, H, W, C) the first pair is the channels'. Negative cuts off.
        mode: "constant" writes `value`; "reflect" mirrors at the border element, "replicate" repeats it, "circular"
            goes on at the other side.
        value: What is written with "constant".

    Raises:
        ArgumentError: For an odd number of widths, more than the dimensions, another mode, or a value that the
            dtype cannot hold.
        ShapeError: If more is cut off than there is, or a mode needs more elements than there are.

    >>> cr.pad(cr.tensor([1, 2]), (1, 2))
    tensor([0, 1, 2, 0, 0])
    """
    tensor = as_tensor(input)
    if mode not in ("constant", *_BORDERS):
        raise ArgumentError("unknown padding mode.", expected=", ".join(["constant", *_BORDERS]), got=repr(mode))
    pairs = [(int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad) - 1, 2)]
    if len(pad) % 2 or len(pairs) > tensor.ndim:
        raise ArgumentError(
            "pad takes two widths a dimension.", expected=f"at most {2 * tensor.ndim} widths", got=tuple(pad)
        )
    widths = [(0, 0)] * (tensor.ndim - len(pairs)) + pairs[::-1]
    if mode != "constant":
        return _bordered(tensor, widths, mode)
    if not is_floating(tensor.dtype) and value != int(value):
        raise ArgumentError(f"a tensor of {tensor.dtype} cannot be padded so.", expected="a whole number", got=value)
    cut = [slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(tensor.shape, widths, strict=True)]
    if any(c.start > c.stop for c in cut):
        raise ShapeError("pad cuts off more than there is.", expected=f"at most {tensor.shape}", got=tuple(pad))
    if any(width < 0 for pair in widths for width in pair):
        tensor = tensor[tuple(cut)]
    grown = tuple((max(before, 0), max(after, 0)) for before, after in widths)
    return PAD(tensor, widths=grown, inner=(0,) * tensor.ndim, value=value)


# PyTorch's names for what may stand around the borders, and NumPy's.
_BORDERS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _bordered(tensor: Tensor, widths: list[tuple[int, int]], mode: str) -> Tensor:
    """More of the tensor's own elements around the borders, one dimension after the other."""
    for dim, (length, (before, after)) in enumerate(zip(tensor.shape, widths, strict=True)):
        most = {"reflect": length - 1, "circular": length}.get(mode, max(before, after))
        if not (0 <= before <= most and 0 <= after <= most) or (length == 0 and before + after):
            raise ShapeError(
                f"{mode} has not enough elements.", expected=f"widths from 0 to {most}", got=f"{before}, {after}"
            )
        if before or after:
            index = np.pad(np.arange(length), (before, after), mode=_BORDERS[mode])  # type: ignore[call-overload]
            tensor = TAKE(tensor, constant(index), axis=dim)
    return tensor
