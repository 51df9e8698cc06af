"""What `compile` makes of its arguments: names looked up, forms chosen, limits checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import chainrule.nn.functional as F
from chainrule import nn, optim
from chainrule.data import Batches
from chainrule.errors import ArgumentError, DTypeError
from chainrule.metrics import Metric
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.output import check_layer, fit_loss_to_output, last_layer
from chainrule.optim import Optimizer
from chainrule.optim.arguments import number, whole
from chainrule.training.objective import Objective
from chainrule.training.precheck import Traced
from chainrule.training.rows import Rows
from chainrule.training.step import Update


@dataclass(frozen=True)
class Compiled:
    """A model's objective and optimizer.

    Attributes:
        optimizer: What updates the weights.
        objective: What is minimised and measured.
        update: How gradients become an update.
        because: Why the loss has the form it has; empty where the user gave a loss.
        loss_name: The loss as named in `compile`; None where the user gave a loss.
        metrics: The metrics as given.
    """

    optimizer: Optimizer
    objective: Objective
    update: Update
    because: str = ""
    loss_name: str | None = None
    metrics: Sequence[str | Metric] = ()

    def settled(self, model: Module, traced: Traced) -> Compiled:
        """With the form of the loss that fits what the model, now that it has been traced, turns out to end in."""
        if self.loss_name is None or last_layer(model).kind is not None or traced.layer.kind is None:
            return self
        loss, because = fit_loss_to_output(self.loss_name, model, traced.layer)
        return replace(self, objective=Objective(loss, self.metrics), because=because)

    def describe(self, batches: Batches, validation: Rows | None) -> list[str]:
        """What is about to happen, in a few lines."""
        lr = float(self.optimizer.param_groups[0]["lr"])
        lines = [f"{batches}", f"optimizer: {type(self.optimizer).__name__}, learning rate {lr:.3g}"]
        loss = self.objective.loss
        name = type(loss).__name__ if isinstance(loss, Module) else getattr(loss, "__name__", "your own function")
        lines.append(f"loss: {name}" + (f": {self.because}" if self.because else ""))
        for shown, metric in self.objective.new_metrics().items():
            kind = type(metric).__name__
            if kind.lower() != shown.replace("_", ""):
                lines.append(f"metric: {shown} is {kind}")
        lines.append(f"validation: {len(validation):,} rows after each epoch" if validation else "validation: none")
        return lines


def compile_model(
    model: Module,
    optimizer: Any,
    loss: Any,
    metrics: Sequence[str | Metric] | None,
    *,
    clip_norm: float | None,
    clip_value: float | None,
    accumulate: int,
) -> Compiled:
    """The arguments of `Module.compile` as what the loop needs."""
    if loss is None:
        raise ArgumentError(
            "compile needs a loss.",
            where=type(model).__name__,
            expected='a name such as "mse", or a loss of chainrule.nn',
        )
    if isinstance(metrics, str) or (metrics is not None and not isinstance(metrics, (list, tuple))):
        raise DTypeError("metrics are a list.", where="metrics", got=repr(metrics), remedy=f"metrics=[{metrics!r}]")
    for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value)):
        if limit is not None:
            number(name, limit, above=0)
    whole("accumulate", accumulate, least=1)
    chosen, because = fit_loss_to_output(loss, model) if isinstance(loss, str) else (_loss(loss), "")
    if isinstance(chosen, Loss):
        check_layer(chosen, last_layer(model))
    return Compiled(
        _optimizer(optimizer, model),
        Objective(chosen, metrics or ()),
        Update(clip_norm, clip_value, accumulate),
        because,
        loss if isinstance(loss, str) else None,
        metrics or (),
    )


def _loss(loss: Any) -> Callable[..., Any]:
    if isinstance(loss, type) or not callable(loss):
        raise DTypeError(
            "a loss is a name, a loss of chainrule.nn, or a function of (prediction, target).",
            where="loss",
            got=repr(loss),
            remedy=f"make an instance: {loss.__name__}()" if isinstance(loss, type) else None,
        )
    # The functions stand for the losses, which are known to take logits or probabilities, classes or numbers.
    module = next((module for function, module in _MODULES.items() if function is loss), None)
    return loss if module is None else module()  # what a function of the user's gives is checked when it is called


_MODULES: dict[Callable[..., Any], Callable[[], Loss]] = {
    F.binary_cross_entropy: nn.BCELoss,
    F.binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
    F.cross_entropy: nn.CrossEntropyLoss,
    F.huber_loss: nn.HuberLoss,
    F.l1_loss: nn.L1Loss,
    F.mse_loss: nn.MSELoss,
    F.nll_loss: nn.NLLLoss,
    F.smooth_l1_loss: nn.SmoothL1Loss,
}


def _optimizer(optimizer: Any, model: Module) -> Optimizer:
    if isinstance(optimizer, str):
        return optim.get(optimizer, model.parameters())
    made = (
        optimizer
        if isinstance(optimizer, Optimizer)
        else optimizer(model.parameters())
        if callable(optimizer)
        else None
    )
    if not isinstance(made, Optimizer):
        raise DTypeError(
            "an optimizer is a name, an optimizer, or a function to one.", where="optimizer", got=repr(optimizer)
        )
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(parameter) in own for group in made.param_groups for parameter in group["params"]):
        raise ArgumentError(
            "the optimizer is over no weight of this model.",
            where="optimizer",
            remedy="make it from this model: Adam(model.parameters())",
        )
    return made
