"""An optimizer's state as plain data: taking it out, and loading it back whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.errors import StateDictError
from chainrule.ops.creation import asarray
from chainrule.optim.group import ParamGroup

if TYPE_CHECKING:
    from chainrule.optim.optimizer import Optimizer


def state_of(optimizer: Optimizer) -> dict[str, Any]:
    """See `Optimizer.state_dict`."""
    position = count()
    groups = [{**group, "params": [next(position) for _ in group["params"]]} for group in optimizer.param_groups]
    params = [param for group in optimizer.param_groups for param in group["params"]]
    state = {
        index: {name: tensor.clone() for name, tensor in optimizer.state[param].items()}
        for index, param in enumerate(params)
    }
    return {"state": state, "param_groups": groups}


def load_state(optimizer: Optimizer, saved: Mapping[str, Any]) -> None:
    """See `Optimizer.load_state_dict`."""
    if not isinstance(saved, Mapping) or not {"state", "param_groups"} <= saved.keys():
        raise _misfit(optimizer, ["it is no state of an optimizer"])
    groups = _fitting_groups(optimizer, saved["param_groups"])
    positions = [position for group in saved["param_groups"] for position in group["params"]]
    params = [param for group in optimizer.param_groups for param in group["params"]]
    states = _fitting_states(optimizer, groups, dict(zip(params, positions, strict=True)), saved["state"])
    with no_grad():
        for group, fitting in zip(optimizer.param_groups, groups, strict=True):
            group.update(fitting)
            if group.revised:
                optimizer._prepare(group)
        for param, tensors in states.items():
            for name, tensor in tensors.items():
                optimizer.state[param][name].copy_(tensor)


def _fitting_groups(optimizer: Optimizer, saved: list[Mapping[str, Any]]) -> list[ParamGroup]:
    """The saved settings over the optimizer's own parameters."""
    own = optimizer.param_groups
    if len(saved) != len(own):
        raise _misfit(optimizer, [f"it has {len(saved)} parameter groups, this optimizer {len(own)}"])
    problems = []
    for number, (theirs, ours) in enumerate(zip(saved, own, strict=True)):
        missing = sorted(ours.required - set(theirs))
        if missing:
            problems.append(f"group {number} has no {', '.join(missing)}")
        elif len(theirs["params"]) != len(ours["params"]):
            problems.append(
                f"group {number} has {len(theirs['params'])} parameters, this optimizer's {len(ours['params'])}"
            )
    if problems:
        raise _misfit(optimizer, problems)
    return [ParamGroup({**theirs, "params": ours["params"]}) for theirs, ours in zip(saved, own, strict=True)]


def _fitting_states(
    optimizer: Optimizer, groups: list[ParamGroup], positions: Mapping[Tensor, Any], saved: Mapping[Any, Any]
) -> dict[Tensor, dict[str, Tensor]]:
    """What was remembered of each parameter, if it is what this optimizer remembers under the saved settings."""
    found: dict[Tensor, dict[str, Tensor]] = {}
    problems = []
    for group in groups:
        for param in group["params"]:
            what, wanted = f"parameter {positions[param]}", optimizer.make_state(param, group)
            given = {name: asarray(value) for name, value in saved.get(positions[param], {}).items()}
            problems += [f"{what} has no {name}" for name in sorted(wanted.keys() - given.keys())]
            problems += [f"{what} has {name}, which is unexpected" for name in sorted(given.keys() - wanted.keys())]
            problems += [
                f"{name} of {what} has shape {given[name].shape}, this optimizer's has {wanted[name].shape}"
                for name in wanted
                if name in given and given[name].shape != wanted[name].shape
            ]
            found[param] = given
    if problems:
        raise _misfit(optimizer, problems)
    return found


def _misfit(optimizer: Optimizer, problems: list[str]) -> StateDictError:
    return StateDictError(
        "the state does not fit this optimizer: " + "; ".join(problems) + ".",
        where=type(optimizer).__name__,
        expected="what state_dict() gave of the same optimizer, over the same parameters in the same order",
        remedy="make the model and the optimizer as they were when it was saved",
    )
