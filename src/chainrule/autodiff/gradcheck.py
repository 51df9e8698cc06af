"""Checking derivatives against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.autodiff.functional import grad, vjp
from chainrule.core import tree
from chainrule.core.dtype import float64, is_floating
from chainrule.core.shape import Shape, size
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, GradientError
from chainrule.ops import philox
from chainrule.ops.convert import as_tensor, constant
from chainrule.ops.layout import stack


def gradcheck(
    fn: Callable[..., object],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    order: int = 1,
) -> bool:
    """Whether the derivatives of `fn` agree with central differences.

    Args:
        fn: A function of tensors that gives a tensor, or several.
        inputs: Its arguments. All floating ones must be float64: in float32 differences say nothing.
        eps: How far each element is moved to both sides.
        atol: How far a derivative may be off, absolutely.
        rtol: And relatively to the difference quotient.
        order: 2 checks the second derivatives as well.

    Returns:
        True.

    Raises:
        DTypeError: If a floating input is not float64.
        GradientError: If a derivative differs; it names the input, the element and both numbers.

    >>> x = cr.tensor([0.5, 2.0], dtype=cr.float64)
    >>> cr.gradcheck(lambda x: x.exp() * x, x)
    True
    """
    args = [as_tensor(x) for x in ([inputs] if isinstance(inputs, Tensor) else inputs)]
    for i, arg in enumerate(args):
        if is_floating(arg.dtype) and arg.dtype != float64:
            raise DTypeError("gradcheck needs float64.", where=f"input {i}", got=arg.dtype, remedy="x.double()")
    floating = [i for i, arg in enumerate(args) if is_floating(arg.dtype)]
    if not floating:
        raise GradientError("gradcheck needs an input with a derivative.", expected="a float64 input", got="none")

    weights: list[Tensor] = []

    def scalar(*moving: Tensor) -> Tensor:
        """All results weighed by fixed numbers and added: one walk back checks them all."""
        full = list(args)
        for i, tensor in zip(floating, moving, strict=True):
            full[i] = tensor
        results = [y for y in tree.leaves(fn(*full)) if isinstance(y, Tensor) and is_floating(y.dtype)]
        if not results:
            raise GradientError("the function gives no floating tensor.", remedy="leave out integers and bools")
        if not weights:
            weights.extend(_weights(y.shape, key) for key, y in enumerate(results))
        total = (results[0] * weights[0]).sum()
        for y, w in zip(results[1:], weights[1:], strict=True):
            total = total + (y * w).sum()
        return total

    points = [args[i].detach() for i in floating]
    _compare(scalar, points, floating, eps, atol, rtol, "")
    if order > 1:
        _check_second(scalar, points, floating, eps, atol, rtol)
    return True


def _weights(shape: Shape, key: int) -> Tensor:
    """Fixed numbers from 0.5 to 1.5, without pattern."""
    return constant(philox.uniform(key, 0, size(shape), float64).reshape(shape) + 0.5)


def _check_second(
    scalar: Callable[..., Tensor],
    points: list[Tensor],
    names: list[int],
    eps: float,
    atol: float,
    rtol: float,
) -> None:
    """The gradient of a weighed sum of the gradient, against its differences."""
    weights = [_weights(p.shape, key) for key, p in enumerate(points)]
    every = tuple(range(len(points)))

    def weighed(*moving: Tensor) -> Tensor:
        parts = [(g * w).sum() for g, w in zip(grad(scalar, every)(*moving), weights, strict=True)]
        return stack(parts).sum()

    _compare(weighed, points, names, eps, atol, rtol, "second ")


def _compare(
    scalar: Callable[..., Tensor],
    points: list[Tensor],
    names: list[int],
    eps: float,
    atol: float,
    rtol: float,
    which: str,
) -> None:
    _, pull_back = vjp(scalar, *points)
    found = pull_back(constant(np.ones(())))
    for i, point in enumerate(points):
        expected = _differences(scalar, points, i, eps)
        got = found[i].numpy()
        wrong = ~(np.abs(got - expected) <= atol + rtol * np.abs(expected))
        if wrong.any():
            at = tuple(int(k) for k in np.argwhere(wrong)[0])
            raise GradientError(
                f"a {which}derivative differs from its finite difference.",
                where=f"input {names[i]}, element {at}",
                expected=f"{expected[at]:.9g} (difference)",
                got=f"{got[at]:.9g} (derivative); {int(wrong.sum())} of {point.numel()} differ",
            )


def _differences(scalar: Callable[..., Tensor], points: list[Tensor], which: int, eps: float) -> np.ndarray:
    """(f(x + eps) - f(x - eps)) / (2 eps) for each element of one input."""
    base = points[which].numpy()
    out = np.zeros_like(base)
    for at in np.ndindex(base.shape):
        values = []
        for sign in (1, -1):
            moved = base.copy()
            moved[at] += sign * eps
            arguments = [constant(moved) if i == which else p for i, p in enumerate(points)]
            values.append(scalar(*arguments).item())
        out[at] = (values[0] - values[1]) / (2 * eps)
    return out
