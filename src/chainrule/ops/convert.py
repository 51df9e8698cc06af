"""Making tensors of what users write, and bringing two operands to one dtype and shape."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from chainrule.core import shape as shapes
from chainrule.core.dtype import DType, as_dtype, floating, result_type, scalar_dtype
from chainrule.core.node import Handle, leaf
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError
from chainrule.ops.movement import BROADCAST, cast

TensorLike: TypeAlias = "Tensor | np.ndarray | np.generic | bool | int | float"


def constant(array: np.ndarray) -> Tensor:
    """A tensor that holds `array` itself (not a copy): for arrays that nobody else changes."""
    return Handle.of(leaf(array))


def scalar(value: float, dtype: DType) -> Tensor:
    """A 0-d tensor of a Python number."""
    try:
        return constant(np.asarray(value, dtype))
    except OverflowError:
        raise DTypeError(f"{value} does not fit {dtype.name}.", got=value, remedy="cast first: x.long()") from None


def as_tensor(value: TensorLike, beside: DType | None = None) -> Tensor:
    """`value` as a tensor; a Python number takes the dtype of the tensor `beside` it, unless its kind is higher."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.generic):
        # np.sqrt(2) is meant as a number: it must not turn float32 into float64.
        value = value.item()
    if isinstance(value, (bool, int, float)):
        return scalar(value, scalar_dtype(value, beside))
    if isinstance(value, np.ndarray):
        return constant(value.astype(as_dtype(value.dtype)))
    raise DTypeError(
        f"cannot compute with {type(value).__name__}.",
        expected="a tensor, a NumPy array or a number",
        got=repr(value)[:60],
        remedy="make a tensor of it first: chainrule.tensor(...)",
    )


def as_floating(value: TensorLike) -> Tensor:
    """`value` as a tensor of floating dtype; integers and bools become the default dtype."""
    tensor = as_tensor(value)
    return cast(tensor, floating(tensor.dtype))


def broadcast(tensor: Tensor, shape: shapes.Shape) -> Tensor:
    """`tensor` stretched to `shape`."""
    return tensor if tensor.shape == shape else BROADCAST(tensor, shape=shape)


def promote(*values: TensorLike) -> list[Tensor]:
    """The values as tensors of one dtype, by the rules of `core.dtype`."""
    beside = [as_dtype(value.dtype) for value in values if isinstance(value, (Tensor, np.ndarray))]
    common = result_type(*beside) if beside else None
    tensors = [as_tensor(value, common) for value in values]
    dtype = result_type(*[tensor.dtype for tensor in tensors])
    return [cast(tensor, dtype) for tensor in tensors]


def align(a: TensorLike, b: TensorLike) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of one dtype and one shape.

    A constant number stays 0-d, as primitives take one beside any shape: what would stretch it has no use.
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        left, right = a.node, b.node
        if left.shape == right.shape and left.dtype == right.dtype:
            return a, b
    # A number beside a tensor of at least its kind, the most frequent case, takes the tensor's dtype.
    elif isinstance(a, Tensor) and _takes(a.node.dtype, b):
        return a, scalar(b, a.node.dtype)  # type: ignore[arg-type]  # a number, as was found
    elif isinstance(b, Tensor) and _takes(b.node.dtype, a):
        return scalar(a, b.node.dtype), b  # type: ignore[arg-type]  # a number, as was found
    first, second = promote(a, b)
    shape = shapes.broadcast(first.shape, second.shape)
    return operand(first, shape), operand(second, shape)


def _takes(dtype: DType, value: TensorLike) -> bool:
    """Whether a tensor of this dtype keeps it beside `value`, a plain number."""
    return type(value) in (int, float) and (dtype.kind == "f" or (type(value) is int and dtype.kind in "iu"))


def operand(tensor: Tensor, shape: shapes.Shape) -> Tensor:
    """`tensor` stretched to `shape`, unless it is a constant number."""
    return tensor if not tensor.shape and not tensor.requires_grad else broadcast(tensor, shape)
