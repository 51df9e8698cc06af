"""One step: forward, loss, backward, update. Tensor code throughout, so that it can be traced as one program."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.nn.module import Module
from chainrule.ops.layout import stack
from chainrule.optim import Optimizer, clip_grad_norm_, clip_grad_value_
from chainrule.train.objective import Objective


@dataclass(frozen=True)
class Update:
    """How gradients become an update.

    Attributes:
        clip_norm: The gradients' common norm is limited to this; None for no limit.
        clip_value: Each gradient element is limited to this; None for no limit.
        accumulate: How many batches share an update. Each counts by its rows, as within one large batch.
    """

    clip_norm: float | None = None
    clip_value: float | None = None
    accumulate: int = 1


def forward_backward(
    model: Module, objective: Objective, x: Tensor, y: Tensor, weight: Tensor | None, share: float
) -> tuple[Tensor, Tensor]:
    """The loss of a batch and the model's output; the gradients of `share` times the loss are added up."""
    output = model(x)
    loss = objective(output, y, weight)
    (loss if share == 1 else loss * share).backward()
    return loss.detach(), output.detach()


@no_grad()
def gradient_sum(model: Module) -> Tensor | None:
    """The sum of all gradients: one number that is finite only if all of them are (or nearly: it may overflow)."""
    sums = [parameter.grad.sum().double() for parameter in model.parameters() if parameter.grad is not None]
    return stack(sums).sum() if sums else None


def apply_update(model: Module, optimizer: Optimizer, update: Update) -> None:
    """Clip the gradients, let the optimizer update the weights, forget the gradients."""
    parameters = [parameter for parameter in model.parameters() if parameter.grad is not None]
    if update.clip_value is not None:
        clip_grad_value_(parameters, update.clip_value)
    if update.clip_norm is not None:
        clip_grad_norm_(parameters, update.clip_norm)
    optimizer.step()
    optimizer.zero_grad()


@no_grad()
def evaluate_batch(
    model: Module, objective: Objective, x: Tensor, y: Tensor, weight: Tensor | None
) -> tuple[Tensor, Tensor]:
    """The loss of a batch and the model's output, without derivatives."""
    output = model(x)
    return objective(output, y, weight), output
