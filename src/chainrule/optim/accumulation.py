"""Gradients of several small batches, as of one large one."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule._tensor import Tensor
from chainrule.core.dtype import float64
from chainrule.core.modes import no_grad
from chainrule.errors import ArgumentError, GradientError
from chainrule.ops.convert import TensorLike, as_tensor
from chainrule.ops.creation import zeros
from chainrule.optim.arguments import number, tensors


class GradientAccumulator:
    """Adds up gradients over micro-batches, then takes their mean, each batch counting by its rows.

    The result is that of one batch with all the rows, also where the last micro-batch is smaller, or the last window
    has fewer of them: dividing each loss by a fixed number of micro-batches would be wrong there.

    Args:
        parameters: The parameters, as the optimizer has them.

    >>> x, w = cr.arange(5.0), cr.tensor(1.0, requires_grad=True)
    >>> accumulator = cr.optim.GradientAccumulator([w])
    >>> for batch in (x[:2], x[2:4], x[4:]):
    ...     loss = (w * batch).mean()
    ...     accumulator.backward(loss, len(batch))
    >>> accumulator.average()  # then clip, optimizer.step(), optimizer.zero_grad()
    >>> w.grad.item() == x.mean().item()
    True
    """

    def __init__(self, parameters: Tensor | Iterable[Tensor]) -> None:
        self._parameters = tensors("parameters", parameters)
        self._weight = zeros((), dtype=float64)

    def backward(self, loss: Tensor, weight: TensorLike) -> None:
        """Add the gradients of a micro-batch.

        Args:
            loss: Its mean loss.
            weight: What the mean was divided by: the number of its rows, or the sum of their weights.

        Raises:
            ArgumentError: If the weight is negative, or neither a number nor a tensor of one.
            GradientError: As `Tensor.backward`.
        """
        if not isinstance(weight, Tensor):
            weight = number("weight", weight, least=0)
        elif weight.shape != ():
            raise ArgumentError("weight is no single number.", where="weight", expected="shape ()", got=weight.shape)
        (loss * as_tensor(weight).to(loss.dtype)).backward()
        with no_grad():
            self._weight.add_(weight)

    def average(self) -> None:
        """Turn the sums into means, and start a new window. The gradients stay until `zero_grad`.

        Raises:
            GradientError: If no parameter has a gradient.
        """
        found = [(param, param.grad) for param in self._parameters if param.grad is not None]
        if not found:
            raise GradientError(
                "there are no gradients to take the mean of.",
                where="GradientAccumulator.average",
                remedy="accumulator.backward(loss, rows) for each micro-batch first, zero_grad() only after the step",
            )
        with no_grad():
            for param, grad in found:
                param.grad = grad / self._weight.to(grad.dtype)
            self._weight.zero_()
