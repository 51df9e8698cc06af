"""The fully connected layer."""

from __future__ import annotations

import math

from chainrule._tensor import Tensor
from chainrule.core.dtype import DTypeLike
from chainrule.core.shape import Shape
from chainrule.errors import ShapeError
from chainrule.nn.arguments import whole
from chainrule.nn.weighted import WeightedLayer
from chainrule.ops.convert import as_tensor


class Linear(WeightedLayer):
    """`y = x @ weight.T + bias`: every output is a weighted sum of all inputs (Keras's `Dense`).

    Args:
        in_features: The length of the input's last dimension.
        out_features: The length of the output's.
        bias: Whether to add a bias.
        init: How the weight is drawn: None is PyTorch's default, weight and bias evenly from -b to b with
            `b = 1 / sqrt(in_features)`; a name such as "he_normal" draws by it and sets the bias to 0.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (out_features, in_features).
        bias: (out_features,), or None.

    Shape:
        (..., in_features) to (..., out_features).

    Raises:
        ShapeError: When called with an input whose last dimension is another.

    >>> cr.nn.Linear(784, 128)(cr.zeros(32, 784)).shape
    (32, 128)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.in_features = whole(self, "in_features", in_features)
        self.out_features = whole(self, "out_features", out_features)
        self._make((self.out_features, self.in_features), self.out_features if bias else None, init, dtype)

    def forward(self, input: Tensor) -> Tensor:
        x = as_tensor(input)
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise self._misfit(x.shape)
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias

    def _misfit(self, shape: Shape) -> ShapeError:
        remedy = "build the layer with the length of the input's last dimension"
        if len(shape) > 2 and math.prod(shape[1:]) == self.in_features:
            remedy = "put nn.Flatten() before this layer"
        elif self.in_features == 1 and len(shape) == 1:
            remedy = "x.unsqueeze(-1): one column, a row for each number"
        elif shape:
            remedy += f", Linear({shape[-1]}, {self.out_features}), or check the layer before it"
        return ShapeError(
            f"the input's last dimension must be {self.in_features}.",
            expected=f"(..., {self.in_features})",
            got=shape,
            remedy=remedy,
        )

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
