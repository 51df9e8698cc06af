"""Reading what users give an optimizer as `params`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError

Params: TypeAlias = "Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[Mapping[str, Any]]"


def read_groups(params: Params) -> list[dict[str, Any]]:
    """What an optimizer was given, as groups: tensors are one group with the optimizer's own settings."""
    if hasattr(params, "parameters"):
        raise _unfit("a model is no list of its parameters.", params, "model.parameters()")
    if isinstance(params, Tensor):
        raise _unfit("params is a single tensor.", params, "put it in a list: [tensor]")
    if isinstance(params, Mapping):
        raise _unfit("params is a dict.", params, "params.values(), or a list with the dict of one group in it")
    items = _listed(params)
    if not items:
        raise ArgumentError(
            "there are no parameters to optimize.",
            where="params",
            expected="at least one tensor",
            got="nothing",
            remedy="has the model weights, and has the generator not been used up already?",
        )
    if isinstance(items[0], Mapping):
        return [read_group(item) for item in items]
    return [{"params": items}]


def read_group(item: Any) -> dict[str, Any]:
    """A parameter group, as a dict of its own."""
    if not isinstance(item, Mapping) or "params" not in item:
        raise _unfit(
            'a parameter group is a dict with "params" in it.', item, '{"params": layer.parameters(), "lr": 0.01}'
        )
    return dict(item)


def read_params(params: Any) -> tuple[list[Tensor], list[str] | None]:
    """The tensors of one group, and their names if they came from `model.named_parameters()`."""
    items = [params] if isinstance(params, Tensor) else _listed(params)
    named = [item for item in items if isinstance(item, tuple) and len(item) == 2]
    if named and len(named) != len(items):
        raise _unfit("only some of the parameters have names.", f"{len(named)} of {len(items)}", "name all, or none")
    found = [item[1] for item in named] if named else items
    for position, item in enumerate(found):
        _check_parameter(position, item)
    if len({id(item) for item in found}) != len(found):
        raise _unfit("a parameter was given twice.", f"{len(found)} parameters", "give each once")
    return found, [str(item[0]) for item in named] if named else None


def _check_parameter(position: int, item: Any) -> None:
    what = f"parameter {position}"
    if not isinstance(item, Tensor):
        raise _unfit(f"{what} is no tensor.", item, "model.parameters()")
    if not item.is_leaf:
        raise _unfit(
            f"{what} was computed from other tensors, so that it gets no gradient of its own.",
            f"a tensor of shape {item.shape} made by {item.grad_fn}",
            "give the tensors that it was computed from, or tensor.detach().requires_grad_()",
        )
    if not item.is_floating_point():
        raise _unfit(f"{what} has a dtype that cannot have a gradient.", item.dtype, "float32 or float64")


def _listed(params: Any) -> list[Any]:
    if isinstance(params, (set, frozenset)):
        raise _unfit("a set has no order, so the parameters would differ from run to run.", "a set", "use a list")
    if isinstance(params, str) or not hasattr(params, "__iter__"):
        raise _unfit("params is no list of tensors.", params, "model.parameters()")
    return list(params)


def _unfit(message: str, got: Any, remedy: str) -> ArgumentError:
    return ArgumentError(
        message,
        where="params",
        expected="tensors, (name, tensor) pairs, or groups of them",
        got=got if isinstance(got, str) else f"{type(got).__name__} {got!r}"[:60],
        remedy=remedy,
    )
