"""Random tensors, from a counter-based generator whose state is a tensor like any other.

The state is (key, counter). A draw reads it and writes it back advanced, so that inside a traced step it is
state by reference as the weights are, and the same seed gives the same numbers everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.config import get_default_dtype
from chainrule.core import shape as shapes
from chainrule.core.device import device as device_of
from chainrule.core.dtype import DType, DTypeLike, as_dtype, float32, float64, int64, is_floating, result_type
from chainrule.core.node import leaf
from chainrule.core.primitive import Array, Primitive, Spec
from chainrule.core.shape import Shape
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.ops import philox
from chainrule.ops.compare import where
from chainrule.ops.convert import as_tensor, constant
from chainrule.ops.movement import cast


class _RandomUniform(Primitive):
    """Numbers from 0 (included) to 1 (not), a pure function of the generator's state."""

    def infer(self, state: Spec, *, shape: Shape, dtype: DType) -> Spec:
        return Spec(shape, dtype)

    def evaluate(self, state: Array, *, shape: Shape, dtype: DType) -> Array:
        return philox.uniform(int(state[0]), int(state[1]), shapes.size(shape), dtype).reshape(shape)

    def vjp(self, arg: int, g: Tensor, y: Tensor, state: Tensor, *, shape: Shape, dtype: DType) -> None:
        return None


RANDOM_UNIFORM = _RandomUniform("random_uniform")


class Generator:
    """A source of random numbers (Philox 4×32-10): the same seed gives the same numbers, on any machine.

    Args:
        seed: Any whole number from 0 to 2**63 - 1.

    >>> a, b = cr.Generator(7), cr.Generator(7)
    >>> bool((cr.rand(3, generator=a) == cr.rand(3, generator=b)).all())
    True
    """

    def __init__(self, seed: int = 0) -> None:
        self.state = constant(np.zeros(2, np.int64))
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start again from `seed`."""
        if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
            raise ArgumentError("a seed is a whole number.", expected="0 to 2**63 - 1", got=seed)
        self.state.rebind(leaf(np.array([seed, 0], np.int64)))
        return self

    def uniform(self, shape: Shape, dtype: DType) -> Tensor:
        """Numbers from 0 (included) to 1 (not)."""
        out = RANDOM_UNIFORM(self.state, shape=shape, dtype=dtype)
        used = philox.blocks_needed(shapes.size(shape), dtype)
        self.state.rebind((self.state + constant(np.array([0, used], np.int64))).node)
        return out


_default: Generator | None = None


def default_generator() -> Generator:
    """The generator that is used where none is given; its seed is 0 until `manual_seed` is called."""
    global _default
    if _default is None:
        _default = Generator(0)
    return _default


def manual_seed(seed: int) -> Generator:
    """Start the default generator again from `seed`; weights, dropout and shuffling follow it.

    >>> _ = cr.manual_seed(0)
    """
    return default_generator().manual_seed(seed)


def _check_device(name: str | None) -> None:
    if name is not None:
        device_of(name)


def _dtype(dtype: DTypeLike | None) -> DType:
    chosen = as_dtype(dtype or get_default_dtype())
    if not is_floating(chosen):
        raise DTypeError(
            "random numbers are floating.", expected="float32 or float64", got=chosen, remedy="use randint"
        )
    return chosen


def rand(
    *lengths: int | Sequence[int],
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Evenly distributed from 0 (included) to 1 (not).

    Args:
        lengths: The shape: `rand(2, 3)`, `rand((2, 3))` or `rand(size=(2, 3))`.
        size: The shape, by name.
        dtype: float32 or float64; the default dtype if None.
        device: "cpu", as everywhere here.
        generator: Where the numbers come from; the default generator (see `manual_seed`) if None.
        requires_grad: Whether `backward` shall compute a gradient for it.

    Raises:
        DTypeError: For a dtype that is not floating.

    >>> cr.rand(2, 3).shape
    (2, 3)
    """
    _check_device(device)
    out = (generator or default_generator()).uniform(shapes.lengths(lengths, size), _dtype(dtype))
    return out.requires_grad_() if requires_grad else out


