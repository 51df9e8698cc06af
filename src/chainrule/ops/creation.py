"""Making tensors from numbers, arrays and sizes."""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.config import get_default_dtype
from chainrule.core import shape as shapes
from chainrule.core.device import device as device_of
from chainrule.core.dtype import DType, DTypeLike, Scalar, as_dtype, scalar_dtype
from chainrule.core.modes import state
from chainrule.core.node import Handle, Node, View, leaf
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, DTypeError, GradientError, ShapeError
from chainrule.ops.convert import as_tensor


def make(array: np.ndarray, requires_grad: bool, device: str | None = None) -> Tensor:
    """A leaf that holds `array`, which nobody else changes."""
    if device is not None:
        device_of(device)
    if requires_grad and array.dtype.kind != "f":
        raise GradientError(
            "only floating tensors can require a gradient.", expected="float32 or float64", got=array.dtype
        )
    node = leaf(array, requires_grad=requires_grad)
    tensor = Handle.of(node)
    if requires_grad:
        own(tensor)
    return tensor


def own(tensor: Tensor) -> None:
    """Let the gradients of the tensor's leaf be added to the tensor's `.grad`."""
    tensor.node.owner = weakref.ref(tensor)


def tensor(
    data: Any, *, dtype: DTypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with a copy of `data`.

    Args:
        data: A number, nested lists of numbers or tensors, a NumPy array, or anything that NumPy can read.
        dtype: The dtype. Without it Python floats become the default dtype (float32), integers int64, bools bool,
            and arrays keep theirs.
        device: "cpu", as everywhere here; tutorials name it.
        requires_grad: Whether `backward` shall compute a gradient for it.

    Raises:
        DTypeError: If the data's dtype is not one that chainrule has, or is no number at all, or the numbers do not
            fit the dtype asked for.
        ShapeError: If nested lists are ragged.
        GradientError: If integers or bools shall require a gradient.
        DeviceError: For a device other than the CPU.

    >>> cr.tensor([[1, 2], [3, 4]], dtype=cr.float32)
    tensor([[1., 2.],
            [3., 4.]])
    """
    array = data.read() if isinstance(data, Tensor) else _read(data, dtype)
    return make(_in_dtype(array, as_dtype(dtype or array.dtype)), requires_grad, device)


def _read(data: Any, dtype: DTypeLike | None) -> np.ndarray:
    """`data` as an array; Python floats in the default dtype."""
    is_array = hasattr(data, "__array__") or hasattr(data, "__array_interface__")
    plain = data if is_array else _unwrap(data)
    try:
        array = np.asarray(plain)
    except ValueError as error:
        raise ShapeError(
            "the nested lists are ragged.", expected="equal lengths at each level", got=str(error)
        ) from None
    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else str(array.dtype)
        raise DTypeError(
            f"a tensor holds numbers, not {kind}.",
            expected="numbers or bools",
            got=repr(data)[:60],
            remedy="turn words into class indices: numpy.unique(words, return_inverse=True)"
            if kind == "text"
            else None,
        )
    if not is_array and dtype is None and (array.dtype.kind == "f" or array.size == 0):
        return _in_dtype(array, get_default_dtype())
    return array


def _in_dtype(array: np.ndarray, dtype: DType) -> np.ndarray:
    """A copy of `array` in `dtype`; an error in place of NumPy's wrapped numbers where integers cannot hold it."""
    if dtype.kind in "iu" and array.size:
        low, high, limits = array.min(), array.max(), np.iinfo(dtype)
        if not (low >= limits.min and high <= limits.max):  # so that NaN does not pass
            raise DTypeError(
                f"{dtype} cannot hold these numbers.",
                expected=f"{limits.min} to {limits.max}",
                got=f"{low} to {high}",
                remedy="a wider or a floating dtype",
            )
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def _unwrap(data: Any) -> Any:
    """Nested lists with arrays in place of tensors."""
    if isinstance(data, (list, tuple)):
        return [_unwrap(item) for item in data]
    return data.read() if isinstance(data, Tensor) else data


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor with a copy of `ndarray`, in the same dtype.

    Unlike PyTorch's, it shares no memory: a value that could change behind a tensor's back would make
    derivatives wrong without a word.

    Raises:
        DTypeError: If it is no array, or its dtype is not one that chainrule has.

    >>> cr.from_numpy(np.ones(2))
    tensor([1., 1.], dtype=float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise DTypeError(
            "from_numpy takes a NumPy array.", got=type(ndarray).__name__, remedy="use chainrule.tensor(...)"
        )
    return tensor(ndarray)


def from_dlpack(x: Any) -> Tensor:
    """A tensor with a copy of `x`, an array of another library that exports DLPack (CPU memory).

    >>> cr.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    return tensor(np.from_dlpack(x))


def full(
    size: int | Sequence[int],
    fill_value: Scalar,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`fill_value` everywhere; its own dtype (the default for floats) unless one is given.

    Args:
        size: The shape.
        fill_value: The number.
        dtype: The dtype.
        device: "cpu", as everywhere here.
        requires_grad: Whether `backward` shall compute a gradient for it.

    >>> cr.full((2,), 7)
    tensor([7, 7])
    """
    # In the dtype from the start: 0.1 through float32 would not be 0.1 in float64.
    value = as_tensor(fill_value, as_dtype(dtype) if dtype else None).read()
    return make(np.full(shapes.lengths((size,)), value, as_dtype(dtype or value.dtype)), requires_grad, device)


def zeros(
    *lengths: int | Sequence[int],
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros in the default dtype, or in `dtype`; `zeros(2, 3)`, `zeros((2, 3))` and `zeros(size=(2, 3))` are the same.

    >>> cr.zeros(2, 3).shape
    (2, 3)
    """
    # From NumPy's own zeros, which take no memory until somebody writes to them.
    array = np.zeros(shapes.lengths(lengths, size), as_dtype(dtype or get_default_dtype()))
    return make(array, requires_grad, device)


def ones(
    *lengths: int | Sequence[int],
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones in the default dtype, or in `dtype`; `ones(2, 3)`, `ones((2, 3))` and `ones(size=(2, 3))` are the same.

    >>> cr.ones(2)
    tensor([1., 1.])
    """
    shape = shapes.flatten_sizes(lengths, size)
    return full(shape, 1, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad)


def empty(
    *lengths: int | Sequence[int],
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros: here nothing is left undefined.

    >>> cr.empty(2)
    tensor([0., 0.])
    """
    return zeros(*lengths, size=size, dtype=dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Tensor,
    fill_value: Scalar,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`fill_value` in the shape and dtype of `input`.

    >>> cr.full_like(cr.zeros(2), 3)
    tensor([3., 3.])
    """
    return full(input.shape, fill_value, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def zeros_like(
    input: Tensor, *, dtype: DTypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Zeros in the shape and dtype of `input`.

    >>> cr.zeros_like(cr.ones(2))
    tensor([0., 0.])
    """
    return zeros(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def ones_like(
    input: Tensor, *, dtype: DTypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Ones in the shape and dtype of `input`.

    >>> cr.ones_like(cr.zeros(2))
    tensor([1., 1.])
    """
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def arange(
    start: Scalar,
    end: Scalar | None = None,
    step: Scalar = 1,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """From `start` (0 if only one number is given) up to but not including `end`, in steps.

    Raises:
        ArgumentError: If the step is 0 or leads away from the end.

    >>> cr.arange(3), cr.arange(1.0, 2.0, 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    first, last = (0, start) if end is None else (start, end)
    if step == 0 or (last - first) / step < 0:
        raise ArgumentError(
            "arange never gets there.", expected="a step towards the end", got=f"{first} to {last} by {step}"
        )
    floats = not all(isinstance(value, (int, np.integer)) for value in (first, last, step))
    kind = as_dtype(dtype) if dtype else scalar_dtype(1.0 if floats else 1)
    count = math.ceil((last - first) / step)
    return make(_in_dtype(first + step * np.arange(count), kind), requires_grad, device)


def linspace(
    start: Scalar,
    end: Scalar,
    steps: int,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from `start` to `end`, both included, evenly spaced.

    Raises:
        ArgumentError: For a negative number of steps.

    >>> cr.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if steps < 0:
        raise ArgumentError("linspace cannot have fewer than 0 steps.", got=steps)
    values = np.linspace(start, end, steps).astype(as_dtype(dtype or get_default_dtype()))
    return make(values, requires_grad, device)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere: n by m (n by n if m is not given).

    >>> cr.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = shapes.lengths((n, n if m is None else m))
    return make(np.eye(rows, columns, dtype=as_dtype(dtype or get_default_dtype())), requires_grad, device)


def clone(input: Tensor) -> Tensor:
    """A tensor with the same value that can be changed in place apart; derivatives flow through.

    >>> x = cr.tensor([1.0, 2.0])
    >>> y = x.clone().fill_(0)
    >>> x
    tensor([1., 2.])
    """
    source = as_tensor(input)
    return source * 1 if source.requires_grad and state.grad_enabled else Handle.of(_cut_off(source))


def detach(input: Tensor) -> Tensor:
    """The same value, cut off from what it was computed from: derivatives stop here.

    As in PyTorch, changing the result in place changes `input` too; take `clone()` of it for a copy. (Unlike there,
    changing `input` leaves the result as it was.)

    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> (x * 3).detach().requires_grad
    False
    """
    out = Handle.of(_cut_off(input))
    out.part_of = View(weakref.ref(input), input.node, None, {})
    return out


def _cut_off(input: Tensor) -> Node:
    node = input.node
    return Node(node.shape, node.dtype, state.interpreter.held(input))


def asarray(data: Any, dtype: DType | None = None) -> Tensor:
    """`data` itself if it is a tensor (of this dtype), else a tensor made of it.

    >>> cr.asarray([1, 2])
    tensor([1, 2])
    """
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype=dtype)
