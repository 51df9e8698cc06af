"""The one-cycle policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from chainrule.errors import ArgumentError
from chainrule.optim.arguments import choice, flag, number, whole
from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.lr_scheduler.cosine import between
from chainrule.optim.lr_scheduler.groups import per_group
from chainrule.optim.optimizer import Optimizer


class _Phase(NamedTuple):
    """A part of the cycle: its last step, and from where to where the learning rate and the momentum go."""

    end: float
    start_lr: str
    end_lr: str
    start_momentum: str
    end_momentum: str


def _linear(start: float, end: float, done: float) -> float:
    return start + (end - start) * done


class OneCycleLR(LRScheduler):
    """Leads the learning rate up to `max_lr` and then far down, and the momentum the other way.

    Step it after each batch. Source: Smith and Topin (2018), Super-Convergence, https://arxiv.org/abs/1708.07120; as in
    PyTorch.

    Args:
        optimizer: See `LRScheduler`.
        max_lr: The highest learning rate, or one for each group.
        total_steps: The number of steps of the cycle; or give the next two.
        epochs: The number of epochs.
        steps_per_epoch: The number of batches in each.
        pct_start: The part of the steps that leads up, from 0 to 1. Default: 0.3.
        anneal_strategy: "cos" or "linear". Default: "cos".
        cycle_momentum: Whether `momentum`, or the first of the `betas`, goes from `max_momentum` to `base_momentum`
            while the learning rate goes up, and back while it goes down. Default: True.
        base_momentum: The lowest momentum, or one for each group. Default: 0.85.
        max_momentum: The highest momentum, or one for each group. Default: 0.95.
        div_factor: The first learning rate is `max_lr / div_factor`. Default: 25.
        final_div_factor: The last one is `max_lr / div_factor / final_div_factor`. Default: 10000.
        three_phase: Lead down as fast as up, and only then to the last learning rate. Default: False.
        last_epoch: See `LRScheduler`. Default: -1.

    Raises:
        ArgumentError: If an argument makes no sense, the length of the cycle is not known, the optimizer has no
            momentum to cycle, or `step` is called after the end of the cycle.

    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], momentum=0.9)
    >>> schedule = cr.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=11, pct_start=0.5)
    >>> for step in range(11):
    ...     if step % 5 == 0:
    ...         print(f"{optimizer.lr:.6f} {optimizer.param_groups[0]['momentum']:.3f}")
    ...     schedule.step()
    0.040000 0.950
    0.979747 0.852
    0.000004 0.950
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.total_steps = _length(total_steps, epochs, steps_per_epoch)
        rising = number("pct_start", pct_start, least=0, most=1) * self.total_steps
        self._phases = _phases(rising, self.total_steps, flag("three_phase", three_phase))
        choice("anneal_strategy", anneal_strategy, ("cos", "linear"))
        self._anneal: Callable[[float, float, float], float] = between if anneal_strategy == "cos" else _linear
        self.cycle_momentum = flag("cycle_momentum", cycle_momentum)
        first = number("div_factor", div_factor, above=0)
        last = number("final_div_factor", final_div_factor, above=0)
        highest = [number("max_lr", lr, least=0) for lr in per_group("max_lr", max_lr, optimizer)]
        lowest, strongest = (
            per_group("base_momentum", base_momentum, optimizer),
            per_group("max_momentum", max_momentum, optimizer),
        )
        self._levels = [
            {
                "initial_lr": lr / first,
                "max_lr": lr,
                "min_lr": lr / first / last,
                "base_momentum": number("base_momentum", low, least=0, below=1),
                "max_momentum": number("max_momentum", high, least=0, below=1),
            }
            for lr, low, high in zip(highest, lowest, strongest, strict=True)
        ]
        for group, levels in zip(optimizer.param_groups, self._levels, strict=True):
            if self.cycle_momentum and not {"momentum", "betas"} & group.keys():
                raise ArgumentError(
                    f"{type(optimizer).__name__} has no momentum to cycle.",
                    where="cycle_momentum",
                    remedy="cycle_momentum=False",
                )
            if last_epoch == -1:
                group["initial_lr"] = group["lr"] = levels["initial_lr"]
        super().__init__(optimizer, last_epoch)

    def lrs(self, epoch: int) -> list[float]:
        phase, done = self._at(epoch)
        return [self._anneal(levels[phase.start_lr], levels[phase.end_lr], done) for levels in self._levels]

    def adjust(self, epoch: int) -> None:
        if not self.cycle_momentum:
            return
        phase, done = self._at(epoch)
        for group, levels in zip(self.optimizer.param_groups, self._levels, strict=True):
            momentum = self._anneal(levels[phase.start_momentum], levels[phase.end_momentum], done)
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum

    def _at(self, epoch: int) -> tuple[_Phase, float]:
        """The phase that a step is in, and which part of it has been done."""
        if epoch > self.total_steps:
            raise ArgumentError(
                "the cycle is over.",
                where="OneCycleLR.step",
                expected=f"at most {self.total_steps} steps",
                got=f"step {epoch}",
                remedy="total_steps is the number of batches of the whole training: epochs times batches an epoch",
            )
        start = 0.0
        for phase in self._phases:
            if epoch <= phase.end or phase is self._phases[-1]:
                length = phase.end - start
                # The step after the last is one too many, and would lead beyond the end.
                return phase, min((epoch - start) / length, 1.0) if length else 1.0
            start = phase.end
        raise AssertionError("unreachable: the last phase takes every step")


def _length(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return whole("total_steps", total_steps, least=1)
    if epochs is None or steps_per_epoch is None:
        raise ArgumentError(
            "the length of the cycle is not known.",
            where="total_steps",
            expected="total_steps, or epochs and steps_per_epoch",
            got=f"epochs={epochs}, steps_per_epoch={steps_per_epoch}",
        )
    return whole("epochs", epochs, least=1) * whole("steps_per_epoch", steps_per_epoch, least=1)


def _phases(rising: float, total: int, three: bool) -> list[_Phase]:
    up = _Phase(rising - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")
    if three:
        down = _Phase(2 * rising - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum")
        return [up, down, _Phase(total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
    return [up, _Phase(total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
