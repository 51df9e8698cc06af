"""What every schedule is: an optimizer, a count of the steps, and a learning rate for each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from chainrule.errors import ArgumentError, StateDictError
from chainrule.optim.group import ParamGroup
from chainrule.optim.lr_scheduler.groups import checked
from chainrule.optim.optimizer import Optimizer


class Schedule:
    """What the schedules here have in common.

    Attributes:
        optimizer: The optimizer whose learning rates it sets.
        last_epoch: How often `step` was called.
    """

    # What a saved state holds.
    remembered: ClassVar[tuple[str, ...]] = ("last_epoch",)

    def __init__(self, optimizer: Optimizer, last_epoch: int) -> None:
        self.optimizer = checked(optimizer)
        self.last_epoch = last_epoch
        self._count = len(optimizer.param_groups)

    @property
    def groups(self) -> list[ParamGroup]:
        """The optimizer's parameter groups."""
        groups = self.optimizer.param_groups
        if len(groups) != self._count:
            raise ArgumentError(
                "the optimizer got another parameter group after its schedule was made.",
                where=type(self).__name__,
                expected=f"{self._count} groups",
                got=f"{len(groups)} groups",
                remedy="make the schedule after the last add_param_group",
            )
        return groups

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group, as it is now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on, besides the optimizer's own state (which holds the learning rates)."""
        return {name: _copied(getattr(self, name)) for name in self.remembered}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave: of the same schedule, made with the same arguments.

        Raises:
            StateDictError: If it is of another schedule. Then nothing has been changed.
        """
        if set(state_dict) != set(self.remembered) or any(
            isinstance(getattr(self, name), list) and len(state_dict[name]) != len(getattr(self, name))
            for name in self.remembered
        ):
            raise StateDictError(
                "the state does not fit this schedule.",
                where=type(self).__name__,
                expected=f"{', '.join(self.remembered)}, for {len(self.optimizer.param_groups)} parameter groups",
                got=", ".join(map(str, state_dict)) or "nothing",
            )
        for name in self.remembered:
            setattr(self, name, _copied(state_dict[name]))


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


class LRScheduler(Schedule, ABC):
    """The base of the schedules that depend on the number of steps alone. One of your own has one method, `lrs`.

    A schedule sets the learning rate to what `lrs` says. Where something else has changed it since (you, or another
    schedule over the same optimizer), it is multiplied by what `lrs` would have multiplied it by; so schedules can be
    stepped one after the other, as PyTorch's can.

    Args:
        optimizer: The optimizer whose learning rates it sets. Their values when the first schedule is made are kept as
            `group["initial_lr"]`.
        last_epoch: To go on in the middle: the number of the last step that was done; the groups must have their
            "initial_lr". Default: -1, the beginning.

    Attributes:
        base_lrs: The learning rate of each group that the schedule starts from.

    Raises:
        ArgumentError: If `optimizer` is none, or an argument makes no sense.

    >>> class Halving(cr.optim.lr_scheduler.LRScheduler):
    ...     def lrs(self, epoch):
    ...         return [base / 2**epoch for base in self.base_lrs]
    >>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.8)
    >>> schedule = Halving(optimizer)
    >>> schedule.step()
    >>> optimizer.lr
    0.4
    """

    remembered = ("last_epoch", "base_lrs")

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        super().__init__(optimizer, last_epoch)
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(
                    "it is not known which learning rate the schedule started from.",
                    where="last_epoch",
                    expected='"initial_lr" in every group',
                    got=f"last_epoch={last_epoch} and a new optimizer",
                    remedy="load the optimizer's state first, or leave last_epoch out and load the schedule's",
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        if last_epoch != -1:  # the learning rates may be those of before or after the last step
            for group, lr in zip(self.groups, self.lrs(last_epoch), strict=True):
                group["lr"] = lr
        self.step()

    @abstractmethod
    def lrs(self, epoch: int) -> list[float]:
        """The learning rate of each group after `epoch` steps, where nothing else changes it."""

    def step(self) -> None:
        """Go on to the next epoch, or batch, whichever you count in. Call it after `optimizer.step()`.

        Raises:
            ArgumentError: If the optimizer got another parameter group since the schedule was made.
        """
        before = self.base_lrs if self.last_epoch == -1 else self.lrs(self.last_epoch)
        after = self.lrs(self.last_epoch + 1)
        for group, old, new in zip(self.groups, before, after, strict=True):
            group["lr"] = new if group["lr"] == old or old == 0 else group["lr"] * (new / old)
        self.last_epoch += 1
        self.adjust(self.last_epoch)

    def adjust(self, epoch: int) -> None:
        """Set what else of the groups follows the schedule, such as the momentum."""
        return
