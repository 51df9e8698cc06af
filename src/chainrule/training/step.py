"""One step: forward, loss, backward, update. Tensor code throughout, so that it can be traced as one program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.augment import mixed_loss
from chainrule.core.modes import no_grad
from chainrule.nn.module import Module
from chainrule.ops.convert import constant
from chainrule.ops.layout import stack
from chainrule.ops.movement import cast
from chainrule.optim import Optimizer, clip_grad_norm_, clip_grad_value_
from chainrule.training.objective import Objective


class Batch(NamedTuple):
    """Some rows as tensors; `weight` is None where all count the same."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray]) -> Batch:
        """The batch of these arrays."""
        return cls(*[constant(array) for array in arrays])


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


def shares(objective: Objective, batches: Sequence[Batch]) -> list[Tensor | float]:
    """How much each of the batches that share an update counts in it; all together count 1."""
    if len(batches) == 1:
        return [1.0]
    counts = [objective.count(batch.y) for batch in batches]
    total = sum(counts[1:], counts[0])
    return [count / total for count in counts]


def forward_backward(model: Module, objective: Objective, batch: Batch, share: Tensor | float) -> tuple[Tensor, Tensor]:
    """The loss of a batch and the model's output; the gradients of `share` times the loss are added up."""
    output = model(batch.x)
    loss = mixed_loss(model, objective)(output, batch.y, batch.weight)
    if isinstance(share, Tensor):
        (loss * cast(share, loss.dtype)).backward()
    else:
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
def evaluate_batch(model: Module, objective: Objective, batch: Batch) -> tuple[Tensor, Tensor]:
    """The loss of a batch and the model's output, without derivatives."""
    output = model(batch.x)
    return objective(output, batch.y, batch.weight), output
