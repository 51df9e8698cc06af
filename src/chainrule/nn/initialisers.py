"""Initialisers: functions that fill a tensor in place and give it back. Public as `chainrule.nn.init`.

Names and argument order are PyTorch's. Those that keep the variance of signals steady from layer to layer need the
fans: `fan_in`, how many inputs meet in one output, and `fan_out`, how many outputs one input reaches. They follow from
our layouts: Linear (out, in); convolution (out, *kernel, in / groups); transposed convolution (in, *kernel,
out / groups), whose fans, as in PyTorch, are those of the convolution that leads back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.dtype import DType, float64, is_floating
from chainrule.core.modes import no_grad
from chainrule.core.shape import size
from chainrule.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from chainrule.ops.convert import constant
from chainrule.ops.random import Generator, rand, randn

_GAINS = {
    **dict.fromkeys(("linear", "identity", "sigmoid", "softmax"), 1.0),
    **dict.fromkeys(("conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"), 1.0),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights must be larger, so that the signal keeps its variance behind this nonlinearity.

    Args:
        nonlinearity: "linear", "sigmoid" (1), "tanh" (5/3), "relu" (√2), "leaky_relu" (√(2 / (1 + slope²))), "selu"
            (3/4), or a convolution's name (1): PyTorch's table.
        param: The negative slope of "leaky_relu"; 0.01 if None.

    Raises:
        UnknownNameError: For another name; the nearest is suggested.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise UnknownNameError("nonlinearity", nonlinearity, [*_GAINS, "leaky_relu"])
    return _GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """`fan_in` and `fan_out` of a weight (out, *kernel, in / groups).

    Raises:
        ShapeError: If the weight has fewer than two dimensions, or no elements.

    >>> fans(cr.empty(16, 3, 3, 8))
    (72, 144)
    """
    if tensor.ndim < 2 or tensor.numel() == 0:
        raise ShapeError(
            "the fans are those of a weight with inputs and outputs.",
            expected="at least two dimensions, (out, *kernel, in), and elements",
            got=tensor.shape,
            remedy="fill a bias or another vector with zeros_, constant_, uniform_ or normal_",
        )
    return size(tensor.shape[1:]), size(tensor.shape[:-1])


def _dtype(tensor: Tensor) -> DType:
    """The dtype of what can be filled."""
    if not isinstance(tensor, Tensor) or not is_floating(tensor.dtype):
        raise DTypeError(
            "an initialiser fills a floating tensor.",
            expected="float32 or float64",
            got=tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__,
        )
    return tensor.dtype


def _fill(tensor: Tensor, value: Tensor | float) -> Tensor:
    """`tensor` with another value, whether or not it requires a gradient."""
    _dtype(tensor)
    with no_grad():
        return tensor.copy_(value)


def _check_std(std: float) -> None:
    if not std >= 0:
        raise ArgumentError("a standard deviation cannot be negative.", got=std)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros everywhere: for biases.

    >>> zeros_(cr.ones(2))
    tensor([0., 0.])
    """
    return _fill(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones everywhere: for the scale of a normalisation.

    >>> ones_(cr.zeros(2))
    tensor([1., 1.])
    """
    return _fill(tensor, 1.0)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """`val` everywhere.

    >>> constant_(cr.zeros(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return _fill(tensor, val)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Evenly distributed from `a` to `b`.

    Raises:
        ArgumentError: If `a` is above `b`.

    >>> 2 <= uniform_(cr.empty(1), 2, 3).item() <= 3
    True
    """
    if not a <= b:
        raise ArgumentError("the range of a uniform distribution is empty.", expected="a <= b", got=f"a={a}, b={b}")
    return _fill(tensor, a + (b - a) * rand(tensor.shape, dtype=_dtype(tensor), generator=generator))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normally distributed around `mean` with the standard deviation `std`.

    Raises:
        ArgumentError: If `std` is negative.

    >>> normal_(cr.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    _check_std(std)
    return _fill(tensor, mean + std * randn(tensor.shape, dtype=_dtype(tensor), generator=generator))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normally distributed around `mean`, without what lies below `a` or above `b` (values, not multiples of `std`).

    Drawn evenly from the part of the distribution function that lies between, and inverted.

    Raises:
        ArgumentError: If `a` is not below `b`, `std` is negative, or hardly anything lies between `a` and `b`.

    >>> x = trunc_normal_(cr.empty(1000), a=-1, b=1)
    >>> bool((x.abs() <= 1).all())
    True
    """
    _check_std(std)
    if not a < b or a > mean + 6 * std or b < mean - 6 * std:
        raise ArgumentError(
            "a truncated normal distribution has nothing between a and b.",
            expected="a < b, within 6 standard deviations from the mean",
            got=f"a={a}, b={b}, mean={mean}, std={std}",
        )
    if std == 0:
        return _fill(tensor, min(max(mean, a), b))
    low, high = (math.erf((bound - mean) / std / math.sqrt(2)) for bound in (a, b))
    uniform = rand(tensor.shape, dtype=float64, generator=generator)
    standard = _inverse_erf(low + (high - low) * uniform) * math.sqrt(2)
    return _fill(tensor, (mean + std * standard).clip(a, b))


def _inverse_erf(y: Tensor) -> Tensor:
    """Where the error function is `y` (float64), to rounding: Winitzki's estimate (2008), then Halley's steps."""
    y = y.clip(-1 + 2.0**-53, 1 - 2.0**-53)
    log = (1 - y * y).log()
    middle = 2 / (math.pi * 0.147) + log / 2
    x = y.sign() * ((middle * middle - log / 0.147).sqrt() - middle).sqrt()
    for _ in range(3):
        step = (x.erf() - y) * (math.sqrt(math.pi) / 2) * (x * x).exp()
        x = x - step / (1 + x * step)
    return x


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Evenly from -b to b with `b = gain * sqrt(6 / (fan_in + fan_out))`: for sigmoid and tanh.

    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks" (AISTATS 2010).

    Raises:
        ShapeError: If the tensor has fewer than two dimensions, or no elements.

    >>> xavier_uniform_(cr.empty(3, 5)).shape
    (3, 5)
    """
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normally distributed with the standard deviation `gain * sqrt(2 / (fan_in + fan_out))`: see `xavier_uniform_`.

    >>> xavier_normal_(cr.empty(3, 5)).shape
    (3, 5)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Evenly from -b to b with `b = gain * sqrt(3 / fan)`: for ReLU and its kin.

    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers" (ICCV 2015).

    Args:
        tensor: A weight (out, *kernel, in / groups).
        a: The negative slope, for "leaky_relu" only.
        mode: "fan_in" keeps the variance on the way forward, "fan_out" that of the gradients on the way back.
        nonlinearity: What follows the layer: see `calculate_gain`.
        generator: Where the random numbers come from; the default generator if None.

    Raises:
        ShapeError: If the tensor has fewer than two dimensions, or no elements.
        UnknownNameError: For another mode or nonlinearity.

    >>> kaiming_uniform_(cr.empty(3, 5), nonlinearity="relu").shape
    (3, 5)
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normally distributed with the standard deviation `gain / sqrt(fan)`: see `kaiming_uniform_`.

    >>> kaiming_normal_(cr.empty(3, 5), nonlinearity="relu").shape
    (3, 5)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    modes = ("fan_in", "fan_out")
    if mode not in modes:
        raise UnknownNameError("mode", mode, modes)
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[modes.index(mode)])


def lecun_uniform_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Evenly from -b to b with `b = sqrt(3 / fan_in)`: see `lecun_normal_`.

    >>> lecun_uniform_(cr.empty(3, 5)).shape
    (3, 5)
    """
    bound = math.sqrt(3 / fans(tensor)[0])
    return uniform_(tensor, -bound, bound, generator)


def lecun_normal_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Normally distributed with the standard deviation `sqrt(1 / fan_in)`: for SELU, and where nothing follows.

    Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp" (1998); for SELU: G. Klambauer et al.,
    "Self-normalizing neural networks" (NIPS 2017). Keras's truncates the distribution; this one does not.

    >>> lecun_normal_(cr.empty(3, 5)).shape
    (3, 5)
    """
    return normal_(tensor, 0.0, math.sqrt(1 / fans(tensor)[0]), generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Rows at right angles to each other and of length `gain` (columns, if there are more rows than columns).

    A. Saxe, J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks" (ICLR 2014). More than two dimensions are flattened to (out, everything else).

    Raises:
        ShapeError: If the tensor has fewer than two dimensions, or no elements.

    >>> w = orthogonal_(cr.empty(2, 3, dtype=cr.float64))
    >>> bool(((w @ w.T - cr.eye(2)).abs() < 1e-12).all())
    True
    """
    fans(tensor)
    rows, columns = tensor.shape[0], size(tensor.shape[1:])
    tall = max(rows, columns), min(rows, columns)
    q, r = np.linalg.qr(randn(tall, dtype=float64, generator=generator).numpy())
    # With the signs of the diagonal taken out, all such matrices are equally likely.
    q *= np.sign(np.diag(r))
    return _fill(tensor, constant(gain * (q if rows >= columns else q.T)).reshape(tensor.shape))


def dirac_(tensor: Tensor) -> Tensor:
    """A convolution that hands its channels on: output i is input i, outputs beyond the inputs are 0.

    S. Zagoruyko, N. Komodakis, "DiracNets" (2017).

    Args:
        tensor: The weight of a convolution, (out, *kernel, in); in windows of an even side, the element after the
            middle counts as the middle.

    Raises:
        ShapeError: If it has no window.

    >>> x = cr.rand(1, 5, 5, 2)
    >>> bool((cr.conv2d(x, dirac_(cr.empty(2, 3, 3, 2)), padding=1) == x).all())
    True
    """
    if tensor.ndim < 3:
        raise ShapeError("this is no convolution's weight.", expected="(out, *kernel, in)", got=tensor.shape)
    values = np.zeros(tensor.shape, _dtype(tensor))
    middle = tuple(side // 2 for side in tensor.shape[1:-1])
    for channel in range(min(tensor.shape[0], tensor.shape[-1])):
        values[(channel, *middle, channel)] = 1
    return _fill(tensor, constant(values))


# What a layer's `init` may name. Keras's names stand beside PyTorch's.
NAMED: dict[str, Callable[[Tensor], Tensor]] = {
    "zeros": zeros_,
    "xavier_uniform": xavier_uniform_,
    "xavier_normal": xavier_normal_,
    "glorot_uniform": xavier_uniform_,
    "glorot_normal": xavier_normal_,
    "kaiming_uniform": partial(kaiming_uniform_, nonlinearity="relu"),
    "kaiming_normal": partial(kaiming_normal_, nonlinearity="relu"),
    "he_uniform": partial(kaiming_uniform_, nonlinearity="relu"),
    "he_normal": partial(kaiming_normal_, nonlinearity="relu"),
    "lecun_uniform": lecun_uniform_,
    "lecun_normal": lecun_normal_,
    "orthogonal": orthogonal_,
}


def by_name(name: str) -> Callable[[Tensor], Tensor]:
    """The initialiser of this name.

    Raises:
        UnknownNameError: The nearest is suggested.

    >>> by_name("zeros")(cr.ones(2))
    tensor([0., 0.])
    """
    if name not in NAMED:
        raise UnknownNameError("initialiser", name, NAMED)
    return NAMED[name]
