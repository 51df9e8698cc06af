"""Means, variances, products, norms: what is composed of sums."""

from __future__ import annotations

import math
from collections.abc import Callable

from chainrule.core import shape as shapes
from chainrule.core.dtype import DTypeLike, as_dtype, is_floating
from chainrule.core.shape import Dims
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, DTypeError
from chainrule.ops.compare import isfinite, where
from chainrule.ops.convert import TensorLike, as_floating, as_tensor
from chainrule.ops.layout import concatenate
from chainrule.ops.movement import cast
from chainrule.ops.naming import numpy_names
from chainrule.ops.reduce import accumulating, sum


def _numbers(name: str, input: TensorLike) -> Tensor:
    tensor = as_tensor(input)
    if not is_floating(tensor.dtype):
        raise DTypeError(
            f"the {name} is taken of floating numbers.",
            expected="float32 or float64",
            got=tensor.dtype,
            remedy="cast first: x.float()",
        )
    return tensor


def _count(tensor: Tensor, dim: Dims) -> int:
    return shapes.size([tensor.shape[d] for d in shapes.axes(dim, tensor.ndim)])


@numpy_names
def mean(input: TensorLike, dim: Dims = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Tensor:
    """The mean over `dim` (all dimensions if None); NaN of no elements.

    Raises:
        DTypeError: For integers or bools, unless `dtype` is given.

    >>> cr.mean(cr.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1.5000, 3.5000])
    """
    tensor = _numbers("mean", input if dtype is None else cast(as_tensor(input), as_dtype(dtype)))
    return sum(tensor, dim, keepdim) / _count(tensor, dim)


@numpy_names
def var(
    input: TensorLike,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> Tensor:
    """The variance over `dim`: squared distances from the mean, summed, divided by `n - correction`.

    Args:
        input: Floating, any shape.
        dim: A dimension or several; None for all.
        unbiased: The older spelling: True is `correction=1`, False is `correction=0`; `var(x, False)` is understood.
        keepdim: Keep the dimensions with length 1.
        correction: 1 (the default) for an estimate from a sample, 0 for the variance of exactly these numbers.

    Returns:
        Without `dim` a 0-d tensor; infinity or NaN where `correction` leaves no degrees of freedom, as PyTorch has it.

    Raises:
        DTypeError: For integers or bools.

    >>> cr.var(cr.tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    tensor(1.2500)
    """
    tensor = _numbers("variance", input)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    distance = tensor - mean(tensor, dim, keepdim=True)
    return sum(distance * distance, dim, keepdim) / max(_count(tensor, dim) - correction, 0)


@numpy_names
def std(
    input: TensorLike,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> Tensor:
    """The standard deviation over `dim`: the square root of `var`, with the same arguments; its derivative at 0 is 0.

    >>> cr.std(cr.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _root(var(input, dim, unbiased, keepdim, correction=correction))


@numpy_names
def prod(input: TensorLike, dim: int | None = None, keepdim: bool = False, *, dtype: DTypeLike | None = None) -> Tensor:
    """The product over `dim` (all elements if None); 1 of no elements. Integers and bools multiply as int64.

    Halves are multiplied with each other until one is left, so that the derivative is right also where
    elements are 0.

    >>> cr.prod(cr.tensor([1.0, 2.0, 3.0]))
    tensor(6.)
    """
    tensor = accumulating(as_tensor(input), dtype)
    if dim is None:
        out = _product(tensor.reshape(-1), 0)
        return out.reshape((1,) * tensor.ndim) if keepdim else out.reshape(())
    if tensor.ndim == 0:
        shapes.axis(dim, 0)
        return tensor
    axis = shapes.axis(dim, tensor.ndim)
    out = _product(tensor, axis)
    return out if keepdim else out.squeeze(axis)


def _product(tensor: Tensor, axis: int) -> Tensor:
    """The product along `axis`, which is left with length 1."""
    length = tensor.shape[axis]
    if length == 0:
        return tensor.sum(dim=axis, keepdim=True, dtype=tensor.dtype) + 1
    while length > 1:
        half = length // 2
        paired = tensor.narrow(axis, 0, half) * tensor.narrow(axis, half, half)
        tensor = paired if length % 2 == 0 else concatenate([paired, tensor.narrow(axis, length - 1, 1)], axis)
        length = half + length % 2
    return tensor


@numpy_names
def logsumexp(input: TensorLike, dim: Dims, keepdim: bool = False) -> Tensor:
    """`log(sum(exp(input)))` over `dim`, without overflow: the largest is taken out first.

    >>> cr.logsumexp(cr.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    tensor = as_floating(input)
    shifted, largest = below_largest(tensor, dim)
    out = shifted.exp().sum(dim=dim, keepdim=True).log() + largest
    return out if keepdim else out.reshape(shapes.reduced(tensor.shape, shapes.axes(dim, tensor.ndim), keepdim=False))


def below_largest(tensor: Tensor, dim: Dims) -> tuple[Tensor, Tensor]:
    """`tensor` minus its largest element over `dim`, so that `exp` cannot overflow; and that element."""
    largest = tensor.detach().amax(dim=dim, keepdim=True)
    # Infinities are left in place: -inf everywhere has the sum 0, and +inf stays +inf.
    largest = where(isfinite(largest), largest, 0.0)
    return tensor - largest, largest


@numpy_names
def norm(input: TensorLike, p: float | str = "fro", dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The length of the vectors along `dim` (of all elements if None).

    Args:
        input: Any shape.
        p: "fro" or 2: the root of the sum of squares (its derivative at 0 is 0). 1: the sum of absolute values.
            `inf` and `-inf`: the largest and smallest absolute value. 0: how many are not 0. Others:
            `sum(abs(input) ** p) ** (1 / p)`.
        dim: A dimension or several; None for all.
        keepdim: Keep the dimensions with length 1.

    Raises:
        ArgumentError: For a `p` that is none of these.

    >>> cr.norm(cr.tensor([3.0, 4.0]))
    tensor(5.)
    """
    tensor = as_floating(input)
    if p in ("fro", 2):
        return _root((tensor * tensor).sum(dim=dim, keepdim=keepdim))
    if not isinstance(p, (int, float)):
        raise ArgumentError("unknown norm.", expected='"fro" or a number', got=repr(p))
    size = tensor.abs()
    if p == 1:
        return size.sum(dim=dim, keepdim=keepdim)
    if math.isinf(p):
        return size.amax(dim=dim, keepdim=keepdim) if p > 0 else size.amin(dim=dim, keepdim=keepdim)
    if p == 0:
        return cast(tensor != 0, tensor.dtype).sum(dim=dim, keepdim=keepdim)
    # Zeros are set apart, so that they have the derivative 0, as PyTorch has it.
    powers = _apart_from_zero(size, lambda x: x**p, at_zero=0.0 if p > 0 else math.inf)
    return _apart_from_zero(powers.sum(dim=dim, keepdim=keepdim), lambda x: x ** (1 / p), at_zero=0.0)


def _root(total: Tensor) -> Tensor:
    """The square root, with the derivative 0 at 0."""
    return _apart_from_zero(total, lambda x: x.sqrt(), at_zero=0.0)


def _apart_from_zero(tensor: Tensor, fn: Callable[[Tensor], Tensor], at_zero: float) -> Tensor:
    """`fn` of what is not 0, and `at_zero`, a constant, where it is."""
    zero = tensor == 0
    return where(zero, at_zero, fn(where(zero, 1.0, tensor)))