def randn(
    *lengths: int | Sequence[int],
    size: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed with mean 0 and variance 1; the arguments are those of `rand`.

    G. Box and M. Muller, "A note on the generation of random normal deviates", 1958.

    >>> cr.randn(2, 3).shape
    (2, 3)
    """
    _check_device(device)
    shape, kind = shapes.lengths(lengths, size), _dtype(dtype)
    uniform = (generator or default_generator()).uniform((2, *shape), kind)
    # 1 - u is above 0, so that its logarithm is finite.
    radius = ((1 - uniform[0]).log() * -2).sqrt()
    out = radius * (uniform[1] * (2 * math.pi)).cos()
    return out.requires_grad_() if requires_grad else out


def normal(
    mean: Tensor | float = 0.0,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    dtype: DTypeLike | None = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed with this mean and standard deviation.

    Args:
        mean: A number or a tensor.
        std: A number or a tensor, none below 0.
        size: The shape; that of `mean` and `std`, broadcast, if None.
        dtype: float32 or float64; that of `mean` and `std` if None.
        generator: Where the numbers come from; the default generator if None.
        requires_grad: Whether `backward` shall compute a gradient for it.

    >>> cr.normal(0.0, 0.01, (2, 3)).shape
    (2, 3)
    """
    given = [value for value in (mean, std) if isinstance(value, Tensor)]
    if size is None:
        size = shapes.broadcast(*[value.shape for value in given])
    kind = dtype or (result_type(*[value.dtype for value in given]) if given else None)
    out = randn(size, dtype=kind, generator=generator) * std + mean
    return out.requires_grad_() if requires_grad else out


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices (int64) drawn with the probabilities in the last dimension, which need not add up to 1.

    Args:
        input: (classes,) or (rows, classes), floating, none below 0.
        num_samples: How many to draw from each row.
        replacement: Whether a class can be drawn more than once.
        generator: Where the numbers come from; the default generator if None.

    Returns:
        (num_samples,) or (rows, num_samples).

    Raises:
        ArgumentError: If a row has too few classes to draw, or a probability is negative or not finite.
        ShapeError: For a 0-d tensor, or more than two dimensions.

    >>> cr.multinomial(cr.tensor([0.0, 1.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    weights = as_tensor(input).detach()
    if weights.ndim not in (1, 2):
        raise ShapeError("probabilities have one or two dimensions.", got=weights.shape)
    value, least = weights.node.value, 1 if replacement else num_samples
    if value is not None and not ((value >= 0) & (value < math.inf)).all():
        raise ArgumentError("probabilities are finite and not negative.", got=input)
    if num_samples < 1 or (value is not None and ((value > 0).sum(-1) < least).any()):
        raise ArgumentError("there are not enough classes to draw.", expected=f"{least} with a chance", got=input)
    source = generator or default_generator()
    if replacement:
        ends = cast(weights, float64).cumsum(-1)
        drawn = source.uniform((*weights.shape[:-1], num_samples), float64) * ends[..., -1:]
        return (drawn.unsqueeze(-1) >= ends.unsqueeze(-2)).sum(dim=-1).clip(max=weights.shape[-1] - 1)
    # A race in which each class arrives after an exponential time (P. Efraimidis and P. Spirakis, "Weighted random
    # sampling with a reservoir", 2006).
    times = -(1 - source.uniform(weights.shape, float64)).log() / cast(weights, float64)
    return where(weights > 0, times, math.inf).argsort(-1).narrow(-1, 0, num_samples)


def randint(
    low: int = 0,
    high: Any = None,
    size: Sequence[int] | None = None,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Whole numbers from `low` (included) to `high` (not): `randint(high, size)` or `randint(low, high, size)`.

    Raises:
        ArgumentError: If there is no number in between.

    >>> cr.randint(0, 10, (3,)).shape
    (3,)
    """
    _check_device(device)
    if size is None:
        low, high, size = 0, low, high
    if size is None or high is None or high <= low:
        raise ArgumentError(
            "randint needs room between low and high.",
            expected="low < high, and a size",
            got=f"{low}, {high}, {size}",
        )
    # 53 random bits keep the unevenness below one part in 2**53 / (high - low).
    uniform = (generator or default_generator()).uniform(shapes.lengths((size,)), float64)
    return cast((uniform * (high - low)).floor() + low, as_dtype(dtype or int64))


def randperm(n: int, *, device: str | None = None, generator: Generator | None = None) -> Tensor:
    """The whole numbers from 0 to `n - 1` in random order (int64).

    >>> sorted(cr.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    _check_device(device)
    return (generator or default_generator()).uniform(shapes.lengths((n,)), float64).argsort()


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element of `input` says, else 0; in the dtype of `input`.

    >>> cr.bernoulli(cr.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    uniform = (generator or default_generator()).uniform(input.shape, float32 if input.dtype == float32 else float64)
    return cast(uniform < input, input.dtype)


def rand_like(
    input: Tensor,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`rand` in the shape and dtype of `input`.

    >>> cr.rand_like(cr.zeros(2)).shape
    (2,)
    """
    kind = dtype or input.dtype
    return rand(input.shape, dtype=kind, device=device, generator=generator, requires_grad=requires_grad)


def randn_like(
    input: Tensor,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`randn` in the shape and dtype of `input`.

    >>> cr.randn_like(cr.zeros(2)).shape
    (2,)
    """
    kind = dtype or input.dtype
    return randn(input.shape, dtype=kind, device=device, generator=generator, requires_grad=requires_grad)
