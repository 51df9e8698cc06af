"""Several optimizers as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.optimizer import Optimizer, State


class MultiOptimizer(Optimizer):
    """Several optimizers that step together, each over its own parameters: as Muon for matrices, AdamW for the rest.

    Its groups are theirs, so schedules, clipping, `state_dict` and `fit` treat it as one optimizer.

    Args:
        optimizers: The optimizers.

    Raises:
        ArgumentError: If there is none, or two share a parameter.

    >>> weight = cr.ones(2, 3, requires_grad=True)
    >>> bias = cr.zeros(2, requires_grad=True)
    >>> optimizer = cr.optim.MultiOptimizer(cr.optim.Muon([weight], lr=0.02), cr.optim.AdamW([bias], lr=0.001))
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.02, 0.001]
    """

    def __init__(self, *optimizers: Optimizer) -> None:
        for optimizer in optimizers:
            if not isinstance(optimizer, Optimizer):
                raise ArgumentError("this is no optimizer.", where="optimizers", got=repr(optimizer)[:60])
        self.defaults = {}
        self.param_groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        self.state = {param: state for optimizer in optimizers for param, state in optimizer.state.items()}
        self._owner = {param: optimizer for optimizer in optimizers for param in optimizer.state}
        given = sum(len(optimizer.state) for optimizer in optimizers)
        if not optimizers or len(self.state) != given:
            raise ArgumentError(
                "these optimizers do not go together.",
                where="optimizers",
                expected="at least one, and each parameter in one only",
                got=f"{len(optimizers)} optimizers, {given - len(self.state)} parameters given twice",
            )

    def add_param_group(self, param_group: Mapping[str, Any]) -> NoReturn:
        raise ArgumentError(
            "whose parameters would these be?",
            where="MultiOptimizer.add_param_group",
            remedy="add the group to one of the optimizers, before they are put together",
        )

    def check(self, group: ParamGroup) -> None:
        for param in group["params"][:1]:
            self._owner[param].check(group)

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        return self._owner[param].make_state(param, group)

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        self._owner[param].update(param, grad, state, hyper)
