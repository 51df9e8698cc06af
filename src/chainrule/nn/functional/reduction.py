"""From the losses of single elements to one number."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.errors import UnknownNameError

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction: str, known: tuple[str, ...] = REDUCTIONS) -> str:
    """`reduction`, or an `UnknownNameError` with the nearest one that exists."""
    if reduction not in known:
        raise UnknownNameError("reduction", str(reduction), known)
    return reduction


def reduce(values: Tensor, reduction: str, share: Tensor | None = None) -> Tensor:
    """The mean or the sum of `values`, or the values themselves.

    Args:
        values: The loss of each element.
        reduction: "mean", "sum" or "none".
        share: How much each counts in the mean; all the same if None. If nothing counts, the mean is NaN, as that of
            no numbers is.
    """
    if check_reduction(reduction) == "none":
        return values
    total = values.sum()
    if reduction == "sum":
        return total
    return total / (values.numel() if share is None else share.sum())
