"""Activations as modules; what they compute stands in `nn.functional`.

All take any shape and give the same. Where an argument is called `inplace`, it is PyTorch's and changes nothing
here: no activation writes over its input.
"""

from __future__ import annotations

import chainrule.nn.functional as F
from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.nn.module import Module


class Identity(Module):
    """What comes goes: takes the place of a layer that shall do nothing.

    Args:
        args: Anything, for a layer's arguments to be left in place.
        kwargs: Likewise.

    >>> cr.nn.Identity()(cr.tensor([1.0]))
    tensor([1.])
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Step(Module):
    """The Heaviside step of the perceptron: 1 from 0 on, 0 below.

    Its derivative is 0 everywhere, so that no gradient passes: the perceptron learns by a rule of its own.

    >>> cr.nn.Step()(cr.tensor([-0.5, 0.0, 2.0]))
    tensor([0., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.step(input)


class Sigmoid(Module):
    """`1 / (1 + exp(-x))`, from 0 to 1: the probability of "yes" from its logit.

    >>> cr.nn.Sigmoid()(cr.tensor([0.0, 100.0]))
    tensor([0.5000, 1.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """`log(sigmoid(x))`, exact also where the sigmoid is 0 in floating numbers.

    >>> cr.nn.LogSigmoid()(cr.tensor([-200.0, 0.0]))
    tensor([-200.0000,   -0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent, from -1 to 1.

    >>> cr.nn.Tanh()(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Hardtanh(Module):
    """`x` limited to `min_val` ... `max_val`; the derivative is 0 outside and at the limits.

    Args:
        min_val: The lower limit.
        max_val: The upper limit.
        inplace: Changes nothing here.

    >>> cr.nn.Hardtanh()(cr.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Hardsigmoid(Module):
    """`(x + 3) / 6`, limited to 0 ... 1: see `functional.hardsigmoid`.

    Args:
        inplace: Changes nothing here.

    >>> cr.nn.Hardsigmoid()(cr.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input)


class Hardswish(Module):
    """`x * hardsigmoid(x)`: see `functional.hardswish`.

    Args:
        inplace: Changes nothing here.

    >>> cr.nn.Hardswish()(cr.tensor([1.5, 4.0]))
    tensor([1.1250, 4.0000])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input)


class ReLU(Module):
    """`max(x, 0)`; the derivative at 0 is 0.

    Args:
        inplace: Changes nothing here.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    >>> cr.nn.ReLU()(cr.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input)


class LeakyReLU(Module):
    """`x` above 0, `negative_slope * x` elsewhere: see `functional.leaky_relu`.

    Args:
        negative_slope: The slope below 0.
        inplace: Changes nothing here.

    >>> cr.nn.LeakyReLU(0.1)(cr.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """`x` above 0, `alpha * (exp(x) - 1)` elsewhere: see `functional.elu`.

    Args:
        alpha: What the result approaches far below 0, negated.
        inplace: Changes nothing here.

    >>> cr.nn.ELU()(cr.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class SELU(Module):
    """`ELU`, scaled so that layers keep mean 0 and variance 1: with LeCun's initialisation and `AlphaDropout`.

    Args:
        inplace: Changes nothing here.

    Source: Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.

    >>> cr.nn.SELU()(cr.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input)


class GELU(Module):
    """`x` times the probability that a standard normal number is below `x`: see `functional.gelu`.

    Args:
        approximate: "none", or "tanh" for the approximation of the first GPTs.

    Raises:
        ArgumentError: For another approximation.

    >>> cr.nn.GELU()(cr.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        F.gelu(0.0, approximate)  # an unknown approximation is an error here rather than in the first step
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """`x * sigmoid(x)`, also called swish: see `functional.silu`.

    Args:
        inplace: Changes nothing here.

    >>> cr.nn.SiLU()(cr.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input)


class Softplus(Module):
    """`log(1 + exp(beta * x)) / beta`, a smooth ReLU: see `functional.softplus`.

    Args:
        beta: How sharp the bend is; not 0.
        threshold: Where `beta * x` is larger, the result is `x` itself.

    Raises:
        ArgumentError: If `beta` is 0.

    >>> cr.nn.Softplus()(cr.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        if beta == 0:
            raise ArgumentError("beta must not be 0.", where="Softplus", got=beta)
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """Positive numbers that add up to 1 along `dim`: probabilities of classes from their logits.

    Args:
        dim: The dimension of the classes: the last one by default. (PyTorch, without `dim`, guesses.)

    >>> cr.nn.Softmax()(cr.tensor([[0.0, 0.0]]))
    tensor([[0.5000, 0.5000]])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, dim=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of `Softmax`, without the loss of digits; `NLLLoss` takes it.

    Args:
        dim: The dimension of the classes: the last one by default.

    >>> cr.nn.LogSoftmax()(cr.tensor([[0.0, 0.0]]))
    tensor([[-0.6931, -0.6931]])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, dim=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
