"""Limiting gradients before a step."""

from __future__ import annotations

import math
from collections.abc import Iterable

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.errors import NonFiniteError
from chainrule.ops.arithmetic import clip
from chainrule.ops.creation import zeros
from chainrule.ops.layout import stack
from chainrule.ops.statistics import norm
from chainrule.optim.arguments import number, tensors


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Shrink all gradients by one factor, so that their common norm is at most `max_norm`.

    Call it between `backward` and `step`. PyTorch has it as `torch.nn.utils.clip_grad_norm_`. Source: Pascanu, Mikolov,
    Bengio (2013), On the difficulty of training recurrent neural networks.

    Args:
        parameters: The parameters, or one; those without a gradient do not count.
        max_norm: The limit; infinity only measures.
        norm_type: 2 for the length, 1 for the sum of absolute values, infinity for the largest of them. Default: 2.
        error_if_nonfinite: Raise an error if the norm is infinite or NaN, before any gradient is changed (this reads
            the value). Otherwise an infinite or NaN norm makes the gradients 0 or NaN. Default: False.

    Returns:
        The norm before clipping, a 0-d tensor.

    Raises:
        ArgumentError: If `max_norm` or `norm_type` makes no sense.
        NonFiniteError: If the norm is not finite and `error_if_nonfinite` is set.

    >>> w = cr.tensor([3.0, 4.0], requires_grad=True)
    >>> (w**2).sum().backward()
    >>> cr.optim.clip_grad_norm_([w], max_norm=1.0)
    tensor(10.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    limit = max_norm if max_norm == math.inf else number("max_norm", max_norm, least=0)
    order = norm_type if norm_type == math.inf else number("norm_type", norm_type, least=0)
    found = _with_gradients(parameters)
    with no_grad():
        total = norm(stack([norm(grad, order) for _, grad in found]), order) if found else zeros(())
        if error_if_nonfinite and not math.isfinite(total.item()):
            raise NonFiniteError(
                "the gradients' norm is not finite, so they cannot be clipped.",
                where="clip_grad_norm_",
                got=total.item(),
                remedy="a smaller learning rate; look for a log or a division by 0 in the loss",
            )
        factor = clip(limit / (total + 1e-6), max=1.0)
        for param, grad in found:
            param.grad = grad * factor.to(grad.dtype)
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit each element of the gradients to `-clip_value` … `clip_value`.

    Call it between `backward` and `step`. PyTorch has it as `torch.nn.utils.clip_grad_value_`.

    Args:
        parameters: The parameters, or one; those without a gradient do not count.
        clip_value: The limit.

    Raises:
        ArgumentError: If `clip_value` makes no sense.

    >>> w = cr.tensor([3.0, -0.25], requires_grad=True)
    >>> (w**2).sum().backward()
    >>> cr.optim.clip_grad_value_([w], clip_value=1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    limit = number("clip_value", clip_value, least=0)
    with no_grad():
        for param, grad in _with_gradients(parameters):
            param.grad = clip(grad, -limit, limit)


# Both give parameters new gradients and leave the old ones as they are: the gradients of `x + y` with respect to x and
# to y can be one tensor.
def _with_gradients(parameters: Tensor | Iterable[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return [(param, param.grad) for param in tensors("parameters", parameters) if param.grad is not None]
