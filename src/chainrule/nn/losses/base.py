"""What all losses have in common."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from chainrule.nn.functional.reduction import REDUCTIONS, check_reduction
from chainrule.nn.module import Module

Task: TypeAlias = Literal["regression", "binary", "multiclass"]
Takes: TypeAlias = Literal["numbers", "probabilities", "log_probabilities", "logits"]


class Loss(Module):
    """The base of all losses: how far predictions are from targets.

    A loss is called with predictions and targets. It broadcasts nothing and promotes nothing: what does not fit is an
    error. With `reduction="none"` it gives the loss of each element, to be weighed and averaged by the caller.

    Args:
        reduction: "mean" over all elements, "sum", or "none" for each by itself.

    Attributes:
        task: What the targets are: numbers ("regression"), yes or no ("binary"), or classes ("multiclass").
        takes: What the predictions are: "numbers", "probabilities", "log_probabilities" or "logits" (scores whose
            softmax or sigmoid would be probabilities).

    Raises:
        UnknownNameError: For another reduction.

    A loss of your own has a `forward`:

    >>> class CubicLoss(cr.nn.Loss):
    ...     task, takes = "regression", "numbers"
    ...     def forward(self, input, target):
    ...         each = (input - target).abs() ** 3
    ...         return each if self.reduction == "none" else each.mean()
    >>> CubicLoss()(cr.tensor([2.0, 0.0]), cr.tensor([0.0, 0.0]))
    tensor(4.)
    """

    task: ClassVar[Task]
    takes: ClassVar[Takes]
    reductions: ClassVar[tuple[str, ...]] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction, self.reductions)

    def extra_repr(self) -> str:
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"
