"""Activations, element by element. `relu`, `sigmoid`, `tanh`, `softmax` and `log_softmax` are operations of their own.

Where a function is put together from two sides, each side is only given what it can take: the derivative of a side
that is not chosen is 0, and 0 times infinity would be NaN.
"""

from __future__ import annotations

import math

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.ops.activation import relu
from chainrule.ops.compare import where
from chainrule.ops.convert import TensorLike, as_floating
from chainrule.ops.exponential import erfc, exp, expm1, log1p, sigmoid

# The fixed point of mean 0 and variance 1: Klambauer et al. (2017), equation 14.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def step(input: TensorLike) -> Tensor:
    """The Heaviside step of the perceptron: 1 from 0 on, 0 below; its derivative is 0 everywhere.

    Source: Rosenblatt, "The perceptron", Psychological Review 65 (1958).

    >>> cr.nn.functional.step(cr.tensor([-0.5, 0.0, 2.0]))
    tensor([0., 1., 1.])
    """
    x = as_floating(input)
    # Two questions rather than one, so that NaN stays NaN.
    return where(x >= 0, 1.0, where(x < 0, 0.0, x))


def leaky_relu(input: TensorLike, negative_slope: float = 0.01) -> Tensor:
    """`x` above 0, `negative_slope * x` elsewhere.

    Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    >>> cr.nn.functional.leaky_relu(cr.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    x = as_floating(input)
    return where(x > 0, x, x * negative_slope)


def elu(input: TensorLike, alpha: float = 1.0) -> Tensor:
    """`x` above 0, `alpha * (exp(x) - 1)` elsewhere.

    Source: Clevert et al., "Fast and accurate deep network learning by exponential linear units", ICLR 2016.

    >>> cr.nn.functional.elu(cr.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    x = as_floating(input)
    return where(x > 0, x, expm1(x.clip(max=0)) * alpha)


def selu(input: TensorLike) -> Tensor:
    """`elu`, scaled so that layers of unit weights keep mean 0 and variance 1.

    Source: Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.

    >>> cr.nn.functional.selu(cr.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return elu(input, SELU_ALPHA) * SELU_SCALE


def gelu(input: TensorLike, approximate: str = "none") -> Tensor:
    """`x` times the probability that a standard normal number is below `x`.

    Args:
        input: Any shape.
        approximate: "none"; or "tanh" for the approximation of the first GPTs, off by less than 0.0005.

    Raises:
        ArgumentError: For another approximation.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415.

    >>> cr.nn.functional.gelu(cr.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    x = as_floating(input)
    if approximate == "none":
        # erfc rather than 1 + erf, which would lose all digits far below 0.
        return x * erfc(x * -math.sqrt(0.5)) * 0.5
    if approximate == "tanh":
        # 0.5 * (1 + tanh(u)) is sigmoid(2 * u), which keeps its digits far below 0.
        return x * sigmoid((x + x * x * x * 0.044715) * (2 * math.sqrt(2 / math.pi)))
    raise ArgumentError("unknown approximation.", where="gelu", expected="'none' or 'tanh'", got=repr(approximate))


def silu(input: TensorLike) -> Tensor:
    """`x * sigmoid(x)`, also called swish.

    Source: Elfwing et al., "Sigmoid-weighted linear units", Neural Networks 107 (2018).

    >>> cr.nn.functional.silu(cr.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    x = as_floating(input)
    return x * sigmoid(x)


def softplus(input: TensorLike, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta * x)) / beta`, a smooth ReLU.

    Args:
        input: Any shape.
        beta: How sharp the bend is; not 0.
        threshold: Where `beta * x` is larger, the result is `x` itself; `math.inf` for exact results everywhere.

    Raises:
        ArgumentError: If `beta` is 0.

    Source: Dugas et al., "Incorporating second-order functional knowledge", NeurIPS 2000.

    >>> cr.nn.functional.softplus(cr.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    x = as_floating(input)
    if beta == 0:
        raise ArgumentError("beta must not be 0.", where="softplus", got=beta)
    return where(x * beta > threshold, x, log1p_exp(x * beta) / beta)


def logsigmoid(input: TensorLike) -> Tensor:
    """`log(sigmoid(x))`, exact also where the sigmoid is 0 in floating numbers.

    >>> cr.nn.functional.logsigmoid(cr.tensor([-200.0, 0.0]))
    tensor([-200.0000,   -0.6931])
    """
    return -log1p_exp(-as_floating(input))


def hardtanh(input: TensorLike, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`x` limited to `min_val` ... `max_val`; unlike `clip`, its derivative is 0 at the limits themselves.

    Raises:
        ArgumentError: If the limits are the wrong way round.

    >>> cr.nn.functional.hardtanh(cr.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    x = as_floating(input)
    if min_val > max_val:
        raise ArgumentError("min_val is above max_val.", where="hardtanh", got=f"{min_val} and {max_val}")
    return where(x <= min_val, min_val, where(x >= max_val, max_val, x))


def hardsigmoid(input: TensorLike) -> Tensor:
    """`(x + 3) / 6`, limited to 0 ... 1: a sigmoid of three straight lines; the derivative at the bends is 0.

    Source: Courbariaux et al., "BinaryConnect", NeurIPS 2015; with these limits: Howard et al., "Searching for
    MobileNetV3", ICCV 2019.

    >>> cr.nn.functional.hardsigmoid(cr.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    return hardtanh(as_floating(input) + 3, 0.0, 6.0) / 6


def hardswish(input: TensorLike) -> Tensor:
    """`x * hardsigmoid(x)`: 0 up to -3, `x` from 3 on; `silu` without its exponential.

    Source: Howard et al., "Searching for MobileNetV3", ICCV 2019.

    >>> cr.nn.functional.hardswish(cr.tensor([-4.0, 1.5, 4.0]))
    tensor([-0.0000,  1.1250,  4.0000])
    """
    x = as_floating(input)
    return x * hardsigmoid(x)


def log1p_exp(x: Tensor) -> Tensor:
    """`log(1 + exp(x))`, exact to rounding everywhere.

    Only exponentials of numbers up to 0 are taken: above 0 it is `x + log(1 + exp(-x))`. The two sides are joined so
    that at 0 the derivatives add up to 1/2.
    """
    return relu(x) + log1p(exp(where(x > 0, -x, x)))
