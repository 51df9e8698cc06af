"""What layers that multiply by a weight have in common: the weight, the bias, and how both are initialised."""

from __future__ import annotations

import math

from chainrule.core.dtype import DTypeLike
from chainrule.core.shape import Shape
from chainrule.errors import ArgumentError
from chainrule.nn.arguments import weight_dtype
from chainrule.nn.initialisers import by_name, fans, kaiming_uniform_, uniform_, zeros_
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter
from chainrule.ops.creation import empty


class WeightedLayer(Module):
    """The base of `Linear` and the convolutions.

    Attributes:
        weight: What the input is multiplied by.
        bias: What is added to each output; None without bias.
        init: The name of the weight's initialiser; None for the default (see `reset_parameters`).
    """

    weight: Parameter
    bias: Parameter | None
    init: str | None

    def _make(self, weight: Shape, bias: int | None, init: str | None, dtype: DTypeLike | None) -> None:
        """Make a weight of this shape and a bias of this length (None for no bias)."""
        kind = weight_dtype(self, dtype)
        self.weight = Parameter(empty(weight, dtype=kind))
        self.register_parameter("bias", None if bias is None else Parameter(empty(bias, dtype=kind)))
        self.reset_parameters(init)

    def reset_parameters(self, init: str | None = None) -> None:
        """Draw the weight and bias anew.

        Args:
            init: None for PyTorch's default: weight and bias evenly from -b to b with `b = 1 / sqrt(fan_in)`, which
                is `kaiming_uniform_(weight, a=sqrt(5))`. Or a name, such as "he_normal", "xavier_uniform",
                "lecun_normal", "orthogonal": the weight by it, the bias 0.

        Raises:
            UnknownNameError: For an initialiser that does not exist; the nearest is suggested.
            ArgumentError: For "auto": it takes a whole model to know what follows a layer.
        """
        if init == "auto":
            raise ArgumentError(
                "a layer by itself does not know which activation follows it.",
                where=type(self).__name__,
                expected="the name of an initialiser",
                got="init='auto'",
                remedy="Sequential(..., init='auto'), or nn.init.auto_(model) once the model is built",
            )
        if init is not None:
            by_name(init)(self.weight)
            if self.bias is not None:
                zeros_(self.bias)
        else:
            kaiming_uniform_(self.weight, a=math.sqrt(5))
            if self.bias is not None:
                bound = 1 / math.sqrt(fans(self.weight)[0])
                uniform_(self.bias, -bound, bound)
        self.init = init
