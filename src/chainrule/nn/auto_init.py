"""Choosing each layer's initialiser by the activation that follows it: `init="auto"`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chainrule.nn.module import Module
from chainrule.nn.weighted import WeightedLayer

# He et al. derived theirs for ReLU; what is close to ReLU takes the same.
RULES = {
    **dict.fromkeys(("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Hardswish", "Softplus"), "he_normal"),
    **dict.fromkeys(
        ("Sigmoid", "LogSigmoid", "Hardsigmoid", "Tanh", "Hardtanh", "Softmax", "LogSoftmax"), "xavier_uniform"
    ),
    "SELU": "lecun_normal",
}
OTHERWISE = "xavier_uniform"


class Choice(NamedTuple):
    """An initialiser chosen for a layer.

    Attributes:
        layer: The layer's dotted name.
        init: The initialiser's name.
        follows: The kind of activation that follows the layer; None if none does.
    """

    layer: str
    init: str
    follows: str | None


class Choices(tuple[Choice, ...]):
    """What was chosen for every layer; printed, a line for each initialiser and reason."""

    __slots__ = ()

    def __str__(self) -> str:
        layers: dict[tuple[str, str], list[str]] = {}
        for layer, init, follows in self:
            reason = f"{follows} follows" if follows else "no activation follows"
            layers.setdefault((init, reason), []).append(layer)
        return "\n".join(f"{init} where {reason}: {', '.join(names)}" for (init, reason), names in layers.items())


def choose(model: Module) -> Choices:
    """What `auto_` would choose: He for ReLU and its kin, LeCun for SELU, Xavier for sigmoid, tanh and for none.

    >>> choose(cr.nn.Sequential(cr.nn.Linear(2, 8), cr.nn.ReLU(), cr.nn.Linear(8, 1)))[0]
    Choice(layer='0', init='he_normal', follows='ReLU')
    """
    return Choices(choice for _, choice in _choices(model))


def drawn(model: Module) -> Choices:
    """What the weight of each layer was drawn with, whoever chose it.

    Args:
        model: Its layers in the order in which they are called, as for `auto_`.

    >>> print(cr.nn.init.drawn(cr.nn.Sequential(cr.nn.Linear(2, 8), cr.nn.ReLU(), cr.nn.Linear(8, 1, init="zeros"))))
    PyTorch's default where ReLU follows: 0
    zeros where no activation follows: 2
    """
    return Choices(choice._replace(init=layer.init or "PyTorch's default") for layer, choice in _choices(model))


def _choices(model: Module) -> Iterator[tuple[WeightedLayer, Choice]]:
    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
    for at, (name, module) in enumerate(leaves):
        if isinstance(module, WeightedLayer):
            follows = _activation(module for _, module in leaves[at + 1 :])
            yield module, Choice(name, RULES[follows] if follows else OTHERWISE, follows)


def _activation(following: Iterable[Module]) -> str | None:
    """The first activation before the next layer with a weight; what stands between (a norm, a pool) is passed over."""
    for module in following:
        if isinstance(module, WeightedLayer):
            return None
        if type(module).__name__ in RULES:
            return type(module).__name__
    return None


def auto_(model: Module) -> Choices:
    """Draw the weight of every `Linear` and convolution anew, by the activation that follows it; biases become 0.

    X. Glorot, Y. Bengio (2010) for sigmoid and tanh, K. He et al. (2015) for ReLU, G. Klambauer et al. (2017) for
    SELU: see `xavier_uniform_`, `kaiming_normal_`, `lecun_normal_`.

    Args:
        model: Its layers must be made in the order in which `forward` calls them, as in a `Sequential`, and its
            activations must be modules (`nn.ReLU()`), not functions called in `forward`, which cannot be seen.

    Returns:
        What was chosen for which layer, and why.

    >>> model = cr.nn.Sequential(cr.nn.Linear(2, 8), cr.nn.ReLU(), cr.nn.Linear(8, 1))
    >>> print(cr.nn.init.auto_(model))
    he_normal where ReLU follows: 0
    xavier_uniform where no activation follows: 2
    """
    found = list(_choices(model))
    for layer, choice in found:
        layer.reset_parameters(choice.init)
    return Choices(choice for _, choice in found)
