"""Derivatives of tensors that have been computed already, given back rather than added to `.grad`."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.autodiff.walk import seed, walk
from chainrule.core.types import Tensor
from chainrule.errors import GradientError, ShapeError


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`, as PyTorch's `torch.autograd.grad`; no `.grad` is changed.

    Args:
        outputs: A tensor, or several whose gradients are added up.
        inputs: What to differentiate with respect to: leaves, or tensors computed on the way.
        grad_outputs: The gradient of each output, in its shape; None for outputs of one element.
        retain_graph: Whether to keep what was remembered for another walk; the value of `create_graph` if None.
        create_graph: Whether the gradients can be differentiated again.
        allow_unused: Whether None is given for an input that the outputs do not depend on, rather than an error.

    Returns:
        One gradient for each input.

    Raises:
        GradientError: If an output requires no gradient, an input does not, or one is unused.

    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> (first,) = cr.autograd.grad(x**3, x, create_graph=True)
    >>> cr.autograd.grad(first, x)
    (tensor(12.),)
    """
    roots = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    given = (
        [grad_outputs] * len(roots) if grad_outputs is None or isinstance(grad_outputs, Tensor) else list(grad_outputs)
    )
    if len(given) != len(roots):
        raise ShapeError("there must be one gradient for each output.", expected=len(roots), got=len(given))
    for i, tensor in enumerate(wanted):
        if not tensor.requires_grad:
            raise GradientError("this input requires no gradient.", where=f"input {i}", remedy="requires_grad=True")
    starts = [(root.node, seed(root, g)) for root, g in zip(roots, given, strict=True)]
    keep = create_graph if retain_graph is None else retain_graph
    found = walk(starts, [tensor.node for tensor in wanted], create_graph=create_graph, free=not keep)
    missing = [i for i, tensor in enumerate(wanted) if tensor.node not in found]
    if missing and not allow_unused:
        raise GradientError(
            "the outputs do not depend on this input.",
            where=f"input {missing[0]}",
            remedy="allow_unused=True gives None",
        )
    # Several inputs may have got the same gradient: each has its own to change.
    return tuple(found[tensor.node].clone() if tensor.node in found else None for tensor in wanted)
